package orchestrator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// resolved is a sweep file with everything that it names found.
type resolved struct {
	postgres.Application
	description trainer.Description
	notes       []ablation.Label  // of the expansion
	existing    *ablation.Sweep   // of the same name, nil for none
	stored      []ablation.Run    // its runs
	found       map[string]string // folders of the checkpoints that are started from, by their manifests' digests
	patience    time.Duration     // with a tokenizer that is being made
}

func (r *resolved) expansion() ablation.Expansion {
	return ablation.Expansion{Arms: r.Arms, Runs: r.Runs, Notes: r.notes}
}

// settle fixes what a recipe may leave open: shapes, learning rates, seed.
func (r *resolved) settle() error {
	recipe, product := &r.Sweep.Recipe, r.Sweep.Design.Product
	if err := r.hasPrecision(); err != nil {
		return r.placed(err)
	}
	shape, err := shapeOf(recipe.Shape, r.description, "recipe.shape")
	if err != nil {
		return r.placed(err)
	}
	r.fit(shape)
	if product == nil || len(product.Shapes) == 0 {
		recipe.Optimizer.PeakLR = cmp.Or(recipe.Optimizer.PeakLR, shape.PeakLR)
	} else if err := r.settleProduct(*product); err != nil {
		return r.placed(err)
	}
	if r.Sweep.Seed == nil {
		seed := r.Sweep.OwnSeed()
		r.Sweep.Seed = &seed
	}
	return nil
}

// fit takes what the recipe leaves open from its shape, of several the first; what a start has recorded stays, and of a run whose
// state is taken it is as that one was.
func (r *resolved) fit(shape trainer.Shape) {
	start, product := r.Sweep.Recipe.Start, r.Sweep.Design.Product
	if r.existing != nil || start != nil && start.Take == ablation.TakeState {
		return
	}
	if product != nil && len(product.Shapes) > 0 {
		first, err := shapeOf(product.Shapes[0], r.description, "")
		if err != nil {
			return // said where the product's shapes are found
		}
		shape = first
	}
	r.Sweep.Recipe.Fit(shape.StepTokens, shape.Beta2, shape.ZLoss)
}

// hasPrecision refuses a precision that the trainer doesn't compute in on this machine.
func (r *resolved) hasPrecision() error {
	want, have := r.Sweep.Recipe.Precision, r.description.Precisions
	if len(have) == 0 || slices.Contains(have, want) {
		return nil
	}
	name, all := r.description.Name, strings.Join(have, ", ")
	return invalid("recipe.precision", want,
		fmt.Sprintf("trainer %s has no %s on this machine; use one of: %s", name, want, all),
		fmt.Sprintf("トレーナー %s はこのマシンでは %s で計算できません。次のどれかにしてください: %s", name, want, all))
}

// settleProduct finds the product's shapes, and gives each its tried learning rate where the recipe names none. Rates
// that a start has recorded stay.
func (r *resolved) settleProduct(p ablation.Product) error {
	p.Rates = slices.Clone(p.Rates)
	var models []spec.Model
	for i, want := range p.Shapes {
		shape, err := shapeOf(want, r.description, fmt.Sprintf("design.product.shapes[%d]", i))
		if err != nil {
			return err
		}
		if r.Sweep.Recipe.Optimizer.PeakLR == 0 && i >= len(p.Rates) {
			p.Rates = append(p.Rates, shape.PeakLR)
		}
		if twin := slices.Index(models, shape.Model); twin >= 0 && rateOf(p, twin) == rateOf(p, i) {
			return wrong(fmt.Sprintf("design.product.shapes[%d]", i), "is the same model as %s; leave one of them out", "%s と同じモデルです。どちらかを外してください", p.Shapes[twin])
		}
		models = append(models, shape.Model)
	}
	r.Sweep.Design.Product = &p
	return nil
}

// rateOf is the learning rate of a product's shape, 0: the recipe's.
func rateOf(p ablation.Product, shape int) float64 {
	if shape < len(p.Rates) {
		return p.Rates[shape]
	}
	return 0
}

// placed puts problems of fields where those stand in the document.
func (r *resolved) placed(err error) error {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) {
		return err
	}
	return &ablation.Invalid{Problems: r.Sweep.Place(bad.Problems)}
}
