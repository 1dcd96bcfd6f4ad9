package orchestrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

var errCrashed = errors.New("the plugin exited before it served")

// besideCrashed is the embedded trainer beside one for GPUs whose program crashes.
type besideCrashed struct{ inProcess }

func (besideCrashed) Names() []string { return []string{"cpu", "gpu"} }

func (b besideCrashed) Describe(ctx context.Context, name string) (trainer.Description, error) {
	if name == "gpu" {
		return trainer.Description{}, errCrashed
	}
	return b.inProcess.Describe(ctx, name)
}

// TestSweeper_Apply_crashedTrainer: a recipe that names no trainer takes the first that works; one that names the crashed
// one hears of the crash.
func TestSweeper_Apply_crashedTrainer(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	s := &orchestrator.Sweeper{Store: store, Trainers: besideCrashed{cpu}, RunsAtOnce: 1}
	with := func(name, trainer string) []byte {
		return []byte(strings.Replace(string(sweepFile(name, "")), "trainer: cpu, ", trainer, 1))
	}
	sweep, _, err := s.Apply(t.Context(), with("any", ""), "")
	if err != nil || sweep.Recipe.Trainer != "cpu" {
		t.Errorf("any trainer: %q, %v; want cpu", sweep.Recipe.Trainer, err)
	}
	if _, _, err := s.Apply(t.Context(), with("crashed", "trainer: gpu, "), ""); !errors.Is(err, errCrashed) {
		t.Errorf("the crashed trainer: %v", err)
	}
}

// besideGPU is the embedded trainer beside one for GPUs that has these devices, or none.
type besideGPU struct {
	inProcess
	devices []trainer.Device
}

func (besideGPU) Names() []string { return []string{"cpu", "gpu"} }

func (b besideGPU) Describe(ctx context.Context, name string) (trainer.Description, error) {
	d, err := b.inProcess.Describe(ctx, name)
	if name == "gpu" {
		d.Name, d.Devices, d.Absent, d.AbsentJA = name, b.devices, "JAX isn't installed", "JAX がありません"
	}
	return d, err
}

// TestSweeper_Apply_gpu: a recipe that names no trainer takes a card where there is one, and not a processor through the gpu
// trainer; one that names a gpu trainer without a device hears why it has none.
func TestSweeper_Apply_gpu(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	apply := func(name, named string, devices ...trainer.Device) (ablation.Sweep, error) {
		s := &orchestrator.Sweeper{Store: store, Trainers: besideGPU{cpu, devices}, RunsAtOnce: 1}
		sweep, _, err := s.Apply(t.Context(), []byte(strings.Replace(string(sweepFile(name, "")), "trainer: cpu, ", named, 1)), "")
		return sweep, err
	}
	for _, v := range []struct {
		name, named, want string
		devices           []trainer.Device
	}{
		{"card", "", "gpu", []trainer.Device{{Name: "NVIDIA H100"}}},
		{"processor", "", "cpu", []trainer.Device{{Name: "Xeon", Threads: 2}}},
		{"named", "trainer: gpu, ", "gpu", []trainer.Device{{Name: "Xeon", Threads: 2}}},
		{"none", "", "cpu", nil},
	} {
		if sweep, err := apply(v.name, v.named, v.devices...); err != nil || sweep.Recipe.Trainer != v.want {
			t.Errorf("%s: %q, %v; want %s", v.name, sweep.Recipe.Trainer, err, v.want)
		}
	}
	_, err := apply("absent", "trainer: gpu, ")
	var bad *ablation.Invalid
	if !errors.As(err, &bad) || !strings.Contains(bad.Problems[0].Message.EN, "JAX isn't installed") || !strings.Contains(bad.Problems[0].Message.JA, "JAX がありません") {
		t.Errorf("absent: %v", err)
	}
}

// TestSweeper_sameFile: what a file without a seed shows, what it starts and what it starts elsewhere are the same runs.
func TestSweeper_sameFile(t *testing.T) {
	t.Parallel()
	document := append(sweepFile("swarm", ""), "design: {dirichlet: {centre: half, concentration: 4, arms: 3}}\n"...)
	var planned [][]ablation.Arm
	var started [][]ablation.Run
	for range 2 {
		store := open(t, pgtest.URL(t))
		addText(t, store)
		s := &orchestrator.Sweeper{Store: store, Trainers: cpu, RunsAtOnce: 1}
		for range 2 {
			plan, err := s.Plan(t.Context(), document)
			if err != nil || len(plan.Problems) > 0 {
				t.Fatal(err, plan.Problems)
			}
			var arms []ablation.Arm
			for _, a := range plan.Arms {
				arms = append(arms, a.Arm)
			}
			planned = append(planned, arms)
		}
		if _, _, err := s.Apply(t.Context(), document, ""); err != nil {
			t.Fatal(err)
		}
		runs, err := store.Runs(t.Context(), "swarm")
		if err != nil {
			t.Fatal(err)
		}
		started = append(started, runs)
	}
	for _, arms := range planned[1:] {
		if diff := cmp.Diff(planned[0], arms); diff != "" {
			t.Errorf("a second plan:\n%s", diff)
		}
	}
	if diff := cmp.Diff(started[0], started[1], cmpopts.IgnoreFields(ablation.Run{}, "CreatedAt")); diff != "" {
		t.Errorf("the same file elsewhere:\n%s", diff)
	}
}

// exact is the embedded trainer on a processor that computes in fp32 alone.
type exact struct{ inProcess }

func (e exact) Describe(ctx context.Context, name string) (trainer.Description, error) {
	d, err := e.inProcess.Describe(ctx, name)
	d.Precisions = []string{"fp32"}
	return d, err
}

// TestSweeper_Apply_precision: a precision that the trainer doesn't have here is refused where it stands, in both languages.
func TestSweeper_Apply_precision(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	s := &orchestrator.Sweeper{Store: store, Trainers: exact{cpu}, RunsAtOnce: 1}
	document := strings.Replace(string(sweepFile("rounded", "")), "trainer: cpu, ", "trainer: cpu, precision: bf16, ", 1)
	_, _, err := s.Apply(t.Context(), []byte(document), "")
	var bad *ablation.Invalid
	if !errors.As(err, &bad) || len(bad.Problems) != 1 {
		t.Fatalf("got %v, want one problem", err)
	}
	got := bad.Problems[0]
	if got.Field != "recipe.precision" || got.Line == 0 || got.Message.EN != "trainer cpu has no bf16 on this machine; use one of: fp32" ||
		got.Message.JA != "トレーナー cpu はこのマシンでは bf16 で計算できません。次のどれかにしてください: fp32" {
		t.Errorf("got %+v", got)
	}
}

// sized is a trainer whose shapes say what goes with their size.
type sized struct {
	inProcess
	stepTokens int64
}

func (z sized) Describe(ctx context.Context, name string) (trainer.Description, error) {
	d, err := z.inProcess.Describe(ctx, name)
	for i := range d.Shapes {
		d.Shapes[i].StepTokens, d.Shapes[i].Beta2, d.Shapes[i].ZLoss = z.stepTokens, 0.99, 1e-5
	}
	return d, err
}

// TestSweeper_Apply_size: what a recipe leaves open is its shape's, as recorded at the start; what it says stays.
func TestSweeper_Apply_size(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	apply := func(stepTokens int64, name, more string) ablation.Recipe {
		s := &orchestrator.Sweeper{Store: store, Trainers: sized{cpu, stepTokens}, RunsAtOnce: 1}
		recipe := "recipe: {trainer: cpu, shape: 0.2m, tokens: 512k, row_tokens: 64, max_epochs: 100000" + more + "}"
		document := strings.Replace(string(sweepFile(name, "")), "recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 512, row_tokens: 16, batch_rows: 4, max_epochs: 1000}", recipe, 1)
		sweep, _, err := s.Apply(t.Context(), []byte(document), "")
		if err != nil {
			t.Fatal(err)
		}
		return sweep.Recipe
	}
	is := func(r ablation.Recipe, batch int, beta2, zLoss float64) {
		t.Helper()
		if r.BatchRows != batch || r.Optimizer.Beta2 != beta2 || r.Optimizer.ZLoss != zLoss {
			t.Errorf("%d rows a batch, beta2 %v, z-loss %v; want %d, %v, %v", r.BatchRows, r.Optimizer.Beta2, r.Optimizer.ZLoss, batch, beta2, zLoss)
		}
	}
	is(apply(1024, "open", ""), 16, 0.99, 1e-5)
	is(apply(256, "open", ""), 16, 0.99, 1e-5)
	is(apply(1024, "own", ", batch_rows: 8, optimizer: {beta2: 0.9, z_loss: 0}"), 8, 0.9, 0)
	is(apply(0, "plain", ""), 32, 0.99, 1e-5)
}

// straight is a trainer that goes on only as its recipe says, as a training command of which nothing else is said.
type straight struct{ inProcess }

func (straight) Check(ctx context.Context, _ string, s *spec.Spec) (trainer.Report, error) {
	report, err := cpu.Check(ctx, "cpu", s)
	if len(s.Interventions) > 0 {
		report.Problems = append(report.Problems, trainer.Problem{Field: "interventions", Message: "can't", MessageJA: "できません"})
	}
	return report, err
}

// TestSweeper_rollback: going back on divergence is refused where it stands, in both languages, if the trainer can't go on
// otherwise than its recipe says; the other policies aren't.
func TestSweeper_rollback(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	with := func(name, policy string) []byte {
		return []byte(strings.Replace(string(sweepFile(name, "")), "trainer: cpu, ", "trainer: cpu, on_divergence: "+policy+", ", 1))
	}
	s := &orchestrator.Sweeper{Store: store, Trainers: straight{cpu}, RunsAtOnce: 1}
	for _, policy := range []string{"{rollback: 2, lr: 0.5}", "{rollback: 1, skip: 200}"} {
		plan, err := s.Plan(t.Context(), with("back", policy))
		if err != nil || len(plan.Problems) != 1 {
			t.Fatalf("plan of %s: %v, %v", policy, plan.Problems, err)
		}
		got := plan.Problems[0]
		if got.Field != "recipe.on_divergence" || got.Line == 0 || !strings.Contains(got.Message.EN, "take stop or report") ||
			!strings.Contains(got.Message.JA, "stop か report") {
			t.Errorf("%s: %+v", policy, got)
		}
		var bad *ablation.Invalid
		if _, _, err := s.Apply(t.Context(), with("back", policy), ""); !errors.As(err, &bad) || bad.Problems[0].Field != got.Field {
			t.Errorf("%s was started: %v", policy, err)
		}
	}
	for _, policy := range []string{"stop", "report"} {
		if _, _, err := s.Apply(t.Context(), with(policy, policy), ""); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
	}
	if _, _, err := sweeper(store).Apply(t.Context(), with("back", "{rollback: 2}"), ""); err != nil {
		t.Errorf("a trainer that can: %v", err)
	}
}
