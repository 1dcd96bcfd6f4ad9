package batch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

// Batch runs attempts as jobs of a batch system. It may be used concurrently; Close waits for what it does in the
// background.
type Batch struct {
	jobs     Jobs
	dialect  dialect
	commands commands
	nodes    *nodes
	log      *slog.Logger

	ctx    context.Context // of the background; ended by Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	submitting sync.Mutex // a name is looked up and submitted by one at a time

	mu     sync.Mutex
	known  map[string]*watched // by the job's id
	looked time.Time           // when a look began last
	away   bool                // the last look failed
	over   map[string]bool     // folders of packs that ended, and take no member any more
}

var _ engine.Engine = (*Batch)(nil)

// watched is a job that somebody polls.
type watched struct {
	report
	seen    bool      // report holds what the system said of it
	ended   time.Time // since when it is said to have ended
	missing time.Time // since when nobody knows it
	polled  time.Time
	since   time.Time // it began to run, or to be watched
	began   bool      // exec has begun on its node
	blamed  bool      // what its end leaves was seen to
	dir     string    // of the attempt, where exec wrote down how it ended
	weighed bool      // its end counts for or against its node

	beat   time.Time // the newest heartbeat, by whatever clock
	beaten time.Time // when it was new, by ours
}

// handle is a submitted attempt: its folder, and the job by number and name. A member's job is its pack's.
type handle struct {
	Dir  string `json:"dir"`
	Pack string `json:"pack,omitempty"` // folder of the pack that it is in
	Job  string `json:"job"`            // "" where the folder alone tells
	Name string `json:"name"`
}

// place is the folder of the job.
func (h handle) place() string { return cmp.Or(h.Pack, h.Dir) }

// Options are what the engines of a process have in common.
type Options struct {
	Program string // haigo, absolute
	Data    string // data folder, absolute
	Log     *slog.Logger
}

// Open makes the engines that the settings describe. Nothing is asked of the batch system yet.
func Open(s Settings, o Options) []*Batch {
	var engines []*Batch
	if s.Slurm != nil {
		c := commands{prefix: s.Slurm.Prefix, timeout: s.Slurm.Timeout}
		engines = append(engines, open(s.Slurm.Jobs, s.Slurm, c, &slurm{Slurm: s.Slurm, commands: c}, o, s.Slurm.ExcludeAfter, s.Slurm.ExcludeFor))
	}
	if s.PBS != nil {
		c := commands{prefix: s.PBS.Prefix, timeout: s.PBS.Timeout}
		engines = append(engines, open(s.PBS.Jobs, s.PBS, c, &pbs{PBS: s.PBS, commands: c}, o, 0, 0))
	}
	if s.GridEngine != nil {
		c := commands{prefix: s.GridEngine.Prefix, timeout: s.GridEngine.Timeout}
		engines = append(engines, open(s.GridEngine.Jobs, s.GridEngine, c, &gridEngine{GridEngine: s.GridEngine, commands: c}, o, 0, 0))
	}
	return engines
}

func open(j Jobs, settings any, c commands, d dialect, o Options, excludeAfter int, excludeFor time.Duration) *Batch {
	j.Program = cmp.Or(j.Program, o.Program)
	b := &Batch{
		jobs: j, dialect: d, commands: c, log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)).With("engine", d.name()), known: map[string]*watched{}, over: map[string]bool{},
		nodes: &nodes{
			path: filepath.Join(o.Data, "engine-"+d.name()+"-nodes.json"), after: cmp.Or(excludeAfter, 2), lasts: cmp.Or(excludeFor, 24*time.Hour), settings: digest(settings),
		},
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Close ends what is being asked in the background. Jobs go on.
func (b *Batch) Close() {
	b.cancel()
	b.work.Wait()
}

// Name implements engine.Engine.
func (b *Batch) Name() string { return b.dialect.name() }

// Side is how many jobs there are at once and how many threads each has.
func (b *Batch) Side() (runs, threads int) { return b.jobs.Runs, b.jobs.CPUs }

// Examine says whether a job could be submitted now, and what only a job on a node would show.
func (b *Batch) Examine(ctx context.Context) (string, error) {
	found, err := b.dialect.examine(ctx, b.jobs.script(b.jobs.Program, "/"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; not tried, as that takes a job: %s", found, strings.Join(b.jobs.untried(), ", ")), nil
}

// Submit implements engine.Engine. A job of the key's name that the system knows is taken for this attempt's: a service that
// was killed before it had written down what it submitted finds it so. It returns [engine.ErrAway] where nobody answers.
func (b *Batch) Submit(ctx context.Context, dir, key string) (engine.Handle, error) {
	b.submitting.Lock()
	defer b.submitting.Unlock()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	h := handle{Dir: dir, Name: b.dialect.jobName(key)}
	if h.Job, err = b.lookup(ctx, h); err == nil && h.Job == "" {
		h.Job, err = b.submit(ctx, h)
	}
	if err == nil {
		err = remember(h)
	}
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	data, err := json.Marshal(h)
	return engine.Handle(data), err
}

// lookup is the newest job of an attempt's name, one that lives before one that ended; "" for none. An accounting that is away
// matters only where the job may have been submitted before; one that refuses to tell knows nothing.
func (b *Batch) lookup(ctx context.Context, h handle) (string, error) {
	reports, err := b.dialect.list(ctx)
	if err != nil && !errors.Is(err, engine.ErrAway) && !errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w: %w", engine.ErrAway, err) // a queue that isn't shown says nothing of the run
	}
	if err != nil {
		return "", err
	}
	b.enter(reports, time.Now()) // what was known of a node that an attempt has just ended on
	if id := newest(reports, h.Name); id != "" {
		return id, nil
	}
	reports, err = b.dialect.find(ctx, h.Name)
	if err != nil && (!errors.Is(err, engine.ErrAway) || !tried(h)) {
		b.log.Warn("The accounting of jobs doesn't tell; going by the queue alone", "name", h.Name, "err", err)
		err = nil
	}
	return newest(reports, h.Name), err
}

// Tried reports whether the attempt in a folder may have been submitted, though nobody wrote down as what.
func (b *Batch) Tried(dir string) bool {
	pack, err := b.PackOf(dir)
	return err != nil || pack != "" || tried(handle{Dir: dir})
}

// tried reports whether somebody came as far as to submit an attempt.
func tried(h handle) bool {
	_, err := os.Stat(filepath.Join(h.Dir, scriptFile))
	return err == nil
}

func newest(reports []report, name string) (id string) {
	lives := false
	for _, r := range reports {
		if r.name != name || lives && r.word >= over {
			continue
		}
		id, lives = r.id, r.word < over
	}
	return id
}

// submit gives the batch system a script, unless the attempt was begun already: then its folder alone tells of it.
func (b *Batch) submit(ctx context.Context, h handle) (string, error) {
	trace, err := engine.ReadTrace(h.Dir)
	if err != nil || trace.Started {
		return "", err
	}
	j := job{name: h.Name, dir: h.Dir}
	if b.dialect.excludes() {
		j.exclude = b.nodes.excluded()
	}
	script, input, from := b.jobs.script(b.jobs.Program, h.Dir), "", b.commands
	j.script = filepath.Join(h.Dir, scriptFile)
	if b.dialect.misreads(h.Dir) {
		script = aside(script, h.Dir)
		j.dir, j.script, from.dir = "", scriptFile, h.Dir
		if len(from.prefix) > 0 { // on another machine: that one's shell begins elsewhere
			j.script, input = "", script
		}
	}
	if err := spec.WriteBytes(filepath.Join(h.Dir, scriptFile), []byte(script)); err != nil {
		return "", err
	}
	out, err := from.run(ctx, b.dialect.submit(j), input)
	if err != nil && len(j.exclude) > 0 && !errors.Is(err, engine.ErrAway) {
		b.log.Warn("No job fits beside the excluded nodes; submitting without excluding any", "nodes", j.exclude, "err", err)
		j.exclude = nil
		out, err = from.run(ctx, b.dialect.submit(j), input)
	}
	if err != nil {
		return "", err
	}
	id, err := b.dialect.submitted(out)
	if err != nil {
		return "", fmt.Errorf("%w: %w", engine.ErrAway, err) // the next look finds the job by its name
	}
	b.log.Info("Submitted a job", "job", id, "name", h.Name)
	return id, nil
}

// Poll implements engine.Engine. It answers from the last look and the attempts' folders, and has another look taken in the
// background where the last is old.
func (b *Batch) Poll(_ context.Context, handles []engine.Handle) ([]engine.Status, error) {
	statuses := make([]engine.Status, len(handles))
	for i, data := range handles {
		h, err := parse(data)
		if err != nil {
			return nil, err
		}
		trace, err := engine.ReadTrace(h.place())
		if err != nil {
			return nil, err
		}
		statuses[i] = engine.Status{State: b.judge(h, trace, time.Now()), Seen: trace.Beat, Said: b.said(h)}
		if h.Pack != "" {
			if statuses[i].State, err = b.seat(h, statuses[i].State); err != nil {
				return nil, err
			}
		}
	}
	b.freshen()
	return statuses, nil
}

// judge says how a job's attempt, or pack, is, by its folder and what is known of the job.
func (b *Batch) judge(h handle, trace engine.Trace, now time.Time) engine.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.watch(h, now)
	if trace.Started && !w.began && w.node != "" {
		w.began = true
		b.nodes.began(w.node)
	}
	beats := now.Sub(w.beats(trace.Beat, now)) < b.jobs.SilentAfter
	switch {
	case trace.Exited:
		w.dir = h.Dir
		b.weigh(w)
		return engine.Ended
	case w.seen && w.word == waiting && !trace.Started:
		return engine.Waiting
	case w.seen && w.word <= running:
		return engine.Running
	case beats:
		return engine.Running // whatever the system says: it may not reach the node
	case w.seen && now.Sub(w.ended) >= settle:
		b.finish(w, trace)
		return engine.Ended
	case !w.seen && !w.missing.IsZero() && now.Sub(w.missing) >= b.jobs.LostAfter:
		b.finish(w, trace)
		return engine.Ended
	}
	return engine.Unobserved
}

// said is how the system says that a job ended.
func (b *Batch) said(h handle) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.known[cmp.Or(h.Job, h.place())]
	if w == nil || !w.seen || w.word < over {
		return ""
	}
	return strings.TrimSuffix(w.reason, " None")
}

// beats is when the newest heartbeat came, as far as can be told: a node's clock may be ahead of ours, or behind.
func (w *watched) beats(beat, now time.Time) time.Time {
	switch {
	case w.beat.IsZero() && beat.Before(now):
		w.beaten = beat // as its file says: we may have been away
	case !beat.Equal(w.beat):
		w.beaten = now
	}
	w.beat = beat
	return w.beaten
}

// settle is how long a shared file system is given to show what a node wrote last.
const settle = 5 * time.Second

// watch remembers that somebody asks for a job.
func (b *Batch) watch(h handle, now time.Time) *watched {
	key := cmp.Or(h.Job, h.place())
	w := b.known[key]
	if w == nil {
		w = &watched{report: report{id: h.Job, name: h.Name}, since: now}
		if h.Job == "" { // begun by a job whose number nobody wrote down
			w.missing = now
		}
		b.known[key] = w
	}
	w.polled = now
	return w
}

// finish sees to what an end without a word leaves: the node may be bad, and what is left of the job, which may write on
// where nobody reads, has to go.
func (b *Batch) finish(w *watched, trace engine.Trace) {
	if w.blamed {
		return
	}
	w.blamed = true
	if b.blames(w, trace) {
		b.log.Warn("A job ended without a word, its node may be bad", "job", w.id, "node", w.node, "said", w.reason)
	}
	b.drop(w.id)
}

// blames counts a failure of the node that a job ended on, and says whether it is one.
func (b *Batch) blames(w *watched, trace engine.Trace) bool {
	switch {
	case w.node == "":
		return false
	case w.word == failing || !w.seen:
		return b.nodes.blame(w.node, w.since)
	case !trace.Started:
		return b.nodes.refused(w.node, w.since)
	}
	return false // what ends once it has begun ends by itself, or by a limit
}

// weigh counts how an attempt ended for or against its node, once that is known. An end that was asked for says nothing.
func (b *Batch) weigh(w *watched) {
	if w.weighed || w.dir == "" || w.node == "" || !b.dialect.excludes() {
		return
	}
	w.weighed = true
	exit, err := spec.ReadFile[spec.Exit](filepath.Join(w.dir, spec.ExitFile))
	_, asked := os.Stat(filepath.Join(w.dir, spec.StopFile))
	switch {
	case err != nil || asked == nil:
	case exit.Code == 0:
		b.nodes.endedWell(w.node)
	default:
		b.nodes.endedBadly(w.node, badEnd{Run: filepath.Base(filepath.Dir(w.dir)), Attempt: filepath.Base(w.dir), At: time.Now().UTC()})
	}
}

// drop cancels a job in the background; an error means that there is nothing to cancel, or that its folder's stop file has
// to do.
func (b *Batch) drop(id string) {
	if id == "" {
		return
	}
	b.work.Go(func() {
		if _, err := b.commands.run(b.ctx, b.dialect.cancel(id), ""); err != nil {
			b.log.Info("Could not cancel a job", "job", id, "err", err)
		}
	})
}

// Stop implements engine.Engine. A job that waits for a node has no runner to ask: it is cancelled. So is that of a pack of which
// every member was stopped before it began.
func (b *Batch) Stop(ctx context.Context, data engine.Handle, grace time.Duration) error {
	h, err := parse(data)
	if err != nil {
		return err
	}
	if err := engine.AskStop(h.Dir, grace); err != nil {
		return err
	}
	if h.Pack != "" {
		return b.withdraw(ctx, h)
	}
	trace, err := engine.ReadTrace(h.Dir)
	if err == nil && !trace.Started {
		b.excuse(h)
		b.drop(h.Job)
	}
	return err
}

// excuse keeps the node of a job that is cancelled from being blamed for its end.
func (b *Batch) excuse(h handle) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watch(h, time.Now()).blamed = true
}

// Kill implements engine.Engine. A member that doesn't leave when it is asked to ends with all of its pack.
func (b *Batch) Kill(ctx context.Context, data engine.Handle) error {
	h, err := parse(data)
	if err != nil {
		return err
	}
	if err := b.Stop(ctx, data, 0); err != nil {
		return err
	}
	if h.Pack != "" {
		if trace, err := engine.ReadTrace(h.Dir); err != nil || trace.Exited {
			return err
		}
		if err := engine.AskStop(h.Pack, 0); err != nil {
			return err
		}
	}
	b.drop(h.Job)
	return nil
}

func parse(data engine.Handle) (h handle, err error) {
	if err := json.Unmarshal(data, &h); err != nil || h.Dir == "" || h.Name == "" {
		return handle{}, fmt.Errorf("%s isn't a handle of a batch engine: %w", data, errors.Join(err, fs.ErrInvalid))
	}
	return h, nil
}
