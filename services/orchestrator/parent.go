package orchestrator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// findParents finds what the recipe has its runs start from, and holds the sweep against it. What a sweep that is there
// already has recorded stays.
func (s *Sweeper) findParents(ctx context.Context, r *resolved) error {
	ref := r.Sweep.Recipe.Start
	if ref == nil {
		return nil
	}
	recorded := r.Sweep
	r.Sweep.Parents = nil
	if ref.Checkpoint != "" {
		return s.findFolder(r, recorded, *ref)
	}
	replicates := []int64{0}
	if ref.EachSeed() {
		replicates = r.Sweep.Seeds
	}
	for _, replicate := range replicates {
		f := parentFinder{Sweeper: s, resolved: r, ref: *ref}
		p, err := f.find(ctx, replicate, recorded.Parent(replicate))
		if err != nil {
			return r.placed(err)
		}
		r.Sweep.Parents = append(r.Sweep.Parents, p)
	}
	past := r.Sweep.Parents[0].Past
	if ref.Take == ablation.TakeState && r.existing == nil {
		r.Sweep.Recipe.GoOn(past.Recipe)
	}
	r.Sweep.Recipe.SetBytes = cmp.Or(r.Sweep.Recipe.SetBytes, past.Recipe.SetBytes)
	if r.Sweep.Recipe.ItemsOpen {
		r.Sweep.Recipe.Items, r.Sweep.Recipe.ItemsOpen = past.Recipe.Items, false // what goes on is asked the same
	}
	if err := r.fits(*past); err != nil {
		return r.placed(err)
	}
	return r.Sweep.CheckStart(r.Sources)
}

// wrong is a problem of a field, in both languages from the same arguments.
func wrong(field, en, ja string, args ...any) error {
	return invalid(field, "", fmt.Sprintf(en, args...), fmt.Sprintf(ja, args...))
}

// parentFinder finds one run that runs of a sweep start from.
type parentFinder struct {
	*Sweeper
	*resolved
	ref ablation.StartRef
}

func (f parentFinder) find(ctx context.Context, replicate int64, recorded *ablation.Parent) (ablation.Parent, error) {
	run, err := f.run(ctx, replicate)
	if err != nil {
		return ablation.Parent{}, err
	}
	p := ablation.Parent{
		Replicate: replicate, Run: run.ID, Name: fmt.Sprintf("%s/%s/%d", run.Sweep, run.Arm, run.Replicate), Step: cmp.Or(f.ref.Step, run.Steps),
	}
	if p.Past, err = f.past(ctx, run); err != nil {
		return p, err
	}
	if recorded != nil && recorded.SHA256 != "" {
		p.SHA256 = recorded.SHA256
		return p, nil
	}
	p.SHA256, err = f.checkpoint(ctx, run, p)
	return p, err
}

// run is the run that is named, for a replicate where each has its own.
func (f parentFinder) run(ctx context.Context, replicate int64) (ablation.Run, error) {
	id := f.ref.Run
	sweep, arm, seed, named := f.ref.Names()
	if named {
		if seed != "" {
			replicate, _ = strconv.ParseInt(seed, 10, 64) // its form was looked at when the document was read
		}
		id = ablation.RunID(sweep, arm, replicate)
	}
	run, err := f.Store.Run(ctx, id)
	if errors.Is(err, ablation.ErrNotFound) {
		return run, f.unknown(ctx, sweep, arm, replicate)
	}
	return run, err
}

// past is what a run did, and what its own weights had read before its first step.
func (s *Sweeper) past(ctx context.Context, run ablation.Run) (*ablation.Past, error) {
	sweep, err := s.Store.Sweep(ctx, run.Sweep)
	if err != nil {
		return nil, err
	}
	arms, err := s.Store.Arms(ctx, run.Sweep)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(arms, func(a ablation.Arm) bool { return a.Name == run.Arm })
	if i < 0 {
		return nil, fmt.Errorf("arm %s of sweep %s: %w", run.Arm, run.Sweep, ablation.ErrNotFound)
	}
	past := &ablation.Past{
		Recipe: sweep.Recipe.For(arms[i]), Tokenized: sweep.Tokenized, Weights: arms[i].Weights, DataSeed: run.DataSeed, MixSeed: run.MixSeed, InitSeed: run.InitSeed,
	}
	if past.Sources, err = s.Store.SweepSources(ctx, run.Sweep); err != nil {
		return nil, err
	}
	if p := sweep.Parent(run.Replicate); p != nil && p.Run != "" {
		before, err := s.Store.Run(ctx, p.Run)
		if err != nil {
			return nil, err
		}
		if p.Past, err = s.past(ctx, before); err != nil {
			return nil, err
		}
		past.Before = sweep.Before(run.Replicate)
	}
	return past, nil
}

// fits compares the arms' shapes with that of the runs that they start from, where one trainer knows both.
func (r *resolved) fits(past ablation.Past) error {
	if past.Recipe.Trainer != r.Sweep.Recipe.Trainer {
		return nil
	}
	was, err := shapeOf(past.Recipe.Shape, r.description, "recipe.start.run")
	if err != nil {
		return err
	}
	shapes, field := []ablation.Shape{r.Sweep.Recipe.Shape}, "recipe.shape"
	product := r.Sweep.Design.Product
	if product != nil && len(product.Shapes) > 0 {
		shapes, field = product.Shapes, "design.product.shapes[%d]"
	}
	for i, shape := range shapes {
		at := field
		if strings.Contains(field, "%") {
			at = fmt.Sprintf(field, i)
		}
		own, err := shapeOf(shape, r.description, at)
		if err != nil {
			return err
		}
		if own.Model != was.Model {
			return wrong(at, "is %s, and the weights of %s are of %s; give the shape that they have", "%s ですが、%s の重みは %s です。同じ形にしてください",
				modelText(own.Model), r.Sweep.Parents[0].Name, modelText(was.Model))
		}
	}
	return nil
}

// modelText is a shape as a sweep file writes it.
func modelText(m spec.Model) string {
	return fmt.Sprintf("{layers: %d, width: %d, heads: %d, ffn: %d}", m.Layers, m.Width, m.Heads, m.FFN)
}

// folderOf is where a checkpoint that is started from lies: where it was found, or its copy.
func (s *Sweeper) folderOf(r *resolved, digest string) string {
	return cmp.Or(r.found[digest], spec.KeptDir(s.Data, digest))
}
