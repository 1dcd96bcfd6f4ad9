package corpus

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Result is a source version and what was left out on the way to it.
type Result struct {
	ablation.Source
	// Existed is true where the same text had been added before: nothing was written.
	Existed bool
	// Problems are the first few of each reason, in reading order; Source.Rejected counts all.
	Problems []Problem
	// Notes are what somebody should know of it that left nothing out: StandIn, Underfilled.
	Notes []Problem
}

// Add makes a source version of the text behind o.Paths. The same options and the same text give the same version, however
// many cores there are, which then counts as the newest; versions are never changed. It is safe to call from several
// processes at once.
//
// Options that can't be are *ablation.Invalid, and so is text of which nothing is left; then the Result holds the
// problems. Files and rows that can't be read are no error: they are counted and reported, and the rest goes on.
func Add(ctx context.Context, o Options) (Result, error) {
	o.By = ""
	all, err := AddAll(ctx, o)
	if err != nil {
		return Result{Problems: all.Problems}, err
	}
	return all.Results[0], nil
}

// Results are the sources that one reading made, by name.
type Results struct {
	Results []Result
	// Rejected and Problems are what belongs to none of several sources, as nobody knows to which.
	Rejected map[string]int64
	Problems []Problem
}

// AddAll is Add for o.By: it makes a source of each value, named o.Name and the value. The quota and the held-out share
// are of each. Without o.By it makes one source, as Add does.
func AddAll(ctx context.Context, o Options) (Results, error) {
	o, err := o.checked()
	if err != nil {
		return Results{}, err
	}
	inputs, err := o.find()
	if err != nil {
		return Results{}, err
	}
	r := newReading(o, inputs)
	defer r.discard()
	if err := r.run(ctx); err != nil {
		return Results{Problems: r.tally.problems}, fmt.Errorf("add source %s: %w", o.Name, err)
	}
	all, err := r.publish(ctx)
	if err != nil {
		return all, fmt.Errorf("add source %s: %w", o.Name, err)
	}
	return all, nil
}

// reading is one reading of all inputs into one source or several.
type reading struct {
	options  Options
	inputs   []input
	intakes  map[string]*intake // by name of the source
	tally    *tally             // what belongs to no source
	progress Progress
	reported int64
}

func newReading(o Options, inputs []input) *reading {
	r := &reading{options: o, inputs: inputs, intakes: map[string]*intake{}, tally: newTally(o.MaxProblems)}
	r.progress.FilesAll = len(inputs)
	for _, in := range inputs {
		r.progress.BytesAll += in.bytes
	}
	return r
}

func (r *reading) run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cleaning := newCleaning(r.options)
	s := stream[*cleaned]{read: r.options.read, work: cleaning.work, next: r.next}
	s.take = func(b *batch, result *cleaned) error {
		defer cleaning.done(result)
		r.progress.File = b.path
		err := result.each(func(d *document, line []byte) error { return r.take(b.input, d, line) })
		r.reportNow(b.disk)
		return err
	}
	return s.run(ctx, r.inputs)
}

func (r *reading) take(in input, d *document, line []byte) error {
	if d.problem != nil {
		return r.reject(*d.problem)
	}
	if r.options.By != "" && groupName(r.options.Name, d.group) == "" {
		return r.reject(in.rejected(d.line, BadGroup, badGroup(d.group)))
	}
	t, err := r.intake(d.group)
	if err != nil {
		return err
	}
	return t.take(in, d, line)
}

func (r *reading) reject(p Problem) error {
	if r.options.By == "" {
		t, err := r.intake("")
		if err != nil {
			return err
		}
		t.tally.add(p)
	}
	r.tally.add(p)
	return nil
}

// mostGroups bounds the sources of one reading; each has files open.
const mostGroups = 64

// intake is that of a group's source.
func (r *reading) intake(group string) (*intake, error) {
	o := r.options
	if o.By != "" {
		o.Name = groupName(o.Name, group)
	}
	if t, ok := r.intakes[o.Name]; ok {
		return t, nil
	}
	if len(r.intakes) == mostGroups {
		return nil, &ablation.Invalid{Problems: tooManyGroups(o.By)}
	}
	t, err := newIntake(o, filepath.Join(o.Data, "sources"), o.heldOutTo())
	if t != nil {
		r.intakes[o.Name] = t
	}
	return t, err
}

// publish makes source versions of what was read.
func (r *reading) publish(ctx context.Context) (Results, error) {
	all := Results{Problems: r.tally.problems}
	if r.options.By != "" {
		all.Rejected = r.tally.rejected
	}
	kept := int64(0)
	for _, t := range r.intakes {
		kept += t.kept
	}
	if kept == 0 {
		return all, nothingLeft(len(r.inputs), r.tally, r.intakes[r.options.Name])
	}
	if err := r.settle(ctx); err != nil {
		return all, err
	}
	var err error
	if all.Results, err = r.place(ctx); err != nil {
		withdraw(all.Results)
		all.Results = nil
	}
	return all, err
}

// settle brings every intake to its final shape, before any is published.
func (r *reading) settle(ctx context.Context) error {
	for name, t := range r.intakes {
		settled, err := t.settle(ctx)
		r.intakes[name] = settled
		if err != nil {
			return err
		}
	}
	if !r.options.DropNearDuplicates {
		return nil
	}
	sets, err := r.judges(ctx)
	if err != nil {
		return err
	}
	for name, t := range r.intakes {
		sifted, err := t.dropNearDuplicates(ctx, sets)
		r.intakes[name] = sifted
		if err != nil {
			return err
		}
	}
	return nil
}

// place makes versions of all intakes and measures them; with an error come those that were made.
func (r *reading) place(ctx context.Context) ([]Result, error) {
	var results []Result
	for _, t := range r.intakes {
		result, err := t.publish()
		if err != nil {
			return results, err
		}
		results = append(results, result)
	}
	slices.SortFunc(results, func(a, b Result) int { return cmp.Compare(a.Name, b.Name) })
	// Each is held against the others, so all have to be there first.
	for _, result := range results {
		if _, err := Measure(ctx, result.Dir); err != nil {
			return results, err
		}
	}
	return results, nil
}

// withdraw removes the versions that an addition made before it failed.
func withdraw(results []Result) {
	for _, result := range results {
		if !result.Existed {
			_ = os.RemoveAll(result.Dir)            // one that stays is a whole version
			_ = os.Remove(filepath.Dir(result.Dir)) // where it was the only one
		}
	}
}

// settle brings what was taken in to its shape: the quota's sample, something held out.
func (t *intake) settle(ctx context.Context) (*intake, error) {
	if err := t.finish(); err != nil {
		return t, err
	}
	if q := t.quota; q != nil && q.left() > 0 {
		t.tally.count(NotSampled, q.left())
		if q.short() {
			t.note(Underfilled, underfilled(q))
		}
		var err error
		if t, err = t.sift(ctx, t.upTo, q.holds); err != nil {
			return t, err
		}
		if t.kept == 0 {
			return t, &ablation.Invalid{Problems: tooSmallQuota(t.options)}
		}
	}
	// A source so small that its share holds out nothing holds out its smallest hash.
	if t.heldout.Documents == 0 {
		advice := standIn(t.options.Share)
		if t.kept == 1 {
			advice = lone
		}
		t.note(StandIn, advice)
		return t.sift(ctx, t.smallest, func(*document) bool { return true })
	}
	return t, nil
}

func (r *reading) discard() {
	for _, t := range r.intakes {
		t.discard()
	}
}

func (r *reading) next(in input) {
	r.progress.Files++
	r.progress.Bytes += in.bytes
	r.report(0)
}

// reportNow reports where a megabyte was read since the last time.
func (r *reading) reportNow(fileBytes int64) {
	if r.progress.Bytes+fileBytes-r.reported >= 1<<20 {
		r.report(fileBytes)
	}
}

func (r *reading) report(fileBytes int64) {
	if r.options.Progress == nil {
		return
	}
	now := r.progress
	now.Bytes += fileBytes
	for _, t := range r.intakes {
		now.Documents += int64(len(t.seen))
		now.Rejected += t.tally.total()
	}
	if r.options.By != "" {
		now.Rejected += r.tally.total()
	}
	r.reported = now.Bytes
	r.options.Progress(now)
}

// temporary makes a folder beside the finished ones, so that it can be renamed into place; it begins with a full stop,
// which no name does.
func temporary(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	if err := discardOld(parent, time.Now().Add(-abandonedAfter)); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, "."+name+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// nothingLeft says why there is no source, with the first thing that was wrong.
func nothingLeft(files int, all *tally, one *intake) error {
	t := all
	if one != nil {
		t = one.tally
	}
	of := fmt.Sprintf("%d files", files)
	if files == 1 {
		of = "1 file"
	}
	if t.total() == 0 {
		return &ablation.Invalid{Problems: invalid("paths", "", "there is no row in "+of+", so no source was made: check that the path is right and the file was written to its end",
			fmt.Sprintf("%d ファイルに行が 1 つもなく、データソースを作れませんでした。パスと、ファイルが最後まで書かれているかを確かめてください", files))}
	}
	en := fmt.Sprintf("no document is left of %s (%s), so no source was made", of, t)
	ja := fmt.Sprintf("%d ファイルから文書が 1 つも残らず（%s）、データソースを作れませんでした", files, t)
	if len(t.problems) > 0 {
		first := t.problems[0]
		en += "; the first: " + first.String()
		ja += "。最初の問題: " + first.place() + ": " + first.In("ja")
	}
	return &ablation.Invalid{Problems: invalid("paths", "", en, ja)}
}

// abandonedAfter is longer than any addition takes: what is older was left by a process that was killed.
const abandonedAfter = 48 * time.Hour

// discardOld removes the temporary folders in parent that were made before then.
func discardOld(parent string, then time.Time) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), ".") || info.ModTime().After(then) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(parent, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
