package ablation

import (
	"slices"
	"strings"
)

// patches are texts with the change made, the smallest change first: at its own place, then by writing anew ever larger
// parts around it, for texts laid out so that a small change isn't safe. want is the tree that the text shall read as.
func (c *change) patches(text []byte, root, want *node) [][]byte {
	l := newLayout(text, root)
	parent := root.at(c.path[:len(c.path)-1])
	all := [][]byte{l.patch(c, parent)}
	for i := len(c.path) - 1; i > 0; i-- {
		holder, last := root.at(c.path[:i-1]), c.path[i-1]
		all = append(all, l.replace(holder, last, want.at(c.path[:i])))
	}
	return all
}

// patch makes the change in the list or mapping that it is in.
func (l *layout) patch(c *change, parent *node) []byte {
	last := c.last()
	switch {
	case c.op == EditRename:
		key := l.spans[parent.entries[parent.entry(last)].key]
		return l.cut(key.start, key.end, c.value.scalar())
	case c.op == EditRemove:
		return l.remove(parent, last)
	case c.op == EditSet && parent.at([]string{last}) != nil:
		return l.replace(parent, last, c.value)
	}
	at := parent.size()
	if parent.kind == kindList && last != "-" {
		at = parent.index(last)
	}
	return l.insert(parent, at, last, c.value)
}

// cut is the text with a stretch replaced.
func (l *layout) cut(start, end int, by string) []byte {
	return slices.Concat(l.text[:start], []byte(by), l.text[end:])
}

// replace puts a value in the place of another.
func (l *layout) replace(parent *node, last string, value *node) []byte {
	old := parent.at([]string{last})
	span := l.spans[old]
	i := parent.entry(last)
	if i < 0 || l.flows(old) || old.kind == kindScalar {
		by := l.styled(span, value)
		if span.start == span.end {
			by = " " + by
		}
		return l.cut(span.start, span.end, by)
	}
	colon := l.colon(parent.entries[i].key)
	line := l.lineEnd(colon) // what follows the key on its line is a comment, or nothing
	if old.kind == kindEmpty {
		return l.cut(span.start, span.end, " "+value.flow())
	}
	return slices.Concat(l.text[:colon+1], []byte(" "+value.flow()), l.text[colon+1:line], l.text[span.end:])
}

// styled is a value as it is written where one stands already: text in the quotes that were there.
func (l *layout) styled(span stretch, value *node) string {
	mark := l.byteAt(span.start)
	if value.kind == kindScalar && value.quoted && mark == '\'' && !strings.ContainsAny(value.text, "'\n\r\t") {
		return "'" + value.text + "'"
	}
	return value.flow()
}

// flows reports whether a node is written between brackets.
func (l *layout) flows(n *node) bool {
	c := l.byteAt(l.spans[n].start)
	return (n.kind == kindList || n.kind == kindMapping) && (c == '[' || c == '{')
}

// part is where an entry or item of a list or mapping lies.
func (l *layout) part(parent *node, i int) stretch {
	if len(parent.entries) > 0 {
		e := parent.entries[i]
		return stretch{l.spans[e.key].start, max(l.spans[e.value].end, l.colon(e.key)+1)}
	}
	return l.spans[parent.items[i]]
}

func (l *layout) insert(parent *node, at int, key string, value *node) []byte {
	text := value.flow()
	if parent.kind == kindMapping {
		text = (&node{text: key}).scalar() + ": " + text
	}
	if !l.flows(parent) && parent.size() > 0 {
		return l.insertLine(parent, at, key, value)
	}
	switch {
	case parent.size() == 0:
		start := l.spans[parent].start + 1
		return l.cut(start, start, text)
	case at < parent.size():
		start := l.part(parent, at).start
		return l.cut(start, start, text+", ")
	}
	end := l.part(parent, at-1).end
	return l.cut(end, end, ", "+text)
}

// insertLine adds lines to a block.
func (l *layout) insertLine(parent *node, at int, key string, value *node) []byte {
	newline, indent := l.newline(), parent.column-1
	text := strings.Repeat(" ", indent) + "- " + value.flow()
	if parent.kind == kindMapping {
		indent = parent.entries[0].key.column - 1
		text = strings.Repeat(" ", indent) + (&node{text: key}).scalar() + ":" + value.block(indent+2, newline)
	}
	if at < parent.size() {
		start := l.lines[l.lineOf(l.dash(parent, at))]
		return l.cut(start, start, text+newline)
	}
	end := l.lineEnd(l.part(parent, at-1).end)
	return l.cut(end, end, newline+text)
}

// dash is where the dash of a list's item stands.
func (l *layout) dash(list *node, i int) int {
	item := l.spans[list.items[i]].start
	for line := l.lineOf(item); line >= 0; line-- {
		if at := l.lines[line] + list.column - 1; l.byteAt(at) == '-' && at <= item {
			return at
		}
	}
	return item
}

func (l *layout) remove(parent *node, last string) []byte {
	i := parent.entry(last)
	if i < 0 {
		i = parent.index(last)
	}
	part := l.part(parent, i)
	if l.flows(parent) {
		return l.removeFlow(parent, i, part)
	}
	start := part.start
	if parent.kind == kindList {
		start = l.dash(parent, i)
	}
	line := l.lines[l.lineOf(start)]
	if strings.TrimSpace(string(l.text[line:start])) != "" && i+1 < parent.size() { // it follows a dash
		return l.cut(start, l.part(parent, i+1).start, "")
	}
	next := l.nextLine(part.end)
	if next == len(l.text) && line > 0 && l.lineEnd(part.end) == next { // the text ends without a new line
		line = l.lineEnd(l.lines[l.lineOf(line)-1])
	}
	return l.cut(line, next, "")
}

func (l *layout) removeFlow(parent *node, i int, part stretch) []byte {
	switch {
	case i+1 < parent.size():
		return l.cut(part.start, l.part(parent, i+1).start, "")
	case i > 0:
		return l.cut(l.part(parent, i-1).end, part.end, "")
	}
	return l.cut(part.start, part.end, "")
}
