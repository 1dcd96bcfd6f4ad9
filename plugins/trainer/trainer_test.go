package trainer_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
	"github.com/haigo-lab/haigo/plugins/trainer/trainertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a trainer that gives fixed answers and keeps what it was asked.
type answers struct {
	description trainer.Description
	report      trainer.Report
	plan        trainer.Plan
	err         error
	asked       []trainer.Assignment
}

func (a *answers) Describe(context.Context) (trainer.Description, error) { return a.description, a.err }

func (a *answers) Check(_ context.Context, s *spec.Spec) (trainer.Report, error) {
	a.asked = []trainer.Assignment{{Spec: s}}
	return a.report, a.err
}

func (a *answers) Plan(_ context.Context, assignments []trainer.Assignment) (trainer.Plan, error) {
	a.asked = assignments
	return a.plan, a.err
}

func TestTrainer_carriesEveryField(t *testing.T) {
	t.Parallel()
	want := &answers{
		description: trainer.Description{
			Name: "cpu", Version: "1.2", Devices: []trainer.Device{{Name: "Xeon", Threads: 2, MemoryBytes: 24 << 30}},
			Packs: true, NativeSchedules: true, Unit: "row", Deterministic: true,
			Shapes: []trainer.Shape{{Name: "1m", Model: spectest.Spec().Model, PeakLR: 3e-3, StepTokens: 1 << 14, Beta2: 0.99, ZLoss: 1e-5}},
			ISAs:   []string{"avx512", "avx2", "portable"}, Precisions: []string{"fp32", "bf16"},
			Tokenizers: []trainer.Tokenizer{{Name: "unigram-8k", Vocab: 8192}, {Name: trainer.TokenizerFile}}, Tokenize: []string{"/bin/true", "learn"},
			Absent: "no driver", AbsentJA: "ドライバーがありません",
		},
		report: trainer.Report{
			Problems:   []trainer.Problem{{Field: "model.width", Message: "is odd"}},
			Parameters: 869_504, FLOPsPerToken: 5e6, MemoryBytes: 1 << 27, TokensPerS: math.Inf(1),
			Rows: map[string]int64{"web-ja": 12}, Epochs: map[string]float64{"web-ja": 1.5}, Pack: 4,
		},
		plan: trainer.Plan{
			Files: []trainer.PlanFile{{Path: "args", Content: []byte{0, 255}}},
			Parts: []spec.Part{{
				Name: "train", Argv: []string{"/bin/true", "配合"}, Env: map[string]string{"A": "b"}, Dir: ".",
				StartStep: 5, EndStep: 20,
			}},
		},
	}
	client := trainertest.Open(t, want)
	description, err := client.Describe(t.Context())
	check(t, err, want.description, description)
	report, err := client.Check(t.Context(), spectest.Spec())
	check(t, err, want.report, report)
	check(t, nil, []trainer.Assignment{{Spec: spectest.Spec()}}, want.asked)
	asked := []trainer.Assignment{{Spec: spectest.Spec(), Dir: "/data/a", Rows: "/data/rows"}}
	plan, err := client.Plan(t.Context(), asked)
	check(t, err, want.plan, plan)
	check(t, nil, asked, want.asked)
}

func check[T any](t *testing.T, err error, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTrainer_neverSeesABrokenSpec(t *testing.T) {
	t.Parallel()
	never := &answers{err: errors.New("asked")}
	client := trainertest.Open(t, never)
	broken := spectest.Spec()
	broken.Steps = 0
	report, err := client.Check(t.Context(), broken)
	check(t, err, []trainer.Problem{
		{Field: "steps", Message: "is 0; give 1 or more"},
	}, report.Problems[:1])
	_, err = client.Plan(t.Context(), []trainer.Assignment{{Spec: broken}})
	if err == nil || never.asked != nil {
		t.Errorf("plan: got error %v, asked %v", err, never.asked)
	}
}

func TestTrainer_errors(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, v := range []struct {
		name string
		ctx  context.Context
		err  error
		want error
		text string
	}{
		{"a sentence", t.Context(), errors.New("no text in ja"), nil, "describe: no text in ja"},
		{"the trainer's deadline", t.Context(), context.DeadlineExceeded, context.DeadlineExceeded, ""},
		{"the caller's cancellation", ended, nil, context.Canceled, ""},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			_, err := trainertest.Open(t, &answers{err: v.err}).Describe(v.ctx)
			if err == nil || v.want != nil && !errors.Is(err, v.want) || v.text != "" && err.Error() != v.text {
				t.Errorf("got %v, want %v %s", err, v.want, v.text)
			}
		})
	}
}
