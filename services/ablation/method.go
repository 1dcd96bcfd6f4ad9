package ablation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kinds of recipes. An empty kind is KindPretrain, as of sweeps that were started before recipes had one.
const (
	KindPretrain = "pretrain"
	KindTune     = "tune"
)

// Names of methods.
const (
	MethodFull = "full"
	MethodLoRA = "lora"
)

// LoRATargets are the matrices of a layer that LoRA may lie beside: queries, keys and values together, what joins the heads, the
// feed-forward's two inner ones together, and its outer one.
var LoRATargets = []string{"qkv", "out", "gate_up", "down"}

// DefaultRank is LoRA's where a recipe names none; alpha is twice the rank then, and all matrices have it.
const DefaultRank = 8

// AnswerAfter is the line between a prompt and its answer where a recipe names none: the one by which added pairs are joined.
const AnswerAfter = "\n### Answer\n"

// Method is how a recipe of KindTune tunes. The zero value is of one that pre-trains.
type Method struct {
	Name    string  `json:"name"`
	Rank    int     `json:"rank,omitempty"`    // of LoRA alone, likewise
	Alpha   float64 `json:"alpha,omitempty"`   // what it adds is scaled by Alpha ÷ Rank
	Targets string  `json:"targets,omitempty"` // of LoRATargets, in their order, parted by spaces
	PeakLR  float64 `json:"peak_lr,omitempty"` // 0: the recipe's
}

// Tunes reports whether the recipe tunes a checkpoint.
func (r Recipe) Tunes() bool { return r.Kind == KindTune }

// Matrices are the targets one by one.
func (m Method) Matrices() []string { return strings.Fields(m.Targets) }

// String is what people call the method: full, LoRA 8, LoRA 8 (α 8, qkv out).
func (m Method) String() string {
	if m.Name != MethodLoRA {
		return m.Name
	}
	var apart []string
	if m.Alpha != float64(2*m.Rank) {
		apart = append(apart, fmt.Sprintf("α %g", m.Alpha))
	}
	if len(m.Matrices()) < len(LoRATargets) {
		apart = append(apart, m.Targets)
	}
	text := fmt.Sprintf("LoRA %d", m.Rank)
	if len(apart) > 0 {
		text += " (" + strings.Join(apart, ", ") + ")"
	}
	return text
}

// slug is the method in an arm's name.
func (m Method) slug() string {
	if m.Name != MethodLoRA {
		return m.Name
	}
	text := fmt.Sprintf("lora%d", m.Rank)
	if m.Alpha != float64(2*m.Rank) {
		text += fmt.Sprintf("a%g", m.Alpha)
	}
	if len(m.Matrices()) < len(LoRATargets) {
		text += "-" + strings.Join(m.Matrices(), "-")
	}
	return text
}

// method is the arm's own, nil for the recipe's.
func (a Arm) method() Method {
	if a.Variant == nil || a.Variant.Method == nil {
		return Method{}
	}
	return *a.Variant.Method
}

// Like reports whether two arms are peers whose runs are trained by one method.
func (a Arm) Like(b Arm) bool { return a.Peer(b) && a.method() == b.method() }

// kind reads what kind of recipe it is, and how it tunes.
func (r *reader) kind(f map[string]*node, out *Recipe) {
	out.Kind = r.choice(f["kind"], KindPretrain, KindPretrain, KindTune)
	if !out.Tunes() {
		out.Kind = ""
		for _, key := range []string{"method", "answer_after"} {
			if f[key] != nil {
				r.problem(f[key], say("belongs to a recipe that tunes; add kind: tune, or remove the key", "調整（tune）のレシピのための項目です。kind: tune を足すか、このキーを消してください"))
			}
		}
		return
	}
	out.Method = Method{Name: MethodFull}
	if f["method"] != nil {
		out.Method = r.method(f["method"])
	}
	out.AnswerAfter = r.answerAfter(f["answer_after"])
	switch {
	case f["start"] == nil:
		r.problem(f["kind"], say("tune needs a checkpoint to tune; add start: {run: SWEEP/ARM, step: last}, or start: {checkpoint: /FOLDER}",
			"tune には調整するチェックポイントが要ります。start: {run: スイープ/アーム, step: last} か start: {checkpoint: /フォルダ} を足してください"))
	case out.Start != nil && out.Start.Take == TakeState:
		r.problem(f["start"].find("recipe.start.take"), say("tuning takes the weights alone; remove take: state", "調整では重みだけを引き継ぎます。take: state を消してください"))
	}
}

// tunable says what a sweep that tunes lacks, and what one that doesn't has too much.
func (r *reader) tunable(recipe, design *node, s Sweep) {
	var methods []Method
	if s.Design.Product != nil {
		methods = s.Design.Product.Methods
	}
	if !s.Recipe.Tunes() {
		if len(methods) > 0 {
			r.problem(design.find("design.product.methods"), say("belong to a recipe that tunes; add kind: tune to recipe, or remove the key", "調整（tune）のレシピのための項目です。recipe に kind: tune を足すか、このキーを消してください"))
		}
		return
	}
	if methods == nil {
		methods = []Method{s.Recipe.Method}
	}
	if s.Recipe.Optimizer.PeakLR == 0 && slices.ContainsFunc(methods, func(m Method) bool { return m.PeakLR == 0 }) {
		r.problem(recipe.find("recipe.kind"), say("tune has no tried learning rate; add optimizer: {peak_lr: …}, for full well below the peak that the checkpoint was trained at, for lora about that, or peak_lr to each method",
			"tune には試した学習率がありません。optimizer: {peak_lr: …} を足すか、method ごとに peak_lr を書いてください。full ではチェックポイントの学習時のピークより十分低く、lora では同じくらいが目安です"))
	}
}

// method is full, lora, or keys that say more.
func (r *reader) method(n *node) Method {
	if n.kind != kindMapping {
		return lora(Method{Name: r.choice(n, MethodFull, MethodFull, MethodLoRA)})
	}
	f := r.fields(n, "name", "rank", "alpha", "targets", "peak_lr")
	r.require(n, f, "name")
	m := Method{Name: r.choice(f["name"], MethodFull, MethodFull, MethodLoRA)}
	m.PeakLR = r.number(f["peak_lr"], 0, span{low: 0, high: 1, above: true})
	for _, key := range []string{"rank", "alpha", "targets"} {
		if f[key] != nil && m.Name != MethodLoRA {
			r.problem(f[key], say("belongs to lora; remove it, or take name: lora", "lora のための項目です。消すか、name: lora にしてください"))
		}
	}
	if m.Name != MethodLoRA {
		return m
	}
	m.Rank = int(r.whole(f["rank"], DefaultRank, 1, maxWidth))
	m.Alpha = r.number(f["alpha"], 0, span{low: 0, high: 1e6, above: true})
	m.Targets = r.targets(f["targets"])
	return lora(m)
}

// lora fills in what a method of LoRA leaves open.
func lora(m Method) Method {
	if m.Name != MethodLoRA {
		return m
	}
	m.Rank = cmp.Or(m.Rank, DefaultRank)
	m.Alpha = cmp.Or(m.Alpha, float64(2*m.Rank))
	m.Targets = cmp.Or(m.Targets, strings.Join(LoRATargets, " "))
	return m
}

// targets are in the order of LoRATargets whatever the document's.
func (r *reader) targets(n *node) string {
	asked := distinct(r, n, func(item *node) string { return r.choice(item, "", LoRATargets...) })
	return strings.Join(slices.DeleteFunc(slices.Clone(LoRATargets), func(name string) bool { return !slices.Contains(asked, name) }), " ")
}

// answerAfter is the line after which an answer begins, between line ends.
func (r *reader) answerAfter(n *node) string {
	if !r.is(n, kindScalar) {
		return AnswerAfter
	}
	if strings.TrimSpace(n.text) == "" {
		r.problem(n, say("is blank; give the line that stands between prompts and answers, such as %q", "空です。プロンプトと答えの間にある行を %q のように書いてください", strings.TrimSpace(AnswerAfter)))
		return AnswerAfter
	}
	return "\n" + strings.Trim(n.text, "\n") + "\n"
}
