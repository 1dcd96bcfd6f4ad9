package ablation

import (
	"math"
	"strconv"
)

// recipe is of runs that read so many sources.
func (r *reader) recipe(n *node, sources int) Recipe {
	if n == nil {
		return Recipe{}
	}
	f := r.fields(n, "trainer", "shape", "tokenizer", "tokens", "row_tokens", "batch_rows", "precision", "optimizer",
		"eval", "checkpoint", "on_divergence", "max_epochs", "start", "share_trunks", "kind", "method", "answer_after")
	r.require(n, f, "tokens")
	out := Recipe{
		Trainer:    r.name(f["trainer"]),
		Shape:      r.shape(f["shape"]),
		Tokenizer:  r.tokenizer(f["tokenizer"]),
		Tokens:     r.total(f["tokens"]),
		RowTokens:  int(r.whole(f["row_tokens"], 256, 8, 1<<20)),
		BatchRows:  int(r.whole(f["batch_rows"], 32, 1, 1<<20)),
		Precision:  r.choice(f["precision"], "fp32", "fp32", "bf16"),
		Optimizer:  r.optimizer(f["optimizer"]),
		Checkpoint: r.checkpoint(f["checkpoint"]),
		Divergence: r.divergence(f["on_divergence"]),
		MaxEpochs:  r.number(f["max_epochs"], 16, span{low: 0, high: math.Inf(1), above: true}),
		Start:      r.start(f["start"]),

		ShareTrunks: r.choice(f["share_trunks"], "true", "true", "false") == "true",
	}
	out.Left = left(f)
	r.kind(f, &out)
	r.evaluation(f["eval"], &out, sources)
	r.steps(f["tokens"], out)
	return out
}

// left is what the document leaves to the shape.
func left(recipe map[string]*node) Left {
	out := Left{BatchRows: recipe["batch_rows"] == nil, Beta2: true, ZLoss: true}
	if n := recipe["optimizer"]; n != nil {
		for _, e := range n.entries {
			out.Beta2 = out.Beta2 && e.key.text != "beta2"
			out.ZLoss = out.ZLoss && e.key.text != "z_loss"
		}
	}
	return out
}

// total is the token budget of a run; a fraction of what there is none of makes no sense here.
func (r *reader) total(n *node) int64 {
	if n != nil && n.kind == kindScalar && amountPattern.FindString(n.text) == "" {
		r.problem(n, say("%s is no number of tokens; give one such as 60M or 4096", "%s はトークン数として読めません。60M や 4096 のように書いてください", strconv.Quote(n.text)))
		return 1
	}
	before := len(r.problems)
	a := r.amount(n, Amount{Tokens: 1})
	if n != nil && a.Tokens == 0 && len(r.problems) == before {
		r.problem(n, say("is %s; give a number of tokens such as 60M", "%s です。60M のようなトークン数を書いてください", n.shown()))
	}
	return max(1, a.Tokens)
}

// steps refuses runs that are cut too finely to be written down.
func (r *reader) steps(n *node, recipe Recipe) {
	if steps := recipe.Steps(); n != nil && steps > maxSteps {
		r.problem(n, say("makes %d steps of %d tokens; at most %d: give fewer tokens, or larger row_tokens or batch_rows",
			"1 ステップ %[2]d トークンで %[1]d ステップになります。上限は %[3]d です。tokens を減らすか、row_tokens か batch_rows を大きくしてください",
			steps, recipe.TokensPerStep(), maxSteps))
	}
}

func (r *reader) optimizer(n *node) Optimizer {
	var f map[string]*node
	if n != nil {
		f = r.fields(n, "peak_lr", "warmup", "decay", "final_lr", "weight_decay", "clip", "beta2", "z_loss")
	}
	return Optimizer{
		PeakLR:      r.number(f["peak_lr"], 0, span{low: 0, high: 1, above: true}),
		Warmup:      r.amount(f["warmup"], Amount{Fraction: 0.02}),
		Decay:       r.choice(f["decay"], "cosine", "cosine", "linear", "wsd", "constant"),
		FinalLR:     r.part(f["final_lr"], 0.1),
		WeightDecay: r.number(f["weight_decay"], 0.1, span{low: 0, high: 10}),
		Clip:        r.number(f["clip"], 1, span{low: 0, high: math.Inf(1)}),
		Beta2:       r.number(f["beta2"], DefaultBeta2, span{low: 0, high: 0.9999, above: true}),
		ZLoss:       r.number(f["z_loss"], 0, span{low: 0, high: 1}),
	}
}

// part is a fraction of something that isn't tokens: 10% or 0.1.
func (r *reader) part(n *node, otherwise float64) float64 {
	a := r.amount(n, Amount{Fraction: otherwise})
	if a.Tokens > 0 {
		r.problem(n, say("is %s; give a fraction such as 0.1 or 10%%", "%s です。0.1 や 10%% のような割合を書いてください", n.shown()))
	}
	return a.Fraction
}

// evaluation is how often is scored, and how much text of each source and items of each task: more is surer and slower.
func (r *reader) evaluation(n *node, out *Recipe, sources int) {
	f := map[string]*node{}
	if n != nil {
		f = r.fields(n, "every", "tasks_every", "set_bytes", "items")
	}
	out.Eval, out.EvalOpen = r.interval(f["every"], out.defaultEval(sources)), f["every"] == nil
	if f["tasks_every"] != nil {
		out.TaskEval = r.interval(f["tasks_every"], out.Eval)
	}
	otherwise := out.defaultSetBytes(sources)
	if out.Start != nil && out.Start.Run != "" {
		otherwise = 0 // what goes on is scored on the same text
	}
	out.SetBytes = r.whole(f["set_bytes"], otherwise, 1<<10, 1<<30)
	out.ItemsOpen, out.Items = f["items"] == nil, r.items(f["items"])
}

// items is how many of each task are scored at most, 0: all.
func (r *reader) items(n *node) int64 {
	if n == nil || !r.is(n, kindScalar) || n.text == "all" {
		return 0
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v < 1 || !wholePattern.MatchString(n.text) {
		r.problem(n, say("is %s; give how many items of each task are scored at most, such as 200, or all",
			"%s です。各タスクで採点する問題数の上限を 200 のように書くか、all としてください", n.shown()))
	}
	return v
}

// interval is a length above zero.
func (r *reader) interval(n *node, otherwise Amount) Amount {
	a := r.amount(n, otherwise)
	if a.zero() {
		r.problem(n, say("is %s; give a length above 0, such as 5%%", "%s です。5%% のように 0 より長くしてください", n.shown()))
		return otherwise
	}
	return a
}

func (r *reader) checkpoint(n *node) Checkpoint {
	otherwise := Checkpoint{Every: Amount{Fraction: 0.1}, Keep: 2}
	if n == nil {
		return otherwise
	}
	f := r.fields(n, "every", "keep")
	return Checkpoint{Every: r.interval(f["every"], otherwise.Every), Keep: int(r.whole(f["keep"], int64(otherwise.Keep), 1, 1000))}
}
