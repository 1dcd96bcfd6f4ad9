package ablation

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	f := r.fields(root, "name", "question", "sources", "recipe", "schedules", "design", "seeds", "seed", "tasks", "budget", "recurrence")
	r.require(root, f, "name", "sources", "recipe", "schedules")
	s := Sweep{
		Name:       r.name(f["name"]),
		Question:   r.text(f["question"]),
		Sources:    r.sources(f["sources"]),
		Recipe:     r.recipe(f["recipe"]),
		Seeds:      r.seeds(f["seeds"]),
		Seed:       r.seed(f["seed"]),
		Tasks:      r.tasks(f["tasks"]),
		Budget:     r.budget(f["budget"]),
		Recurrence: r.recurrence(f["recurrence"]),
	}
	s.Schedules = r.schedules(f["schedules"], s)
	s.Design = r.design(f["design"], s)
	return s
}

func (r *reader) sources(n *node) []SourceRef {
	if n == nil {
		return nil
	}
	var out []SourceRef
	seen := map[string]bool{}
	for _, item := range r.list(n) {
		ref, place := r.source(item)
		if ref.Name == "" {
			continue
		}
		if seen[ref.Name] {
			r.twice(place)
			continue
		}
		seen[ref.Name] = true
		out = append(out, ref)
	}
	return out
}

// source is a name, or a name with a version.
func (r *reader) source(n *node) (SourceRef, *node) {
	if n.kind != kindMapping {
		return SourceRef{Name: r.name(n)}, n
	}
	f := r.fields(n, "name", "version")
	r.require(n, f, "name")
	return SourceRef{Name: r.name(f["name"]), Version: r.version(f["version"])}, f["name"]
}

var versionPattern = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func (r *reader) version(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if !versionPattern.MatchString(n.text) {
		r.problem(n, say("%s is no version; give the 8 hex digits that the sources page shows", "%s は版として読めません。データソースの一覧にある 16 進 8 桁を書いてください", strconv.Quote(n.text)))
		return ""
	}
	return n.text
}

func (r *reader) twice(n *node) {
	r.problem(n, say("%s stands here a second time; keep one", "%s が 2 回あります。1 つだけ残してください", n.text))
}

// seeds is a number of replicates, or the replicates themselves.
func (r *reader) seeds(n *node) []int64 {
	if n == nil {
		return replicates(3)
	}
	if n.kind != kindList {
		return replicates(r.whole(n, 1, 1, maxSeeds))
	}
	var out []int64
	for _, item := range r.list(n) {
		v := r.whole(item, 0, 1, math.MaxUint32)
		switch {
		case v == 0:
		case slices.Contains(out, v):
			r.twice(item)
		default:
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

func replicates(n int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i) + 1
	}
	return out
}

// seed is 64 bits, decimal or 0x….
func (r *reader) seed(n *node) *uint64 {
	if !r.is(n, kindScalar) {
		return nil
	}
	text, base := n.text, 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		text, base = hex, 16
	}
	v, err := strconv.ParseUint(text, base, 64)
	if err != nil || n.quoted {
		r.problem(n, say("is %s; give a whole number from 0 to 18446744073709551615, or 0x and hex digits",
			"%s です。0 から 18446744073709551615 までの整数か、0x に続く 16 進数を書いてください", n.shown()))
		return nil
	}
	return &v
}

func (r *reader) tasks(n *node) []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, item := range r.list(n) {
		name := r.name(item)
		switch {
		case name == "":
		case slices.Contains(out, name):
			r.twice(item)
		default:
			out = append(out, name)
		}
	}
	return out
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

var (
	cronPattern = regexp.MustCompile(`^[0-9A-Za-z*,/#?-]+(?: +[0-9A-Za-z*,/#?-]+){4}$`)
	zonePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$`)
)

func (r *reader) recurrence(n *node) *Recurrence {
	if n == nil {
		return nil
	}
	f := r.fields(n, "cron", "zone", "missed")
	r.require(n, f, "cron")
	return &Recurrence{
		Cron: r.matching(f["cron"], "", cronPattern, Label{EN: `five fields such as "0 22 * * *"`, JA: `"0 22 * * *" のような 5 つの欄`}),
		Zone: r.matching(f["zone"], "Asia/Tokyo", zonePattern, Label{EN: "a time zone such as Asia/Tokyo", JA: "Asia/Tokyo のようなタイムゾーン"}),

		Missed: r.choice(f["missed"], "skip", "skip", "once"),
	}
}

func (r *reader) matching(n *node, otherwise string, pattern *regexp.Regexp, wanted Label) string {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	if !pattern.MatchString(n.text) {
		r.problem(n, say("is %s; give %s", "%s です。%sを書いてください", strconv.Quote(n.text), wanted))
		return otherwise
	}
	return n.text
}
