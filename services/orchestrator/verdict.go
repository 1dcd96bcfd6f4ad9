package orchestrator

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// outcomeLost is the outcome of an attempt that ended without a word.
const outcomeLost = "lost"

// maxTries is how many attempts in a row may end badly without saving a checkpoint before the run is given up.
const maxTries = 3

// verdict says what the proved end of an attempt means for its run.
type verdict struct {
	outcome string
	reason  ablation.Label
	next    ablation.RunState
}

// judge reads an attempt's last word. A nil finished means that there was none: then silence is what is known. bad is how many attempts before this one ended badly since the last checkpoint.
// saved says that this one saved a checkpoint, or was asked to leave.
func judge(run ablation.Run, finished *spec.Finished, silence ablation.Label, saved bool, bad int) verdict {
	if finished == nil {
		return again(run, outcomeLost, silence, bad)
	}
	reason := words(finished)
	switch finished.Outcome {
	case spec.OutcomeCompleted:
		return completed(run, finished)
	case spec.OutcomeDiverged:
		return verdict{finished.Outcome, reason, ablation.RunDiverged}
	case spec.OutcomeStopped:
		return stopped(run, finished, saved, bad)
	}
	if !finished.Retriable {
		return verdict{finished.Outcome, reason, ablation.RunFailed}
	}
	return again(run, finished.Outcome, reason, bad)
}

// words are what a runner ended with. Those that it has in one language alone are marked as its own.
func words(f *spec.Finished) ablation.Label {
	switch {
	case f.Reason == "":
		return ablation.Label{}
	case f.ReasonJA == "":
		return say("the trainer says: %s", "トレーナーの言葉：%s", f.Reason)
	}
	return ablation.Label{EN: f.Reason, JA: f.ReasonJA}
}

// lost is what is known of a process that ended without a word.
func lost(exit *spec.Exit) ablation.Label {
	switch {
	case exit == nil:
		return say("the training process ended without a word; its last lines are in stderr.log",
			"学習プロセスが理由を残さずに終わりました。最後の出力は stderr.log にあります")
	case exit.Error != "":
		return say("the training process could not be started: %s", "学習プロセスを起動できませんでした：%s", exit.Error)
	case exit.Signal != "":
		return say("the training process was ended by %s, without a word; its last lines are in stderr.log",
			"学習プロセスが %s で、理由を残さずに終わりました。最後の出力は stderr.log にあります", exit.Signal)
	}
	return say("the training process ended with status %d, without a word; its last lines are in stderr.log",
		"学習プロセスが終了コード %d で、理由を残さずに終わりました。最後の出力は stderr.log にあります", exit.Code)
}

// neverBegan is what is known of a job that ended before exec began: what its shell printed last.
func neverBegan(words []string) ablation.Label {
	if len(words) == 0 {
		return say("the job ended before the training began, without a word", "ジョブが、学習を始める前に、理由を残さずに終わりました")
	}
	last := strings.Join(words[max(0, len(words)-3):], "; ")
	return say("the job ended before the training began; it printed: %s", "ジョブが学習を始める前に終わりました。最後の出力：%s", last)
}

// tells adds what a batch system says of the end.
func tells(what ablation.Label, said string) ablation.Label {
	if said == "" {
		return what
	}
	return ablation.Label{EN: what.EN + fmt.Sprintf(" (the batch system says: %s)", said), JA: what.JA + fmt.Sprintf("（バッチシステムの表示：%s）", said)}
}

// say is a text in both languages from the same arguments.
func say(en, ja string, args ...any) ablation.Label {
	return ablation.Label{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}
}

// explain is what a person reads of an attempt that couldn't be begun.
func explain(cause error) ablation.Label {
	var refused *ablation.Refusal
	var bad *ablation.Invalid
	switch {
	case errors.Is(cause, syscall.ENOSPC):
		return say("the disk of the run folders is full; free some space and retry the run",
			"ランのフォルダーのディスクがいっぱいです。空きを作って、ランをもう一度実行してください")
	case errors.As(cause, &refused):
		return ablation.Label{EN: cause.Error(), JA: refused.Message.In("ja")}
	case errors.As(cause, &bad):
		return ablation.Label{EN: cause.Error(), JA: inJapanese(bad)}
	}
	return ablation.Label{EN: cause.Error(), JA: fmt.Sprintf("始められませんでした：%v", cause)}
}

func inJapanese(bad *ablation.Invalid) string {
	lines := make([]string, len(bad.Problems))
	for i, p := range bad.Problems {
		lines[i] = p.Field + "：" + p.Message.In("ja")
	}
	return strings.Join(lines, "\n")
}

func completed(run ablation.Run, f *spec.Finished) verdict {
	if f.Step == run.Steps {
		return verdict{f.Outcome, ablation.Label{}, ablation.RunCompleted}
	}
	reason := say("the runner says completed at step %d of %d", "ランナーは %[2]d ステップのうち %[1]d で完了したと言っています", f.Step, run.Steps)
	return verdict{spec.OutcomeFailed, reason, ablation.RunFailed}
}

// stopped is what somebody asked for, or else a runner that left unasked, as before a time limit, and is queued again. One that
// got nowhere meanwhile would do so for ever.
func stopped(run ablation.Run, f *spec.Finished, saved bool, bad int) verdict {
	switch {
	case run.State == ablation.RunStopping:
		return verdict{f.Outcome, words(f), ablation.RunStopped}
	case saved:
		return verdict{f.Outcome, words(f), ablation.RunQueued}
	}
	return again(run, spec.OutcomeFailed, say("the runner left at step %d without being asked to, and saved nothing; a time limit must leave room for a checkpoint",
		"ランナーが頼まれないままステップ %d で終わり、何も保存していません。時間制限には、チェックポイントを保存できるだけの余裕が要ります", f.Step), bad)
}

func again(run ablation.Run, outcome string, reason ablation.Label, bad int) verdict {
	if run.State == ablation.RunStopping {
		return verdict{outcome, reason, ablation.RunStopped}
	}
	if bad+1 >= maxTries {
		reason.EN += fmt.Sprintf(" (given up after %d attempts without a new checkpoint)", bad+1)
		reason.JA += fmt.Sprintf("（新しいチェックポイントのないまま %d 回試みたので、打ち切りました）", bad+1)
		return verdict{outcome, reason, ablation.RunFailed}
	}
	return verdict{outcome, reason, ablation.RunQueued}
}
