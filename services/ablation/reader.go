package ablation

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reader turns nodes into values and keeps what is wrong on the way. Its methods take nil for a key that isn't there
// and return the default then; after a problem they return the default too, so that reading goes on.
type reader struct {
	lines    []string
	problems []Problem
}

// say is a message in both languages from the same arguments; one that is a Label is said in each language.
func say(en, ja string, args ...any) Label {
	return Label{JA: fmt.Sprintf(ja, in("ja", args)...), EN: fmt.Sprintf(en, in("en", args)...)}
}

func in(lang string, args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if l, ok := a.(Label); ok {
			out[i] = l.In(lang)
		}
	}
	return out
}

func (r *reader) problem(n *node, message Label) {
	r.problems = append(r.problems, Problem{Field: n.field, Line: n.line, Column: n.column, Text: r.excerpt(n), Message: message})
}

// excerpt is the offending text: a scalar's first line, or what stands on the first line of a list or mapping.
func (r *reader) excerpt(n *node) string {
	if n.kind != kindList && n.kind != kindMapping {
		first, _, _ := strings.Cut(n.text, "\n")
		return first
	}
	if n.line > len(r.lines) {
		return ""
	}
	line := []rune(r.lines[n.line-1])
	return bracketed(string(line[min(n.column-1, len(line)):]))
}

// bracketed cuts a text behind the bracket that closes its first one.
func bracketed(text string) string {
	depth := 0
	for i, c := range text {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return strings.TrimRight(text, " \r")
}

// err is everything that was wrong, in document order, or nil.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Invalid{Problems: r.problems}
}

// fields is a mapping's values by key. Keys that aren't known, or stand twice, are problems.
func (r *reader) fields(n *node, known ...string) map[string]*node {
	fields := map[string]*node{}
	for _, e := range r.entries(n) {
		switch {
		case slices.Contains(known, e.key.text):
			fields[e.key.text] = e.value
		case slices.Contains(later(), e.key.text):
			r.problem(e.key, say("%s isn't available yet; remove the key", "%s はまだ使えません。このキーを消してください", e.key.text))
		default:
			r.problem(e.key, say("unknown key %s; %s", "不明なキー %s。%s", e.key.text, didYouMean(e.key.text, known)))
		}
	}
	return fields
}

// later are keys that the sweep file reserves.
func later() []string {
	return []string{"lattice", "dirichlet", "one_factor", "product", "adaptive", "start"}
}

// entries is a mapping's keys in document order, each once.
func (r *reader) entries(n *node) []entry {
	if !r.is(n, kindMapping) {
		return nil
	}
	var out []entry
	first := map[string]*node{}
	for _, e := range n.entries {
		if before := first[e.key.text]; before != nil {
			r.problem(e.key, say("%s stands here a second time, first in line %d; keep one", "%s が 2 回あります（最初は %d 行目）。1 つだけ残してください", e.key.text, before.line))
			continue
		}
		first[e.key.text] = e.key
		out = append(out, e)
	}
	return out
}

func (r *reader) list(n *node) []*node {
	if !r.is(n, kindList) {
		return nil
	}
	if len(n.items) == 0 {
		r.problem(n, say("the list is empty; give at least one", "一覧が空です。1 つ以上書いてください"))
	}
	return n.items
}

// require reports a key that isn't there, at the mapping that lacks it.
func (r *reader) require(parent *node, fields map[string]*node, keys ...string) {
	for _, key := range keys {
		if parent.kind != kindMapping || fields[key] != nil {
			continue
		}
		lacking := &node{field: strings.TrimPrefix(parent.field+"."+key, "."), line: parent.line, column: parent.column}
		r.problem(lacking, say("%s is missing; add it", "%s がありません。書き足してください", key))
	}
}

// is says whether the node is there and of a kind; another kind is a problem.
func (r *reader) is(n *node, want kind) bool {
	if n == nil || n.kind == kindBad {
		return false
	}
	if n.kind == want {
		return true
	}
	if n.kind == kindEmpty {
		r.problem(n, say("the value is missing; give %s, or remove the key", "値がありません。%sを書くか、キーを消してください", want.words()))
		return false
	}
	r.problem(n, say("is %s; give %s", "%sです。%sを書いてください", n.kind.words(), want.words()))
	return false
}

func (k kind) words() Label {
	switch k {
	case kindList:
		return Label{EN: "a list", JA: "一覧"}
	case kindMapping:
		return Label{EN: "keys with values", JA: "キーと値の組"}
	}
	return Label{EN: "one value", JA: "単独の値"}
}

func (r *reader) text(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	return n.text
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// name is a name that is safe as a folder, a metric's part and an argument.
func (r *reader) name(n *node) string {
	if !r.is(n, kindScalar) || !r.named(n) {
		return ""
	}
	return n.text
}

func (r *reader) named(n *node) bool {
	if namePattern.MatchString(n.text) {
		return true
	}
	r.problem(n, say("%s is no name; use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first",
		"%s は名前に使えません。英小文字、数字、. _ - で 64 字まで、先頭は英小文字か数字にしてください", strconv.Quote(n.text)))
	return false
}

func (r *reader) choice(n *node, otherwise string, options ...string) string {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	if !slices.Contains(options, n.text) {
		r.problem(n, say("%s isn't one of the choices; choose %s", "%s は選べません。%s から選んでください", strconv.Quote(n.text), strings.Join(options, ", ")))
		return otherwise
	}
	return n.text
}

var (
	wholePattern  = regexp.MustCompile(`^[0-9]+$`)
	numberPattern = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)
)

// whole is an integer from low to high.
func (r *reader) whole(n *node, otherwise, low, high int64) int64 {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if n.quoted || !wholePattern.MatchString(n.text) || err != nil || v < low || v > high {
		r.problem(n, say("is %s; give a whole number from %d to %d", "%s です。%d から %d までの整数を書いてください", n.shown(), low, high))
		return otherwise
	}
	return v
}

// span is the numbers from low to high; above leaves low itself out.
type span struct {
	low, high float64
	above     bool
}

func (s span) holds(v float64) bool { return v >= s.low && v <= s.high && !(s.above && v == s.low) }

func (s span) words() Label {
	switch {
	case s.above && math.IsInf(s.high, 1):
		return say("a number above %v", "%v より大きい数", s.low)
	case math.IsInf(s.high, 1):
		return say("a number of at least %v", "%v 以上の数", s.low)
	case s.above:
		return say("a number above %v and at most %v", "%v より大きく %v 以下の数", s.low, s.high)
	}
	return say("a number from %v to %v", "%v から %v までの数", s.low, s.high)
}

// number is a decimal within a span.
func (r *reader) number(n *node, otherwise float64, s span) float64 {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if n.quoted || !numberPattern.MatchString(n.text) || err != nil || !s.holds(v) {
		r.problem(n, say("is %s; give %s", "%s です。%sを書いてください", n.shown(), s.words()))
		return otherwise
	}
	return v
}

// share is a decimal from 0 to 1.
func (r *reader) share(n *node) float64 {
	if !r.is(n, kindScalar) {
		return 0
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if n.quoted || !numberPattern.MatchString(n.text) || err != nil || v < 0 || v > 1 {
		r.problem(n, say("is %s; give a share from 0 to 1, such as 0.57", "%s です。0.57 のように 0 から 1 までの割合を書いてください", n.shown()))
		return 0
	}
	return v
}

// shown is a scalar as a message shows it: text that was quoted stays so.
func (n *node) shown() string {
	if n.quoted {
		return strconv.Quote(n.text)
	}
	return n.text
}

// place is a problem of a field of the sweep's document, with the line and column where the field stands: those of its
// nearest parent where it isn't written out, none where the document is not at hand.
func (s Sweep) place(field string, message Label) Problem {
	p := Problem{Field: field, Message: message}
	r := &reader{}
	n := r.document([]byte(s.Document))
	if n == nil {
		return p
	}
	found := n.find(field)
	p.Line, p.Column, p.Text = found.line, found.column, r.excerpt(found)
	return p
}

// find is the node of a field, or the nearest parent's. A name may hold a dot: the longest that fits is meant.
func (n *node) find(field string) *node {
	best := n
	for _, e := range n.entries {
		if within(field, e.key.field) && len(e.key.field) > len(best.field) {
			best = e.key
			if e.value.kind == kindScalar || e.key.field != field {
				best = e.value
			}
		}
	}
	for _, item := range n.items {
		if within(field, item.field) {
			best = item
		}
	}
	if best == n || best.field == field {
		return best
	}
	return best.find(field)
}

func within(field, parent string) bool {
	rest, ok := strings.CutPrefix(field, parent)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
