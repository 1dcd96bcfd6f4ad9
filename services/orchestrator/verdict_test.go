package orchestrator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	running := ablation.Run{State: ablation.RunRunning, Steps: 100}
	stopping := ablation.Run{State: ablation.RunStopping, Steps: 100}
	word := func(outcome string, step int64, retriable bool) *spec.Finished {
		return &spec.Finished{Outcome: outcome, Step: step, Retriable: retriable}
	}
	tests := map[string]struct {
		run      ablation.Run
		finished *spec.Finished
		bad      int
		outcome  string
		next     ablation.RunState
	}{
		"completed":                         {running, word("completed", 100, false), 0, "completed", ablation.RunCompleted},
		"completed while asked to stop":     {stopping, word("completed", 100, false), 0, "completed", ablation.RunCompleted},
		"completed early is a failure":      {running, word("completed", 99, false), 0, "failed", ablation.RunFailed},
		"stopped as asked":                  {stopping, word("stopped", 40, false), 0, "stopped", ablation.RunStopped},
		"left unasked is queued again":      {running, word("stopped", 40, false), 2, "stopped", ablation.RunQueued},
		"left unasked, and saved nothing":   {running, word("stopped", 0, false), 1, "failed", ablation.RunQueued},
		"saved nothing for the third time":  {running, word("stopped", 0, false), 2, "failed", ablation.RunFailed},
		"diverged":                          {running, word("diverged", 40, true), 0, "diverged", ablation.RunDiverged},
		"failed for good":                   {running, word("failed", 40, false), 0, "failed", ablation.RunFailed},
		"failed, worth another try":         {running, word("failed", 40, true), 0, "failed", ablation.RunQueued},
		"failed three times in a row":       {running, word("failed", 40, true), 2, "failed", ablation.RunFailed},
		"no last word":                      {running, nil, 0, "lost", ablation.RunQueued},
		"no last word, third time":          {running, nil, 2, "lost", ablation.RunFailed},
		"no last word while asked to stop":  {stopping, nil, 0, "lost", ablation.RunStopped},
		"failed while asked to stop":        {stopping, word("failed", 40, true), 0, "failed", ablation.RunStopped},
		"failed for good while asked to go": {stopping, word("failed", 40, false), 0, "failed", ablation.RunFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(tt.run, tt.finished, ablation.Label{}, tt.finished != nil && tt.finished.Step > 0, tt.bad)
			if got.outcome != tt.outcome || got.next != tt.next {
				t.Errorf("judge: %s then %s, want %s then %s", got.outcome, got.next, tt.outcome, tt.next)
			}
		})
	}
}

// TestJudge_Words are what a person reads in either language.
func TestJudge_Words(t *testing.T) {
	t.Parallel()
	running := ablation.Run{State: ablation.RunRunning, Steps: 100}
	failed := func(reason, ja string) *spec.Finished {
		return &spec.Finished{Outcome: spec.OutcomeFailed, Reason: reason, ReasonJA: ja, Retriable: true}
	}
	tests := map[string]struct {
		finished *spec.Finished
		exit     *spec.Exit
		bad      int
		want     ablation.Label
	}{
		"the trainer speaks both": {failed("no rows", "行がありません"), nil, 0, ablation.Label{EN: "no rows", JA: "行がありません"}},
		"the trainer speaks one": {failed("CUDA out of memory", ""), nil, 0, ablation.Label{
			EN: "the trainer says: CUDA out of memory", JA: "トレーナーの言葉：CUDA out of memory",
		}},
		"given up": {failed("no rows", "行がありません"), nil, 2, ablation.Label{
			EN: "no rows (given up after 3 attempts without a new checkpoint)",
			JA: "行がありません（新しいチェックポイントのないまま 3 回試みたので、打ち切りました）",
		}},
		"killed": {nil, &spec.Exit{Code: -1, Signal: "SIGKILL"}, 0, ablation.Label{
			EN: "the training process was ended by SIGKILL, without a word; its last lines are in stderr.log",
			JA: "学習プロセスが SIGKILL で、理由を残さずに終わりました。最後の出力は stderr.log にあります",
		}},
		"crashed": {nil, &spec.Exit{Code: 2}, 0, ablation.Label{
			EN: "the training process ended with status 2, without a word; its last lines are in stderr.log",
			JA: "学習プロセスが終了コード 2 で、理由を残さずに終わりました。最後の出力は stderr.log にあります",
		}},
		"not started": {nil, &spec.Exit{Code: -1, Error: "start part run: no such file"}, 0, ablation.Label{
			EN: "the training process could not be started: start part run: no such file",
			JA: "学習プロセスを起動できませんでした：start part run: no such file",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := judge(running, tt.finished, lost(tt.exit), false, tt.bad).reason; got != tt.want {
				t.Errorf("judge says %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestSilence: of an attempt without a last word its exit is told, what its job's shell printed, and what the batch system says.
func TestSilence(t *testing.T) {
	t.Parallel()
	const exit = `{"code":-1,"signal":"SIGKILL","part":"run","error":"","started":"2026-01-01T00:00:00Z","ended":"2026-01-01T00:00:01Z","nonce":"n"}`
	for name, tt := range map[string]struct {
		files map[string]string
		said  string
		want  ablation.Label
		words []string // of an alert
	}{
		"a module that no node has": {
			map[string]string{engine.JobLog: "slurm_script: 3: module: not found\n"}, "FAILED NonZeroExitCode", ablation.Label{
				EN: "the job ended before the training began; it printed: slurm_script: 3: module: not found (the batch system says: FAILED NonZeroExitCode)",
				JA: "ジョブが学習を始める前に終わりました。最後の出力：slurm_script: 3: module: not found（バッチシステムの表示：FAILED NonZeroExitCode）",
			}, []string{"slurm_script: 3: module: not found"},
		},
		"an image that isn't there, in a file of errors": {
			map[string]string{engine.JobLog: "a\nb\nc\n", engine.JobErrors: "no image\n"}, "", ablation.Label{
				EN: "the job ended before the training began; it printed: b; c; no image",
				JA: "ジョブが学習を始める前に終わりました。最後の出力：b; c; no image",
			}, []string{"a", "b", "c", "no image"},
		},
		"a node that failed before anything began": {
			nil, "NODE_FAIL", ablation.Label{
				EN: "the job ended before the training began, without a word (the batch system says: NODE_FAIL)",
				JA: "ジョブが、学習を始める前に、理由を残さずに終わりました（バッチシステムの表示：NODE_FAIL）",
			}, nil,
		},
		"no memory left": {
			map[string]string{spec.ProcessFile: "{}", spec.StderrFile: "step 7\n", engine.JobLog: "1\n2\n3\noom_kill\n"}, "OUT_OF_MEMORY OutOfMemory", ablation.Label{
				EN: "the training process ended without a word; its last lines are in stderr.log (the batch system says: OUT_OF_MEMORY OutOfMemory)",
				JA: "学習プロセスが理由を残さずに終わりました。最後の出力は stderr.log にあります（バッチシステムの表示：OUT_OF_MEMORY OutOfMemory）",
			}, []string{"step 7", "2", "3", "oom_kill"},
		},
		"killed on this machine": {
			map[string]string{spec.ProcessFile: "{}", spec.ExitFile: exit}, "", lost(&spec.Exit{Signal: "SIGKILL"}), nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &drive{Worker: &Worker{Data: t.TempDir()}, run: ablation.Run{ID: "r"}, attempt: ablation.Attempt{Number: 1}, said: tt.said}
			if err := os.MkdirAll(d.dir(), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range tt.files {
				if err := os.WriteFile(filepath.Join(d.dir(), file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.silence(); got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
			if got := processWords(d.dir()); !slices.Equal(got, tt.words) {
				t.Errorf("an alert has %q, want %q", got, tt.words)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause error
		want  ablation.Label
	}{
		{fmt.Errorf("write spec.json: %w", syscall.ENOSPC), ablation.Label{
			EN: "the disk of the run folders is full; free some space and retry the run",
			JA: "ランのフォルダーのディスクがいっぱいです。空きを作って、ランをもう一度実行してください",
		}},
		{fmt.Errorf("plan: %w", ablation.Conflict("no trainer", "トレーナーがありません")), ablation.Label{EN: "plan: no trainer", JA: "トレーナーがありません"}},
		{problems([]trainer.Problem{{Field: "model", Message: "is large", MessageJA: "大きすぎます"}}), ablation.Label{
			EN: "model: is large", JA: "model：大きすぎます",
		}},
		{errors.New("no such host"), ablation.Label{EN: "no such host", JA: "始められませんでした：no such host"}},
	} {
		if got := explain(tt.cause); got != tt.want {
			t.Errorf("%v: explain says %+v, want %+v", tt.cause, got, tt.want)
		}
	}
}
