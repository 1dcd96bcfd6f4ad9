package ablation

func (r *reader) product(n *node, s Sweep) *Product {
	if n == nil {
		return nil
	}
	f := r.fields(n, "tokens", "shapes", "methods")
	if n.kind == kindMapping && f["tokens"] == nil && f["shapes"] == nil && f["methods"] == nil {
		r.problem(n, say("give tokens, such as [30M, 60M], or shapes, such as [1m, 2m], or both; of a recipe that tunes also methods, such as [full, lora]",
			"[30M, 60M] のような tokens か、[1m, 2m] のような shapes を書いてください（両方でもかまいません）。調整のレシピでは [full, lora] のような methods も書けます"))
	}
	return &Product{Tokens: r.lengths(f["tokens"], s), Shapes: distinct(r, f["shapes"], r.shape), Methods: distinct(r, f["methods"], r.method)}
}

// lengths are token budgets. Every schedule's stages must make sense in each of them.
func (r *reader) lengths(n *node, s Sweep) []int64 {
	return distinct(r, n, func(item *node) int64 {
		before, recipe := len(r.problems), s.Recipe
		recipe.Tokens = r.total(item)
		if len(r.problems) == before {
			r.steps(item, recipe)
			r.staged(item, recipe, s.Schedules)
		}
		return recipe.Tokens
	})
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
