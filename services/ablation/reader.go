package ablation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// reader turns nodes into values and keeps what is wrong on the way. Its methods take nil for a key that isn't there
// and return the default then; after a problem they return the default too, so that reading goes on.
type reader struct {
	lines    []string // of the document, for excerpts
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
	return strings.TrimRight(text, " ")
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
	return []string{"adaptive"}
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

// distinct is what read makes of each part of a list. A part with a problem, and one that stands there already, are left
// out.
func distinct[T comparable](r *reader, n *node, read func(*node) T) []T {
	if n == nil {
		return nil
	}
	var out []T
	for _, item := range r.list(n) {
		before, v := len(r.problems), read(item)
		switch {
		case len(r.problems) > before || item.kind == kindBad:
		case slices.Contains(out, v):
			r.twice(item)
		default:
			out = append(out, v)
		}
	}
	return out
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
