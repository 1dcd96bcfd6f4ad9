package ablation

import "slices"

func (r *reader) product(n *node, s Sweep) *Product {
	if n == nil {
		return nil
	}
	f := r.fields(n, "tokens", "shapes")
	if n.kind == kindMapping && f["tokens"] == nil && f["shapes"] == nil {
		r.problem(n, say("give tokens, such as [30M, 60M], or shapes, such as [1m, 2m], or both", "[30M, 60M] のような tokens か、[1m, 2m] のような shapes を書いてください（両方でもかまいません）"))
	}
	return &Product{Tokens: r.lengths(f["tokens"], s), Shapes: r.shapes(f["shapes"])}
}

// lengths are token budgets. Every schedule's stages must make sense in each of them.
func (r *reader) lengths(n *node, s Sweep) []int64 {
	if n == nil {
		return nil
	}
	var out []int64
	for _, item := range r.list(n) {
		before, tokens := len(r.problems), r.total(item)
		switch {
		case len(r.problems) > before:
		case slices.Contains(out, tokens):
			r.twice(item)
		default:
			recipe := s.Recipe
			recipe.Tokens = tokens
			r.steps(item, recipe)
			r.staged(item, recipe, s.Schedules)
			out = append(out, tokens)
		}
	}
	return out
}

// staged refuses a budget of which a schedule's stages leave something over, or that is too short for one of them.
func (r *reader) staged(n *node, recipe Recipe, schedules []Schedule) {
	for _, c := range schedules {
		last := int64(0)
		for _, stage := range c.Stages {
			step := stage.Until.Steps(recipe)
			switch {
			case stage.Until.Tokens > 0:
				r.problem(n, say("schedule %s has a stage that ends at a number of tokens; with several lengths give fractions in until", "%s に、トークン数で終わる段階があります。長さを振るときは until を割合で書いてください", c.Name))
				return
			case step <= last:
				r.problem(n, say("is too short for schedule %s: one of its stages would be shorter than a step (%d tokens)", "%s には短すぎます。1 ステップ（%d トークン）より短い段階ができます", c.Name, recipe.TokensPerStep()))
				return
			}
			last = step
		}
	}
}

func (r *reader) shapes(n *node) []Shape {
	if n == nil {
		return nil
	}
	var out []Shape
	for _, item := range r.list(n) {
		before, shape := len(r.problems), r.shape(item)
		switch {
		case len(r.problems) > before:
		case slices.Contains(out, shape):
			r.twice(item)
		default:
			out = append(out, shape)
		}
	}
	return out
}
