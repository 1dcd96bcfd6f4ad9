package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// Sweeper plans and applies sweep files. It is safe for concurrent use.
type Sweeper struct {
	Store      *postgres.Store
	Trainers   Trainers
	RunsAtOnce int    // on this machine, for the estimate of time
	Threads    int    // of each of them; 0 is one
	Data       string // data folder, absolute
	// Patience is how long a plan waits for a tokenizer that is still being made, and a start at least; without it a plan goes by
	// an estimate.
	Patience time.Duration

	reports    reports // for plans; a start asks anew
	items      items
	tokenizers tokenizers
}

// Apply starts the sweep of a document, or finds it started, or lets it grow. A name in as replaces the document's.
// Anything but growth is an *ablation.Invalid that names what differs.
//
// A document with a recurrence starts nothing yet: it is registered, and the sweep that comes back bears no state. What
// would replace or end a recurrence of its name is an *ablation.Superseding: see [Sweeper.Replace].
func (s *Sweeper) Apply(ctx context.Context, document []byte, as string) (ablation.Sweep, ablation.Applied, error) {
	return s.apply(ctx, document, as, false)
}

// Replace is Apply where it was confirmed that a recurrence of the name may be lost: it takes the document's text, or ends
// where the document starts once.
func (s *Sweeper) Replace(ctx context.Context, document []byte, as string) (ablation.Sweep, ablation.Applied, error) {
	return s.apply(ctx, document, as, true)
}

func (s *Sweeper) apply(ctx context.Context, document []byte, as string, confirmed bool) (sweep ablation.Sweep, done ablation.Applied, err error) {
	if sweep, err = read(document, as); err != nil {
		return sweep, done, err
	}
	r, plan, err := s.startable(ctx, sweep)
	if err != nil {
		return ablation.Sweep{}, done, err
	}
	lost, err := s.superseded(ctx, sweep)
	if err == nil && lost != nil && !confirmed {
		err = lost
	}
	if err != nil {
		return sweep, done, err
	}
	if sweep.Recurrence != nil {
		done.Created, err = s.register(ctx, sweep)
		return sweep, done, err
	}
	if done, err = s.Store.ApplySweep(ctx, r.Application); err != nil {
		return sweep, done, err
	}
	if len(done.Added) > 0 {
		done.Seconds = plan.NewSeconds()
	}
	if err := s.Store.EndRecurrence(ctx, sweep.Name); err != nil {
		return sweep, done, err
	}
	sweep, err = s.Store.Sweep(ctx, sweep.Name)
	return sweep, done, err
}

// superseded is the recurrence that a sweep file would replace or end, nil for none.
func (s *Sweeper) superseded(ctx context.Context, sweep ablation.Sweep) (*ablation.Superseding, error) {
	r, err := s.Store.Recurrence(ctx, sweep.Name)
	if errors.Is(err, ablation.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.Superseded(sweep), nil
}

func (s *Sweeper) register(ctx context.Context, sweep ablation.Sweep) (created bool, err error) {
	now, err := s.Store.Now(ctx)
	if err != nil {
		return false, fmt.Errorf("read the database's clock: %w", err)
	}
	return s.Store.PutRecurrence(ctx, sweep, now)
}

// startable is a sweep with everything that it names found, and nothing that keeps it from starting.
func (s *Sweeper) startable(ctx context.Context, sweep ablation.Sweep) (*resolved, ablation.Plan, error) {
	r, err := s.resolve(ctx, sweep, max(s.Patience, startPatience))
	if err != nil {
		return nil, ablation.Plan{}, err
	}
	if t := r.Sweep.Tokenized; t != nil && t.Pending {
		return nil, ablation.Plan{}, r.placed(stillMade(r.Sweep.Recipe.Tokenizer))
	}
	plan, err := s.plan(ctx, r, s.Trainers.Check)
	if err != nil {
		return nil, plan, err
	}
	if len(plan.Problems) > 0 {
		return nil, plan, &ablation.Invalid{Problems: plan.Problems}
	}
	return r, plan, s.keep(r)
}

// read reads a document under its own name, or under as.
func read(document []byte, as string) (ablation.Sweep, error) {
	sweep, err := ablation.ParseSweep(document)
	if err != nil || as == "" {
		return sweep, err
	}
	if !spec.ValidName(as) {
		return sweep, invalid("as", as,
			fmt.Sprintf("%q is no name; use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first", as),
			fmt.Sprintf("%q は名前に使えません。英小文字、数字、. _ - で 64 字まで、先頭は英小文字か数字にしてください", as))
	}
	sweep.Name = as
	if sweep.Recurrence != nil {
		err = ablation.CheckRecurringName("as", as)
	}
	return sweep, err
}

// resolve finds what a sweep names and expands it. Every problem found is in the *ablation.Invalid.
func (s *Sweeper) resolve(ctx context.Context, sweep ablation.Sweep, patience time.Duration) (*resolved, error) {
	return s.resolveWith(ctx, sweep, nil, patience)
}

// errOvertaken is that somebody else has added the round meanwhile.
var errOvertaken = errors.New("the sweep has gone on meanwhile")

// resolveWith is resolve with one round more than the sweep has, where next isn't nil.
func (s *Sweeper) resolveWith(ctx context.Context, sweep ablation.Sweep, next *ablation.Round, patience time.Duration) (_ *resolved, err error) {
	r := &resolved{Application: postgres.Application{Sweep: sweep}, found: map[string]string{}, patience: patience}
	if sweep.Recurrence == nil { // else every firing is a sweep of its own
		r.existing, err = s.existing(ctx, sweep.Name)
	}
	if err != nil {
		return nil, err
	}
	if r.existing != nil {
		if r.Sweep, err = ablation.Grow(*r.existing, sweep); err != nil {
			return nil, err
		}
	}
	if err := s.findText(ctx, r); err != nil {
		return nil, err
	}
	if err := s.findTrainer(ctx, r); err != nil {
		return nil, err
	}
	if err := r.settle(); err != nil {
		return nil, err
	}
	if err := s.findParents(ctx, r); err != nil {
		return nil, err
	}
	if err := s.tokenise(ctx, r); err != nil {
		return nil, r.placed(err)
	}
	s.scored(r)
	if err := r.adapt(); err != nil {
		return r, err
	}
	if next != nil && next.Number != len(r.Sweep.Rounds)+1 {
		return nil, errOvertaken
	}
	if next != nil {
		r.Sweep.Rounds = append(slices.Clone(r.Sweep.Rounds), *next)
	}
	made, err := r.Sweep.Expand(r.Sources)
	if err != nil {
		return r, err
	}
	r.Arms, r.notes = made.Arms, made.Notes
	r.Runs, err = s.share(ctx, r, made)
	return r, err
}

// share has runs begin where others have trained what they have in common.
func (s *Sweeper) share(ctx context.Context, r *resolved, made ablation.Expansion) ([]ablation.Run, error) {
	if r.existing != nil {
		var err error
		if r.stored, err = s.Store.Runs(ctx, r.existing.Name); err != nil {
			return nil, err
		}
	}
	return r.Sweep.Share(made, r.stored), nil
}

func (s *Sweeper) existing(ctx context.Context, name string) (*ablation.Sweep, error) {
	sweep, err := s.Store.Sweep(ctx, name)
	if errors.Is(err, ablation.ErrNotFound) {
		return nil, nil
	}
	return &sweep, err
}

// findText takes the versions that an existing sweep recorded, or those that the document names, or the newest.
func (s *Sweeper) findText(ctx context.Context, r *resolved) error {
	var missing []ablation.Problem
	r.Sweep.Sources = slices.Clone(r.Sweep.Sources)
	for i, ref := range r.Sweep.Sources {
		source, err := s.Store.Source(ctx, ref.Name, ref.Version)
		if errors.Is(err, ablation.ErrNotFound) {
			missing = append(missing, s.noSource(ctx, i, ref))
			continue
		}
		if err != nil {
			return err
		}
		r.Sources = append(r.Sources, source)
		r.Sweep.Sources[i].Version = source.Version
	}
	for i, name := range r.Sweep.Tasks {
		task, err := s.Store.Task(ctx, name, "")
		if errors.Is(err, ablation.ErrNotFound) {
			missing = append(missing, noTask(i, name))
			continue
		}
		if err != nil {
			return err
		}
		r.Tasks = append(r.Tasks, task)
	}
	if len(missing) > 0 {
		return &ablation.Invalid{Problems: r.Sweep.Place(missing)}
	}
	return nil
}

func (s *Sweeper) noSource(ctx context.Context, i int, ref ablation.SourceRef) ablation.Problem {
	var have []string
	if all, err := s.Store.Sources(ctx); err == nil {
		for _, source := range all {
			have = append(have, source.Name)
		}
	}
	name := ref.Name
	if ref.Version != "" {
		name += " version " + ref.Version
	}
	message := ablation.Said("there is no source %s; add it on the page of sources", "データソース %s はありません。「データソース」のページで追加してください", name)
	if len(have) > 0 {
		slices.Sort(have)
		message = ablation.Said("there is no source %s; add it on the page of sources, or name one of %s",
			"データソース %s はありません。「データソース」のページで追加するか、%s のどれかにしてください", name, strings.Join(slices.Compact(have), ", "))
	}
	return ablation.Problem{Field: fmt.Sprintf("sources[%d]", i), Text: ref.Name, Message: message, Command: "haigo corpus add"}
}

func noTask(i int, name string) ablation.Problem {
	return ablation.Problem{
		Field: fmt.Sprintf("tasks[%d]", i), Text: name, Command: "haigo eval make",
		Message: ablation.Said("there is no task %s; leave it out, or have it made", "タスク %s はありません。外すか、用意してください", name),
	}
}

// findTrainer takes the trainer that the recipe names, or the first that has a device here, gpu before cpu; a gpu trainer that
// has no card computes on the processor, and is taken only where nothing else is there.
func (s *Sweeper) findTrainer(ctx context.Context, r *resolved) error {
	named := r.Sweep.Recipe.Trainer
	names := []string{named}
	if named == "" {
		names = inOrder(s.Trainers.Names())
	}
	var en, ja []string
	var broken []error
	for _, name := range names {
		d, err := s.Trainers.Describe(ctx, name)
		if err == nil && len(d.Devices) == 0 {
			err = noDevice(d)
		}
		if err == nil {
			r.description, r.Sweep.Recipe.Trainer = d, name
			if named != "" || !cardless(d) {
				return nil
			}
			continue
		}
		var refused *ablation.Refusal
		if !errors.As(err, &refused) {
			broken = append(broken, err)
			continue
		}
		en, ja = append(en, refused.Message.In("en")), append(ja, refused.Message.In("ja"))
	}
	switch {
	case r.description.Name != "":
		return nil
	case len(broken) > 0:
		return errors.Join(broken...)
	}
	return s.noTrainer(r, en, ja)
}

// noDevice says why a trainer has none, where it knows.
func noDevice(d trainer.Description) error {
	if d.Absent != "" {
		return &ablation.Refusal{Kind: ablation.ErrConflict, Message: ablation.Label{
			EN: fmt.Sprintf("trainer %s can't be used on this machine: %s", d.Name, d.Absent),
			JA: fmt.Sprintf("トレーナー %s はこのマシンでは使えません：%s", d.Name, d.AbsentJA),
		}}
	}
	return ablation.Conflict("trainer %s finds no device on this machine; take another", "トレーナー %s の使える装置がこのマシンにありません。別のものにしてください", d.Name)
}

// cardless says of the gpu trainer that it has no card here.
func cardless(d trainer.Description) bool {
	return d.Name == "gpu" && !slices.ContainsFunc(d.Devices, func(v trainer.Device) bool { return v.Threads == 0 })
}

// noTrainer says why each trainer that was asked doesn't work, at the place where one is named.
func (s *Sweeper) noTrainer(r *resolved, en, ja []string) error {
	if len(en) == 0 {
		en, ja = []string{"none is there; run make build"}, []string{"1 つもありません。make build を実行してください"}
	}
	bad := ablation.Problem{Field: "recipe.trainer", Message: ablation.Label{
		EN: "no trainer works here: " + strings.Join(en, "; "),
		JA: "使えるトレーナーがありません。" + strings.Join(ja, " "),
	}}
	return &ablation.Invalid{Problems: r.Sweep.Place([]ablation.Problem{bad})}
}

// inOrder puts gpu first and cpu second.
func inOrder(names []string) []string {
	rank := func(name string) int { return slices.Index([]string{"cpu", "gpu"}, name) }
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return rank(b) - rank(a) })
	return names
}
