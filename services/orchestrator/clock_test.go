package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestClock_simulated lets two servers fire over ten days in which clocks go back, and ten in which they go forward, more
// than a thousand planned times each: with servers killed while they decide and started again, hours in which neither runs,
// sweeps that don't end in time and a recurrence that is paused for a while. Every planned time ends as one firing: fired,
// with a sweep of its own, missed or skipped.
func TestClock_simulated(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{"back": "2026-10-23", "forward": "2026-03-06"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, err := time.Parse(time.DateOnly, start)
			if err != nil {
				t.Fatal(err)
			}
			simulate(t, from, from.AddDate(0, 0, 10))
		})
	}
}

// lines fire at minutes of every hour: what they name is checked by walking over every minute.
var lines = map[string]struct {
	ablation.Recurrence
	minutes []int
}{
	"berlin":   {ablation.Recurrence{Cron: "*/30 * * * *", Zone: "Europe/Berlin", Missed: "once"}, []int{0, 30}},
	"new-york": {ablation.Recurrence{Cron: "15 * * * *", Zone: "America/New_York", Missed: "skip"}, []int{15}},
	"tokyo":    {ablation.Recurrence{Cron: "7,37 * * * *", Zone: "Asia/Tokyo", Missed: "skip"}, []int{7, 37}},
}

func simulate(t *testing.T, now, end time.Time) {
	url := pgtest.URL(t)
	watch := open(t, url)
	addText(t, watch)
	for name, line := range lines {
		sweep, err := ablation.ParseSweep(sweepFile(name, fmt.Sprintf("recurrence: {cron: %q, zone: %s, missed: %s}", line.Cron, line.Zone, line.Missed)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.PutRecurrence(t.Context(), sweep, now); err != nil {
			t.Fatal(err)
		}
	}
	begin, last := now, now
	servers := []*server{{T: t, url: url}, {T: t, url: url}}
	random := rand.New(rand.NewPCG(1, uint64(now.Unix())))
	for step := 0; now.Before(end); step++ {
		now = now.Add(time.Duration(5+random.IntN(20)) * time.Minute)
		if random.IntN(60) == 0 {
			now = now.Add(7 * time.Hour) // neither ran
		}
		pause(t, watch, step)
		tick(t, servers, now, random.IntN(4) == 0)
		if last = now; step%10 > 0 {
			endSweeps(t, watch)
		}
	}
	servers[0].fire(t.Context(), last) // whatever a killed server left
	total := map[ablation.FiringState]int{}
	for name := range lines {
		for state, n := range check(t, watch, name, begin, last) {
			total[state] += n
		}
	}
	all, killed := total["fired"]+total["missed"]+total["skipped"], servers[0].killed+servers[1].killed
	t.Logf("%d firings, servers killed %d times: %v", all, killed, total)
	if all < 1000 || killed < 100 || total["fired"] < 300 || total["missed"] < 10 || total["skipped"] < 10 {
		t.Errorf("%v are too few to tell anything", total)
	}
}

func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// server is one that can be killed.
type server struct {
	*testing.T
	url    string
	store  *postgres.Store
	killed int // times
}

func (s *server) fire(ctx context.Context, now time.Time) {
	if s.store == nil {
		s.store = open(s.T, s.url)
	}
	clock := orchestrator.Clock{Store: s.store, Sweeper: sweeper(s.store), Log: slog.New(slog.DiscardHandler)}
	if err := clock.FireOnce(ctx, now); err != nil && ctx.Err() == nil {
		s.Error(err)
	}
}

// tick lets both servers fire at once; killed, the first one dies as soon as the second one is done.
func tick(t *testing.T, servers []*server, now time.Time, kill bool) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { servers[0].fire(ctx, now) })
	both.Go(func() {
		servers[1].fire(t.Context(), now.Add(-time.Second)) // its clock is a little behind
		if kill {
			cancel()
		}
	})
	both.Wait()
	if kill {
		servers[0].store.Close()
		servers[0].store = nil
		servers[0].killed++
		slices.Reverse(servers)
	}
}

// pause pauses a recurrence for a while.
func pause(t *testing.T, store *postgres.Store, step int) {
	var err error
	switch step {
	case 100:
		err = store.PauseRecurrence(t.Context(), "new-york")
	case 140:
		err = store.ResumeRecurrence(t.Context(), "new-york")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// endSweeps ends what the firings have started.
func endSweeps(t *testing.T, store *postgres.Store) {
	all, err := store.Recurrences(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		name, err := store.Unfinished(t.Context(), r.ID)
		if err == nil && name != "" {
			err = store.StopSweep(t.Context(), name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// check holds the firings of a line against every minute that went by, and counts them.
func check(t *testing.T, store *postgres.Store, name string, begin, last time.Time) map[ablation.FiringState]int {
	firings, err := store.Firings(t.Context(), name, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(firings)
	got, count := []time.Time{}, map[ablation.FiringState]int{}
	for _, f := range firings {
		got = append(got, f.PlannedAt)
		if count[f.State]++; (f.Sweep != "") != (f.State == ablation.FiringFired) {
			t.Errorf("%+v", f)
		}
	}
	if diff := cmp.Diff(walk(t, name, begin, last), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	sweeps, err := store.Sweeps(t.Context(), 10_000, 0)
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, w := range sweeps {
		if w.Name[:len(name)] == name {
			started++
		}
	}
	if started != count[ablation.FiringFired] {
		t.Errorf("%s: %d firings fired, but there are %d sweeps", name, count[ablation.FiringFired], started)
	}
	return count
}

// walk goes over every minute past begin up to last and keeps those at which a line's clock shows one of its minutes for
// the first time.
func walk(t *testing.T, name string, begin, last time.Time) []time.Time {
	line := lines[name]
	zone, err := time.LoadLocation(line.Zone)
	if err != nil {
		t.Fatal(err)
	}
	out, shown := []time.Time{}, map[string]bool{}
	for at := begin.Add(-2 * time.Hour); !at.After(last); at = at.Add(time.Minute) {
		wall := at.In(zone)
		text := wall.Format(time.DateTime)
		if slices.Contains(line.minutes, wall.Minute()) && !shown[text] && at.After(begin) {
			out = append(out, at)
		}
		shown[text] = true
	}
	return out
}

// TestClock_firesOnlyWhatCanStart: a firing whose text is gone is recorded with the reason, and the next one fires.
func TestClock_firesOnlyWhatCanStart(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	clock := orchestrator.Clock{Store: store, Sweeper: sweeper(store), Log: slog.New(slog.DiscardHandler)}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	document := sweepFile("nightly", `recurrence: {cron: "0 22 * * *", until: "08:00"}`)
	sweep, err := ablation.ParseSweep(document)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutRecurrence(t.Context(), sweep, now); err != nil {
		t.Fatal(err)
	}
	fire := func(now time.Time) ablation.Firing {
		t.Helper()
		if err := clock.FireOnce(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		firings, err := store.Firings(t.Context(), "nightly", 1)
		if err != nil || len(firings) != 1 {
			t.Fatal(firings, err)
		}
		return firings[0]
	}
	if f := fire(now.Add(time.Hour)); f.Reason != ablation.SkippedRefused || f.Message.JA == "" || f.Message.EN == "" {
		t.Errorf("without its sources: %+v", f)
	}
	addText(t, store)
	if f := fire(now.Add(25 * time.Hour)); f.Sweep != "nightly-20261125-2200" || f.Counts.Queued != 1 {
		t.Errorf("with its sources: %+v", f)
	}
	if f := fire(now.Add(49 * time.Hour)); f.Reason != ablation.SkippedPrevious {
		t.Errorf("while the one before goes on: %+v", f)
	}
	if err := clock.BoundOnce(t.Context(), now.Add(35*time.Hour-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if w, _ := store.Sweep(t.Context(), "nightly-20261125-2200"); w.State != ablation.SweepRunning {
		t.Errorf("a minute before eight it is %s", w.State)
	}
	if err := clock.BoundOnce(t.Context(), now.Add(35*time.Hour)); err != nil {
		t.Fatal(err)
	}
	runs, err := store.Runs(t.Context(), "nightly-20261125-2200")
	if err != nil || runs[0].State != ablation.RunStopped || runs[0].Reason != ablation.StopBudget {
		t.Errorf("at eight: %+v, %v", runs, err)
	}
}

// TestSweeper_Apply_recurrence: a file with the key registers, and starts nothing; another one, or one without it, takes the
// recurrence's place only where that was confirmed.
func TestSweeper_Apply_recurrence(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	s := sweeper(store)
	recurring, once := sweepFile("nightly", `recurrence: {cron: "0 22 * * *"}`), sweepFile("nightly", "")
	var bad *ablation.Invalid
	if _, _, err := s.Apply(t.Context(), recurring, ""); !errors.As(err, &bad) {
		t.Fatalf("without its sources: %v", err)
	}
	addText(t, store)
	for _, want := range []bool{true, false} {
		sweep, done, err := s.Apply(t.Context(), recurring, "")
		if err != nil || sweep.State != "" || done.Created != want {
			t.Fatalf("%+v, %v, %v", sweep, done, err)
		}
	}
	if _, err := store.Sweep(t.Context(), "nightly"); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("a sweep started: %v", err)
	}
	plan, err := s.Plan(t.Context(), recurring)
	if err != nil || len(plan.Firings) != 10 {
		t.Errorf("plan of %v, %v; want ten firings", plan.Firings, err)
	}
	weekly := sweepFile("nightly", `recurrence: {cron: "0 22 * * 6"}`)
	for _, document := range [][]byte{weekly, once} {
		var lost *ablation.Superseding
		_, _, err := s.Apply(t.Context(), document, "")
		if !errors.Is(err, ablation.ErrConflict) || !errors.As(err, &lost) || lost.Recurrence.Cron != "0 22 * * *" {
			t.Errorf("unasked: %v", err)
		}
		if plan, err := s.Plan(t.Context(), document); err != nil || plan.Supersedes != "nightly" {
			t.Errorf("the plan says of what is lost %q, %v", plan.Supersedes, err)
		}
	}
	for range 2 {
		if _, done, err := s.Replace(t.Context(), weekly, ""); err != nil || done.Created {
			t.Errorf("replaced: %+v, %v", done, err)
		}
	}
	if _, _, err := s.Apply(t.Context(), weekly, ""); err != nil {
		t.Errorf("what stands already: %v", err)
	}
	if sweep, done, err := s.Replace(t.Context(), once, ""); err != nil || !done.Created || sweep.State != ablation.SweepRunning {
		t.Fatalf("%+v, %v, %v", sweep, done, err)
	}
	if _, done, err := s.Apply(t.Context(), once, ""); err != nil || done.Created {
		t.Errorf("once more: %+v, %v", done, err)
	}
	if r, err := store.Recurrence(t.Context(), "nightly"); err != nil || r.State != ablation.RecurrenceEnded {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err := s.Apply(t.Context(), recurring, "a-name-that-is-so-long-that-no-time-can-be-added-to-it"); !errors.As(err, &bad) {
		t.Errorf("a long name: %v", err)
	}
}

// TestClock_budget: a sweep that has used up its yen has its queued runs stopped and its running ones asked to leave.
func TestClock_budget(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	document := strings.Replace(string(sweepFile("dear", "budget: {yen: 600}\n")), "seeds: 1", "seeds: 2", 1)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	claim, err := store.Claim(t.Context(), postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 1})
	if err != nil || claim == nil {
		t.Fatal(claim, err)
	}
	attempt, err := store.OpenAttempt(t.Context(), *claim, ablation.Attempt{Number: 1, Host: "here", Engine: "local", SpecSHA256: "digest"})
	if err != nil {
		t.Fatal(err)
	}
	clock := orchestrator.Clock{Store: store, Sweeper: sweeper(store), Devices: ablation.Devices{YenPerHour: 300}, Log: slog.New(slog.DiscardHandler)}
	state := func(after time.Duration) ablation.RunState {
		t.Helper()
		if err := clock.BoundOnce(t.Context(), attempt.StartedAt.Add(after)); err != nil {
			t.Fatal(err)
		}
		run, err := store.Run(t.Context(), claim.Run.ID)
		if err != nil {
			t.Fatal(err)
		}
		return run.State
	}
	if got := state(2*time.Hour - time.Second); got != ablation.RunRunning {
		t.Errorf("a second before 600 yen at 300 an hour it is %s", got)
	}
	if got := state(2 * time.Hour); got != ablation.RunStopping {
		t.Errorf("after two hours it is %s", got)
	}
	sweep, err := store.Sweep(t.Context(), "dear")
	if err != nil || sweep.State != ablation.SweepStopped || sweep.Counts.Stopped != 1 {
		t.Errorf("the sweep is %s with %+v, %v; want its queued run stopped", sweep.State, sweep.Counts, err)
	}
}
