package ablation

import (
	"math"
	"regexp"
	"strconv"
)

// start is what the recipe's runs start from, nil where they begin with fresh weights.
func (r *reader) start(n *node) *StartRef {
	if n == nil {
		return nil
	}
	f := r.fields(n, "run", "step", "take", "checkpoint", "sha256")
	if n.kind != kindMapping {
		return nil
	}
	out := &StartRef{Take: Take(r.choice(f["take"], string(TakeWeights), string(TakeWeights), string(TakeState)))}
	if f["checkpoint"] != nil {
		r.startFolder(f, out)
		return out
	}
	if f["run"] == nil && f["step"] == nil {
		r.problem(n, say("names nothing to start from; give run and step, or checkpoint", "開始点がありません。run と step か、checkpoint を書いてください"))
		return out
	}
	r.require(n, f, "run", "step")
	out.Run, out.Step = r.startRun(f["run"]), r.startStep(f["step"])
	if d := f["sha256"]; d != nil {
		r.problem(d, say("belongs to a checkpoint in a folder; that of a run is recorded at the start by itself, remove the key",
			"フォルダにあるチェックポイントのための項目です。ランのものは開始時に記録されるので、このキーを消してください"))
	}
	return out
}

// startFolder reads the keys of a checkpoint in a folder.
func (r *reader) startFolder(f map[string]*node, out *StartRef) {
	for _, key := range []string{"run", "step"} {
		if f[key] != nil {
			r.problem(f[key], say("stands beside checkpoint; start from a run at a step, or from a folder, not from both",
				"checkpoint と並べられません。ランとステップか、フォルダか、どちらか一方にしてください"))
		}
	}
	if out.Take == TakeState {
		r.problem(f["take"], say("a folder has weights alone to take; name the run and its step to go on from its state",
			"フォルダから引き継げるのは重みだけです。学習の状態から続けるには、ランとステップを書いてください"))
	}
	out.Checkpoint, out.SHA256 = r.folder(f["checkpoint"]), r.manifestDigest(f["sha256"])
}

func (r *reader) folder(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if n.text == "" || n.text[0] != '/' {
		r.problem(n, say("%s is no absolute path; give the checkpoint's folder from / on", "%s は絶対パスではありません。チェックポイントのフォルダを / から書いてください", strconv.Quote(n.text)))
	}
	return n.text
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (r *reader) manifestDigest(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if !digestPattern.MatchString(n.text) {
		r.problem(n, say("is no SHA-256; give the 64 hex digits of the checkpoint's manifest.json, or remove the key",
			"SHA-256 として読めません。チェックポイントの manifest.json の 16 進 64 桁を書くか、このキーを消してください"))
		return ""
	}
	return n.text
}

var startPattern = regexp.MustCompile(`^([0-9a-f]{16}|[a-z0-9][a-z0-9._-]{0,63}/[a-z0-9][a-z0-9._-]{0,63}(/[1-9][0-9]{0,9})?)$`)

func (r *reader) startRun(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if !startPattern.MatchString(n.text) {
		r.problem(n, say("%s names no run; give SWEEP/ARM, SWEEP/ARM/SEED, or the id that a run's page shows",
			"%s はランの指定として読めません。スイープ/アーム、スイープ/アーム/シード、またはランのページにある ID を書いてください", strconv.Quote(n.text)))
	}
	return n.text
}

// startStep is a step from 1, or 0 for the last.
func (r *reader) startStep(n *node) int64 {
	if n != nil && n.kind == kindScalar && n.text == "last" {
		return 0
	}
	if n != nil && n.kind == kindScalar && (n.quoted || !wholePattern.MatchString(n.text) || n.text == "0") {
		r.problem(n, say("is %s; give the step of a checkpoint, from 1, or last", "%s です。チェックポイントのステップ（1 以上）か last を書いてください", n.shown()))
		return 0
	}
	return r.whole(n, 0, 1, math.MaxInt64/2)
}
