package orchestrator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// unknown says which part of a run's name there isn't.
func (f parentFinder) unknown(ctx context.Context, sweep, arm string, replicate int64) error {
	const field = "recipe.start.run"
	if sweep == "" {
		return wrong(field, "there is no run %s; a run's page shows its id, or give SWEEP/ARM/SEED", "ラン %s はありません。ID はランのページにあります。スイープ/アーム/シードでも指定できます", f.ref.Run)
	}
	runs, err := f.Store.Runs(ctx, sweep)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return wrong(field, "there is no sweep %s; start it first, or name another", "スイープ %s はありません。先に開始するか、別のスイープを書いてください", sweep)
	}
	var arms, seeds []string
	for _, r := range runs {
		arms = append(arms, r.Arm)
		if r.Arm == arm {
			seeds = append(seeds, fmt.Sprint(r.Replicate))
		}
	}
	if len(seeds) == 0 {
		slices.Sort(arms)
		return wrong(field, "sweep %s has no arm %s; it has %s", "スイープ %s にアーム %s はありません。あるのは %s です", sweep, arm, few(slices.Compact(arms)))
	}
	return wrong(field, "%s/%s has no run with seed %d; there are %s", "%s/%s にシード %d のランはありません。あるのは %s です", sweep, arm, replicate, few(seeds))
}

// few are the first of many names.
func few(names []string) string {
	if len(names) > 12 {
		names = append(names[:12:12], "…")
	}
	return strings.Join(names, ", ")
}

// checkpoint is the digest of the checkpoint that the run has at the parent's step; empty where it has yet to get there,
// and will keep one.
func (f parentFinder) checkpoint(ctx context.Context, run ablation.Run, p ablation.Parent) (string, error) {
	if p.Step > run.Steps {
		return "", wrong("recipe.start.step", "is %d, %s has %d steps; give one of those, or last", "%d ですが、%s は %d ステップまでです。その中のステップか last を書いてください", p.Step, p.Name, run.Steps)
	}
	all, err := f.Store.Checkpoints(ctx, run.ID)
	if err != nil {
		return "", err
	}
	var kept []int64
	for _, c := range all {
		folder, there := f.there(run.ID, c)
		if there && c.Step == p.Step {
			f.found[c.ManifestSHA256] = folder
			return c.ManifestSHA256, nil
		}
		if there {
			kept = append(kept, c.Step)
		}
	}
	ahead := len(kept) == 0 || p.Step > kept[len(kept)-1]
	if ahead && !run.State.Ended() && (run.State == ablation.RunQueued || p.Past.Recipe.Keeps(p.Step)) {
		return "", nil
	}
	return "", noCheckpoint(run, p, kept)
}

// there is where a checkpoint lies, or its copy that was kept for another sweep; false where it is no more.
func (f parentFinder) there(run string, c ablation.SavedCheckpoint) (string, bool) {
	for _, folder := range []string{checkpointFolder(f.Data, run, c), spec.KeptDir(f.Data, c.ManifestSHA256)} {
		if _, digest, err := spec.FindCheckpoint(folder); err == nil && digest == c.ManifestSHA256 {
			return folder, true
		}
	}
	return "", false
}

// noCheckpoint names the steps on either side that have one.
func noCheckpoint(run ablation.Run, p ablation.Parent, kept []int64) error {
	const field = "recipe.start.step"
	i, _ := slices.BinarySearch(kept, p.Step)
	near := kept[max(0, i-1):min(len(kept), i+1)]
	steps := make([]string, len(near))
	for k, step := range near {
		steps[k] = fmt.Sprint(step)
	}
	switch {
	case len(near) > 0:
		return wrong(field, "%s keeps no checkpoint at step %d; the nearest that it has: %s", "%s にはステップ %d のチェックポイントがありません。近いのは %s です", p.Name, p.Step, strings.Join(steps, ", "))
	case run.State.Ended():
		return wrong(field, "%s has no checkpoint left, at step %d or any other; train it again, or start from another run", "%s には、ステップ %d を含めてチェックポイントが残っていません。学習し直すか、別のランから始めてください", p.Name, p.Step)
	}
	return wrong(field, "%s is training and keeps no checkpoint at step %d so far; start this sweep when it has one, or from its last step", "%s は学習中で、ステップ %d のチェックポイントはまだありません。できてから開始するか、最後のステップから始めてください", p.Name, p.Step)
}
