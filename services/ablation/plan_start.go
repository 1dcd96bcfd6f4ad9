package ablation

import (
	"fmt"
	"slices"
	"strings"
)

// CheckStart says what keeps the sweep's runs from starting from its parents, an *[Invalid]: to go on from a state, a run
// reads the same text the same way. text is the sweep's sources. Shapes are for those to compare who know the trainer's.
func (s Sweep) CheckStart(text []Source) error {
	c := startCheck{sweep: s}
	if p := s.branch(); p != nil {
		c.seeds()
		c.recipe(*p)
		c.sources(*p, text)
		c.lengths(*p)
	}
	if len(c.problems) > 0 {
		return &Invalid{Problems: c.problems}
	}
	return nil
}

// startCheck collects what differs from a parent whose state is taken.
type startCheck struct {
	sweep    Sweep
	problems []Problem
}

func (c *startCheck) problem(field string, message Label) {
	c.problems = append(c.problems, c.sweep.place(field, message))
}

// seeds of one run would all be that run again.
func (c *startCheck) seeds() {
	if n := len(c.sweep.Seeds); n > 1 && !c.sweep.Recipe.Start.EachSeed() {
		c.problem("seeds", say("are %d, and all would go on from one run with its seeds, bit for bit alike; give 1, or start from SWEEP/ARM, which is for each seed the run with that seed",
			"%d 個ありますが、どれも 1 つのランをそのシードのまま続けるので、同じ結果になります。1 にするか、スイープ/アーム（シードごとに同じ番号のラン）から始めてください", n))
	}
}

func (c *startCheck) recipe(p Parent) {
	own, was := c.sweep.Recipe, p.Past.Recipe
	for _, f := range []struct{ field, own, was string }{
		{"trainer", own.Trainer, was.Trainer},
		{"tokenizer", own.Tokenizer, was.Tokenizer},
		{"row_tokens", fmt.Sprint(own.RowTokens), fmt.Sprint(was.RowTokens)},
		{"batch_rows", fmt.Sprint(own.BatchRows), fmt.Sprint(was.BatchRows)},
		{"precision", own.Precision, was.Precision},
	} {
		if f.own != f.was {
			c.problem("recipe."+f.field, say("is %s, %s was trained with %s; to go on from its state give %[3]s, or take its weights alone",
				"%s ですが、%s の学習では %s でした。状態から続けるには %[3]s にしてください。重みだけを引き継ぐなら、このままで構いません", f.own, p.Name, f.was))
		}
	}
}

// sources must begin as the parent's do: a source's place is part of the order in which its rows are read.
func (c *startCheck) sources(p Parent, text []Source) {
	same := func(a, b Source) bool { return a.Name == b.Name && a.ManifestSHA256 == b.ManifestSHA256 }
	if n := len(p.Past.Sources); len(text) >= n && slices.EqualFunc(text[:n], p.Past.Sources, same) {
		return
	}
	refs := make([]string, len(p.Past.Sources))
	for i, source := range p.Past.Sources {
		refs[i] = fmt.Sprintf("{name: %s, version: %s}", source.Name, source.Version)
	}
	c.problem("sources", say("aren't those of %s; to go on from its state begin with [%s], further ones may follow",
		"%s のデータソースと異なります。状態から続けるには、はじめに [%s] を並べてください。その後ろに足すことはできます", p.Name, strings.Join(refs, ", ")))
}

// lengths count from the parent's first step.
func (c *startCheck) lengths(p Parent) {
	told := map[string]bool{}
	for i, v := range c.sweep.Design.Product.variants() {
		field := "recipe.tokens"
		if v != nil && v.Tokens > 0 {
			field = fmt.Sprintf("design.product.tokens[%d]", i%len(c.sweep.Design.Product.Tokens))
		}
		r := c.sweep.Recipe.For(Arm{Variant: v})
		if r.Steps() > p.Step || told[field] {
			continue
		}
		told[field] = true
		c.problem(field, say("ends at step %d, and %s has come to step %d; tokens count from its first step: give more than %d",
			"ステップ %d で終わりますが、%s はステップ %d まで進んでいます。トークンはそのランの最初から数えます。%d より大きくしてください",
			r.Steps(), p.Name, p.Step, p.Step*r.TokensPerStep()))
	}
}

// begin says what a reader of the results should know of what the runs start from.
func (p *Plan) begin(s Sweep) {
	told := map[Label]bool{}
	for _, parent := range s.Parents {
		for _, w := range s.startWarnings(parent, p.Sources) {
			if !told[w] {
				p.warning(w)
			}
			told[w] = true
		}
	}
	if s.branch() != nil && slices.ContainsFunc(p.Arms, func(a PlanArm) bool { return !s.Recipe.For(a.Arm).undivided(s.Parents[0]) }) {
		p.warning(say("the learning rate follows another course from step %d on than it would have in one undivided run; for a smooth branch give the peak, warm-up, weight decay and clip of %s, and branch before its decay begins, at step %d",
			"ステップ %d からの学習率は、分けずに 1 つのランとして学習した場合と異なります。なめらかにつなぐには、ピーク、ウォームアップ、weight decay、clip を %s とそろえ、減衰が始まるステップ %d までに分岐してください",
			s.BranchStep(), s.Parents[0].Name, s.Parents[0].Past.Recipe.held()))
	}
}

func (s Sweep) startWarnings(p Parent, text []Source) (all []Label) {
	if p.SHA256 == "" {
		all = append(all, say("%s has yet to come to step %d: the runs that start there wait for it", "%s はまだステップ %d に達していません。そこから始まるランは、それまで待ちます", p.Name, p.Step))
	}
	if p.Past == nil {
		return append(all, say("what the weights in %s have read isn't known: epochs count this sweep's reading alone, and held-out text may be among what they have read",
			"%s の重みが何を読んだかは分かりません。エポック数はこのスイープで読む分だけで、検証用のテキストを読んでいるおそれもあります", p.Name))
	}
	for _, was := range p.Past.Sources {
		i := slices.IndexFunc(text, func(v Source) bool { return v.Name == was.Name })
		if i >= 0 && text[i].ManifestSHA256 != was.ManifestSHA256 {
			all = append(all, say("%s has read version %s of %s, and this sweep reads %s: text that is held out here may be among what it has read",
				"%s は %[3]s の版 %[2]s を読んでいて、このスイープは版 %[4]s を読みます。ここで検証に使うテキストを読んでいるおそれがあります", p.Name, was.Version, was.Name, text[i].Version))
		}
	}
	if s.rereads(p, text) {
		all = append(all, say("the runs have the data seeds of those that they start from: of each source they read the same rows first, in the same order; give another seed",
			"開始点のランとデータのシードが同じです。各データソースを、同じ行から同じ順に読み直すことになります。seed を変えてください"))
	}
	return all
}

// rereads reports whether runs that take weights alone read again, in the same order, what those have read.
func (s Sweep) rereads(p Parent, text []Source) bool {
	read := p.read()
	again := slices.ContainsFunc(text, func(source Source) bool { return read[source.Name] > 0 })
	if !again || s.Seed == nil || s.Recipe.Start.Take == TakeState {
		return false
	}
	return slices.ContainsFunc(s.Seeds, func(replicate int64) bool {
		return (p.Replicate == 0 || p.Replicate == replicate) && replicateSeed(*s.Seed, replicate, seedData) == p.Past.DataSeed
	})
}
