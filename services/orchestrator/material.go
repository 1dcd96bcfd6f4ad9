package orchestrator

import (
	"context"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/task"
)

// material gathers what the run's spec is made of, as its sweep recorded it.
func (d *drive) material(ctx context.Context) (material, ablation.Arm, error) {
	sweep, err := d.Store.Sweep(ctx, d.run.Sweep)
	if err != nil {
		return material{}, ablation.Arm{}, err
	}
	arm, err := d.arm(ctx)
	if err != nil {
		return material{}, arm, err
	}
	m := material{sweep: sweep, data: d.Data, threads: d.Threads}
	if m.sources, err = d.Store.SweepSources(ctx, sweep.Name); err != nil {
		return m, arm, err
	}
	if m.sets, err = heldoutSets(m.sources, sweep.Recipe.SetBytes); err != nil {
		return m, arm, err
	}
	tasks, err := d.Store.SweepTasks(ctx, sweep.Name)
	if err != nil {
		return m, arm, err
	}
	for _, t := range tasks {
		if t, err = task.Part(t, sweep.Recipe.Items); err != nil {
			return m, arm, err
		}
		m.tasks = append(m.tasks, heldout{t.Name, t.Path, t.SHA256})
	}
	description, err := d.Trainers.Describe(ctx, sweep.Recipe.Trainer)
	if err != nil {
		return m, arm, err
	}
	m.shape, err = shapeOf(sweep.Recipe.For(arm).Shape, description, "recipe.shape")
	return m, arm, err
}

func (d *drive) arm(ctx context.Context) (ablation.Arm, error) {
	arms, err := d.Store.Arms(ctx, d.run.Sweep)
	if err != nil {
		return ablation.Arm{}, err
	}
	i := slices.IndexFunc(arms, func(a ablation.Arm) bool { return a.Name == d.run.Arm })
	if i < 0 {
		return ablation.Arm{}, fmt.Errorf("arm %s of sweep %s: %w", d.run.Arm, d.run.Sweep, ablation.ErrNotFound)
	}
	return arms[i], nil
}

// heldoutSets is one scored set a source, of at most so many bytes.
func heldoutSets(sources []ablation.Source, bytes int64) ([]heldout, error) {
	sets := make([]heldout, 0, len(sources))
	for _, s := range sources {
		set, err := corpus.HeldoutSet(s.Dir, bytes)
		if err != nil {
			return nil, fmt.Errorf("held-out text of %s: %w", s.Name, err)
		}
		sets = append(sets, heldout{s.Name, set.Path, set.SHA256})
	}
	return sets, nil
}
