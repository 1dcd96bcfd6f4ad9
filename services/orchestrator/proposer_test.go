package orchestrator_test

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

const adapting = `name: adapting
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 512, row_tokens: 16, batch_rows: 4, max_epochs: 1000}
schedules:
  half: {stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]}
design: {adaptive: {start: 4, batch: 2, rounds: 1, confirm: 3, enough: 1e-9}}
seeds: 1
`

func proposer(store *postgres.Store) *orchestrator.Proposer {
	return &orchestrator.Proposer{Store: store, Sweeper: sweeper(store), Log: slog.New(slog.DiscardHandler)}
}

// TestProposer: start, batches, confirmation and verdict follow each other, each added once, whoever looks and how often; a paused
// sweep adds nothing.
func TestProposer(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(adapting), ""); err != nil {
		t.Fatal(err)
	}
	var runs []int
	for {
		propose(t, store, 1) // a round isn't over before its runs are
		finishAll(t, store)
		s := sweepOf(t, store, "adapting")
		runs = append(runs, s.Counts.Total())
		if len(s.Rounds) == 2 {
			paused(t, store)
		}
		propose(t, store, 2)
		if s = sweepOf(t, store, "adapting"); s.State != ablation.SweepRunning {
			break
		}
	}
	s := sweepOf(t, store, "adapting")
	if s.State != ablation.SweepCompleted || s.Counts.Completed != s.Counts.Total() {
		t.Fatalf("ended %s with %+v", s.State, s.Counts)
	}
	if want := []ablation.RoundKind{"start", "batch", "confirm", "verdict"}; !slices.Equal(kinds(s), want) {
		t.Fatalf("rounds are %v, want %v", kinds(s), want)
	}
	if want := []int{7, 9, 19}; !slices.Equal(runs[:2], want[:2]) || runs[2] < 12 || runs[2] > want[2] {
		t.Errorf("runs after each round: %v, want about %v", runs, want)
	}
	ja := s.Verdict().Verdict.Stages[0].Mixture["web-ja"]
	if math.Abs(ja-.7) > .1 || !s.Verdict().Verdict.Confirmed {
		t.Errorf("takes ja %.2f of the best 0.7: %+v", ja, s.Verdict().Verdict)
	}
	if again, done, err := sweeper(store).Apply(t.Context(), []byte(adapting), ""); err != nil || done.Created || len(done.Added) > 0 || again.Counts != s.Counts {
		t.Errorf("the same file again: %+v, %v, %v", again.Counts, done, err)
	}
	if read := s.Rounds[2].Read; read.Counts.Completed != runs[1] || len(read.Digest) != 64 {
		t.Errorf("the confirmation read %+v", read)
	}
}

// TestProposer_failures: a round goes on without the runs that failed, and says how many; a sweep of which too few are left ends
// with that word.
func TestProposer_failures(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(adapting), ""); err != nil {
		t.Fatal(err)
	}
	for range 2 { // no more, or the sweep pauses itself
		end(t, store, *claim(t, store), ablation.RunFailed)
		finish(t, store)
	}
	finishAll(t, store)
	propose(t, store, 1)
	s := sweepOf(t, store, "adapting")
	last := s.Rounds[len(s.Rounds)-1]
	if last.Read.Counts.Failed != 2 || last.Read.Counts.Completed != 5 {
		t.Errorf("read %+v", last.Read.Counts)
	}
	if last.Kind != ablation.RoundBatch || len(last.Arms) != 2 {
		t.Errorf("goes on as %+v", last)
	}
}

// TestProposer_few: a sweep of which too few mixtures completed ends with that word.
func TestProposer_few(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(adapting), ""); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		end(t, store, *claim(t, store), ablation.RunFailed)
		finish(t, store)
	}
	finishAll(t, store)
	propose(t, store, 1)
	s := sweepOf(t, store, "adapting")
	if v := s.Verdict(); v == nil || v.Reason != ablation.ReasonFew || v.Message.JA == "" || len(v.Verdict.Stages) > 0 || s.State != ablation.SweepCompleted {
		t.Errorf("ends as %+v, %s", v, s.State)
	}
}

// TestProposer_schedules: where a listed schedule changes, so do those that are added, at the same steps.
func TestProposer_schedules(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	document := strings.NewReplacer("schedules:\n", "schedules:\n  turn: {stages: [{until: 0.3, mixture: {web-ja: 0.2, web-en: 0.8}}, {until: 1.0, mixture: {web-ja: 0.8, web-en: 0.2}}]}\n",
		"confirm: 3", "confirm: 0").Replace(adapting)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	finishAll(t, store)
	propose(t, store, 1)
	finishAll(t, store)
	propose(t, store, 1)
	if got := kinds(sweepOf(t, store, "adapting")); !slices.Equal(got, []ablation.RoundKind{"start", "batch", "verdict"}) {
		t.Errorf("rounds are %v", got)
	}
	arms, err := store.Arms(t.Context(), "adapting")
	if err != nil {
		t.Fatal(err)
	}
	changing := 0
	for _, a := range arms {
		if len(a.Weights) > 2 || len(a.Weights) == 2 && a.Weights[1].FromStep != 3 {
			t.Errorf("%s changes at other steps: %+v", a.Name, a.Weights)
		}
		changing += len(a.Weights) - 1
	}
	if changing < 3 {
		t.Errorf("%d of %d arms change", changing, len(arms))
	}
}

// TestProposer_control: where matched controls are asked for, a recommended schedule meets the constant mixture of the same text.
func TestProposer_control(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	document := strings.NewReplacer("schedules:\n", "schedules:\n  turn: {stages: [{until: 0.3, mixture: {web-ja: 0.2, web-en: 0.8}}, {until: 1.0, mixture: {web-ja: 0.8, web-en: 0.2}}]}\n",
		"design: {adaptive: {start: 4, batch: 2,", "design: {control: matched, adaptive: {start: 4, batch: 1,", "confirm: 3", "confirm: 1").Replace(adapting)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		finishAll(t, store)
		propose(t, store, 1)
	}
	s := sweepOf(t, store, "adapting")
	last := s.Rounds[len(s.Rounds)-1]
	if last.Kind != ablation.RoundConfirm || len(last.Sight.Recommended) != 2 {
		t.Fatalf("%s confirms %+v, want a schedule", last.Kind, last.Sight.Recommended)
	}
	i := slices.IndexFunc(last.Arms, func(a ablation.RoundArm) bool { return a.Role == ablation.RoleControl })
	if i < 0 || len(last.Arms[i].Stages) != 1 || len(last.Arms[i].Seeds) != 1 {
		t.Fatalf("the recommended schedule's control isn't among %+v", last.Arms)
	}
	whole, first := last.Arms[i].Stages[0].Mixture["web-ja"], .375 // of eight steps three are before the turn
	turn := last.Sight.Recommended
	if want := first*turn[0].Mixture["web-ja"] + (1-first)*turn[1].Mixture["web-ja"]; math.Abs(whole-want) > 1e-3 {
		t.Errorf("the control reads %.4f ja, the schedule %.4f", whole, want)
	}
	added := 0
	for _, a := range last.Arms {
		added += len(a.Seeds)
		if len(a.Stages) > 0 {
			added += len(s.Seeds)
		}
	}
	if most := s.Confirming(); added > most || most != 2+4 {
		t.Errorf("confirms with %d runs of at most %d", added, most)
	}
	finishAll(t, store)
	propose(t, store, 1)
	d := sweepOf(t, store, "adapting").Verdict().Verdict.Differences
	if len(d) == 0 || d[len(d)-1].Role != ablation.RoleControl || d[len(d)-1].Pairs != 1 {
		t.Errorf("the verdict says %+v", d)
	}
}

// TestProposer_front: batches for a front go where it is open, and don't end for what they would gain at one point of it.
func TestProposer_front(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	document := strings.Replace(adapting, "confirm: 3, enough: 1e-9", "confirm: 0, front: [bpb/ja, bpb/en]", 1)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	finishAll(t, store)
	propose(t, store, 1)
	finishAll(t, store)
	propose(t, store, 1)
	s := sweepOf(t, store, "adapting")
	if got := kinds(s); !slices.Equal(got, []ablation.RoundKind{"start", "batch", "verdict"}) || s.Verdict().Reason != ablation.ReasonRounds {
		t.Errorf("rounds are %v, for %v", got, s.Verdict().Reason)
	}
}

// TestProposer_budget: what a budget leaves is kept for the confirmation, and then is no batch's.
func TestProposer_budget(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	document := strings.Replace(adapting, "seeds: 1\n", "seeds: 1\nbudget: {gpu_hours: 1e-9}\n", 1)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(document), ""); err != nil {
		t.Fatal(err)
	}
	finishAll(t, store)
	propose(t, store, 1)
	s := sweepOf(t, store, "adapting")
	v := s.Verdict()
	if v == nil || v.Reason != ablation.ReasonBudget || v.Verdict.Confirmed || len(v.Verdict.Stages) == 0 || s.Counts.Total() != 7 {
		t.Errorf("ends with %+v and %d runs", v, s.Counts.Total())
	}
}

// TestProposer_hours: nothing is added that couldn't end before the sweep's hours do, and what was found by then is its verdict.
func TestProposer_hours(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	store := open(t, url)
	addText(t, store)
	if _, _, err := sweeper(store).Apply(t.Context(), []byte(adapting), ""); err != nil {
		t.Fatal(err)
	}
	finishAll(t, store)
	closes(t, url, "1 day")
	propose(t, store, 1)
	if got := kinds(sweepOf(t, store, "adapting")); !slices.Equal(got, []ablation.RoundKind{"start", "batch"}) {
		t.Fatalf("with a day left the rounds are %v", got)
	}
	finishAll(t, store)
	closes(t, url, "-1 minute")
	propose(t, store, 1)
	s := sweepOf(t, store, "adapting")
	if v := s.Verdict(); v == nil || v.Reason != ablation.ReasonHours || v.Verdict.Confirmed || len(v.Verdict.Stages) == 0 {
		t.Errorf("ends with %+v", v)
	}
}

// closes has the sweep's hours end so long from now.
func closes(t *testing.T, url, in string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `UPDATE sweeps SET closes_at = now() + $1::interval`, in); err != nil {
		t.Fatal(err)
	}
}

// TestApply_adaptive: what a sweep that plans itself can't begin with is said where it stands.
func TestApply_adaptive(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	for replaced, want := range map[string]string{
		"objective: 'min:bpb/xx'":               "6:75: design.adaptive.objective: expects a metric at bpb/xx",
		"bounds: {web-ja: [0.5, 0.5]}":          "design.adaptive.bounds: bounds and limits leave room",
		"objective: 'min:0.5*bpb/ja+task/x/f1'": "design.adaptive.objective",
		"front: [bpb/ja, bpb/xx]":               "6:64: design.adaptive.front: bpb/xx is no metric of these runs",
	} {
		_, _, err := sweeper(store).Apply(t.Context(), []byte(strings.Replace(adapting, "enough: 1e-9", replaced, 1)), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", replaced, err, want)
		}
	}
}

// propose lets n proposers look at once.
func propose(t *testing.T, store *postgres.Store, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if err := proposer(store).ProposeOnce(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := sweepOf(t, store, "adapting")
	for i, r := range s.Rounds {
		if r.Number != i+1 {
			t.Fatalf("round %d stands at %d", r.Number, i+1)
		}
	}
}

func paused(t *testing.T, store *postgres.Store) {
	t.Helper()
	before := sweepOf(t, store, "adapting")
	if err := store.PauseSweep(t.Context(), "adapting"); err != nil {
		t.Fatal(err)
	}
	propose(t, store, 1)
	if diff := cmp.Diff(before.Rounds, sweepOf(t, store, "adapting").Rounds); diff != "" {
		t.Errorf("a paused sweep went on: %s", diff)
	}
	if err := store.ResumeSweep(t.Context(), "adapting"); err != nil {
		t.Fatal(err)
	}
}

func sweepOf(t *testing.T, store *postgres.Store, name string) ablation.Sweep {
	t.Helper()
	s, err := store.Sweep(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func kinds(s ablation.Sweep) (out []ablation.RoundKind) {
	for _, r := range s.Rounds {
		out = append(out, r.Kind)
	}
	return out
}

func claim(t *testing.T, store *postgres.Store) *ablation.Claim {
	t.Helper()
	c, err := store.Claim(t.Context(), postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func finishAll(t *testing.T, store *postgres.Store) {
	t.Helper()
	for finish(t, store) {
	}
}

// finish trains the next run to its end, in a world whose best share of ja is 0.7, and more of it later is better; false where there
// is none.
func finish(t *testing.T, store *postgres.Store) bool {
	t.Helper()
	c := claim(t, store)
	if c == nil {
		return false
	}
	end(t, store, *c, ablation.RunCompleted)
	return true
}

func end(t *testing.T, store *postgres.Store, c ablation.Claim, state ablation.RunState) {
	t.Helper()
	arms, err := store.Arms(t.Context(), "adapting")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(arms, func(a ablation.Arm) bool { return a.Name == c.Run.Arm })
	w := arms[i].Weights
	ja := float64(w[0].W[0]) / ablation.WeightTotal
	later := .3 * (float64(w[len(w)-1].W[0])/ablation.WeightTotal - ja)
	noise := .0005 * float64(c.Run.DataSeed%1000) / 1000
	b := ablation.Batch{Attempt: 1, To: ablation.Cursor{Offset: 9, Seq: 9}, Segment: &ablation.Segment{Trainer: "cpu 1", Device: "d", ISA: "i", Threads: 1, StartedAt: time.Unix(1, 0)}}
	b.Points = []ablation.Point{
		{Metric: "bpb/ja", Step: 8, Value: ablation.Real(1 + (ja-.9)*(ja-.9) - later + noise)}, {Metric: "bpb/en", Step: 8, Value: ablation.Real(1 + (ja-.5)*(ja-.5) - later + noise)},
	}
	if _, err := store.OpenAttempt(t.Context(), c, ablation.Attempt{RunID: c.Run.ID, Number: 1, Host: "here", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		t.Fatal(err)
	}
	if state == ablation.RunCompleted {
		if err := store.Ingest(t.Context(), c, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.EndAttempt(t.Context(), c, 1, string(state), ablation.Label{EN: fmt.Sprint(state)}, state); err != nil {
		t.Fatal(err)
	}
}
