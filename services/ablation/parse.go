package ablation

import (
	"bytes"
	"math"
)

// Bounds of a sweep that keep a typing error from making a million runs.
const (
	maxSeeds = 1000
	maxSteps = 1_000_000 // of a run: a ramp writes its weights for every step
)

// ParseSweep reads a sweep file, strictly: an unknown key, a wrong type, a stage that can't be, an unknown source are
// problems. It returns the sweep with every default filled in, or an *[Invalid] with all problems in document order.
// What only the stored sources can tell (languages, epochs) is [Sweep.Plan]'s to say.
func ParseSweep(data []byte) (Sweep, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &reader{}
	root := r.document(data)
	if root == nil {
		return Sweep{}, r.err()
	}
	s := r.sweep(root)
	if err := r.err(); err != nil {
		return Sweep{}, err
	}
	s.Document = string(data)
	return s, nil
}

func (r *reader) sweep(root *node) Sweep {
	f := r.fields(root, "name", "question", "sources", "recipe", "schedules", "design", "seeds", "seed", "tasks", "budget", "keep", "early_stop", "recurrence")
	r.require(root, f, "name", "sources", "recipe", "schedules")
	s := Sweep{
		Name:       r.name(f["name"]),
		Sources:    r.sources(f["sources"]),
		Seeds:      r.seeds(f["seeds"]),
		Seed:       r.seed(f["seed"]),
		Tasks:      distinct(r, f["tasks"], r.name),
		Budget:     r.budget(f["budget"]),
		Keep:       r.keep(f["keep"]),
		EarlyStop:  r.earlyStop(f["early_stop"]),
		Recurrence: r.recurrence(f["recurrence"]),
	}
	s.Question, s.QuestionEN = r.question(f["question"])
	r.recurring(f["name"], s)
	s.Recipe = r.recipe(f["recipe"], len(s.Sources))
	s.Schedules = r.schedules(f["schedules"], s)
	s.Design = r.design(f["design"], s)
	r.shortest(f["recipe"], &s)
	r.tunable(f["recipe"], f["design"], s)
	return s
}

// question is one text, or one in each language.
func (r *reader) question(n *node) (text, english string) {
	l := r.label(n)
	if l.JA == "" || l.JA == l.EN {
		return l.EN, ""
	}
	return l.JA, l.EN
}

// shortest fits what is scored by default, and how often, to the shortest runs of a product.
func (r *reader) shortest(recipe *node, s *Sweep) {
	if s.Design.Product == nil || len(s.Design.Product.Tokens) == 0 || recipe == nil {
		return
	}
	short := s.shortest()
	if s.Recipe.EvalOpen {
		s.Recipe.Eval = short.defaultEval(len(s.Sources))
		short.Eval = s.Recipe.Eval
	}
	if s.Recipe.SetBytes != 0 && recipe.find("recipe.eval.set_bytes").field != "recipe.eval.set_bytes" {
		s.Recipe.SetBytes = short.defaultSetBytes(len(s.Sources))
	}
}

// keep is for how many days bulk is kept after a run's end; what isn't named is for good.
func (r *reader) keep(n *node) (k Keep) {
	if n == nil {
		return k
	}
	f := r.fields(n, string(KeptPoints), string(KeptCheckpoints), string(KeptLogs))
	for of, days := range map[Kept]**int{KeptPoints: &k.Points, KeptCheckpoints: &k.Checkpoints, KeptLogs: &k.Logs} {
		if f[string(of)] != nil {
			n := int(r.whole(f[string(of)], 0, 0, mostDays))
			*days = &n
		}
	}
	return k
}

func (r *reader) budget(n *node) Budget {
	if n == nil {
		return Budget{}
	}
	f := r.fields(n, "yen", "gpu_hours", "runs_at_once")
	positive := span{low: 0, high: math.Inf(1), above: true}
	return Budget{
		Yen:        r.number(f["yen"], 0, positive),
		GPUHours:   r.number(f["gpu_hours"], 0, positive),
		RunsAtOnce: int(r.whole(f["runs_at_once"], 0, 1, 10_000)),
	}
}
