package ablation

import "strings"

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
