package orchestrator

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
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
			got := judge(tt.run, tt.finished, nil, tt.finished != nil && tt.finished.Step > 0, tt.bad)
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
			if got := judge(running, tt.finished, tt.exit, false, tt.bad).reason; got != tt.want {
				t.Errorf("judge says %+v, want %+v", got, tt.want)
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
