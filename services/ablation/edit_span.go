package ablation

import (
	"bytes"
	"slices"
	"strings"
)

// layout knows where the nodes of a text lie in it, in bytes.
type layout struct {
	text  []byte
	lines []int // where each line begins
	spans map[*node]stretch
}

// stretch is a stretch of the text.
type stretch struct{ start, end int }

func newLayout(text []byte, root *node) *layout {
	l := &layout{text: text, lines: []int{0}, spans: map[*node]stretch{}}
	for i, c := range text {
		if c == '\n' || c == '\r' && !bytes.HasPrefix(text[i+1:], []byte("\n")) {
			l.lines = append(l.lines, i+1)
		}
	}
	l.measure(root, -1, false)
	return l
}

// place is where a node begins; its column counts characters.
func (l *layout) place(n *node) int {
	at := l.lines[min(n.line, len(l.lines))-1]
	for range n.column - 1 {
		if at < len(l.text) {
			at += len(string([]rune(string(l.text[at:min(at+4, len(l.text))]))[:1]))
		}
	}
	return min(at, len(l.text))
}

// measure finds where a node and all in it begin and end. indent is that of the key or dash that it belongs to; in flow,
// brackets are open.
func (l *layout) measure(n *node, indent int, flow bool) {
	start := l.place(n)
	opens := l.byteAt(start)
	inner := flow || opens == '{' || opens == '['
	end := start
	for _, e := range n.entries {
		end = max(end, l.measureEntry(e, inner))
	}
	for _, item := range n.items {
		l.measure(item, n.column-1, inner)
		end = max(end, l.spans[item].end)
	}
	switch {
	case n.kind == kindScalar || n.kind == kindBad:
		end = l.scalarEnd(start, indent, flow)
	case n.kind == kindEmpty:
		end = l.nullEnd(start)
	case opens == '{' || opens == '[':
		end = l.closing(start)
	}
	l.spans[n] = stretch{start, end}
}

func (l *layout) measureEntry(e entry, flow bool) (end int) {
	start := l.place(e.key)
	l.spans[e.key] = stretch{start, l.keyEnd(start, e.key)}
	if e.value.kind == kindEmpty && l.nullEnd(l.place(e.value)) == l.place(e.value) {
		after := min(l.colon(e.key)+1, len(l.text))
		l.spans[e.value] = stretch{after, after}
		return after
	}
	l.measure(e.value, e.key.column-1, flow)
	return l.spans[e.value].end
}

func (l *layout) byteAt(i int) byte {
	if i < 0 || i >= len(l.text) {
		return 0
	}
	return l.text[i]
}

func (l *layout) keyEnd(start int, key *node) int {
	if q := l.byteAt(start); q == '"' || q == '\'' {
		return l.quoteEnd(start)
	}
	return min(start+len(key.text), len(l.text))
}

// colon is where a key's colon stands.
func (l *layout) colon(key *node) int {
	end := l.spans[key].end
	if i := bytes.IndexByte(l.text[end:], ':'); i >= 0 {
		return end + i
	}
	return len(l.text)
}

func (l *layout) nullEnd(start int) int {
	for _, word := range []string{"null", "Null", "NULL", "~"} {
		if bytes.HasPrefix(l.text[start:], []byte(word)) {
			return start + len(word)
		}
	}
	return start
}

func (l *layout) scalarEnd(start, indent int, flow bool) int {
	switch c := l.byteAt(start); {
	case c == '"' || c == '\'':
		return l.quoteEnd(start)
	case (c == '|' || c == '>') && !flow:
		return l.literalEnd(start, indent)
	case flow:
		return l.flowEnd(start)
	}
	return l.plainEnd(start, indent)
}

// quoteEnd is behind the quotation mark that closes the one at start.
func (l *layout) quoteEnd(start int) int {
	mark := l.text[start]
	for i := start + 1; i < len(l.text); i++ {
		switch {
		case mark == '"' && l.text[i] == '\\':
			i++
		case l.text[i] == mark && mark == '\'' && l.byteAt(i+1) == mark:
			i++
		case l.text[i] == mark:
			return i + 1
		}
	}
	return len(l.text)
}

// flowEnd is where a plain scalar between brackets ends.
func (l *layout) flowEnd(start int) int {
	i := start
	for ; i < len(l.text); i++ {
		c := l.text[i]
		if strings.IndexByte(",]}", c) >= 0 || c == '#' && l.blank(i-1) || c == ':' && (l.blank(i+1) || strings.IndexByte(",]}", l.byteAt(i+1)) >= 0) {
			break
		}
	}
	return start + len(bytes.TrimRight(l.text[start:i], " \t\r\n"))
}

// plainEnd is where a plain scalar of a block ends: at a comment, or with its last line that is indented more than its
// key.
func (l *layout) plainEnd(start, indent int) int {
	end, whole := l.plainLine(start)
	for line := l.lineOf(start) + 1; whole && line < len(l.lines); line++ {
		at := l.lines[line]
		first := at + l.indent(line)
		if l.blank(first) {
			continue // an empty line within, if more follows
		}
		if l.indent(line) <= indent || l.byteAt(first) == '#' {
			break
		}
		end, whole = l.plainLine(first)
	}
	return end
}

// plainLine is where a plain scalar's line ends; whole unless a comment follows.
func (l *layout) plainLine(start int) (end int, whole bool) {
	stop := l.lineEnd(start)
	for i := start; i < stop; i++ {
		if l.text[i] == '#' && i > start && l.blank(i-1) {
			return start + len(bytes.TrimRight(l.text[start:i], " \t")), false
		}
	}
	return start + len(bytes.TrimRight(l.text[start:stop], " \t")), true
}

// literalEnd is where a text block ends: with the last line that is indented more than its key.
func (l *layout) literalEnd(start, indent int) int {
	end := l.lineEnd(start)
	for line := l.lineOf(start) + 1; line < len(l.lines); line++ {
		at := l.lines[line]
		if l.blank(at + l.indent(line)) {
			continue
		}
		if l.indent(line) <= indent {
			break
		}
		end = l.lineEnd(at)
	}
	return end
}

// closing is behind the bracket that closes the one at start.
func (l *layout) closing(start int) int {
	depth := 0
	for i := start; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case (c == '"' || c == '\'') && !l.within(i):
			i = l.quoteEnd(i) - 1
		case c == '#' && l.blank(i-1):
			i = l.lineEnd(i)
		}
	}
	return len(l.text)
}

// within reports whether what stands at i goes on with a plain scalar, so that a quotation mark there opens nothing.
func (l *layout) within(i int) bool {
	for i--; i >= 0 && (l.text[i] == ' ' || l.text[i] == '\t'); i-- {
	}
	c := l.byteAt(i)
	return i >= 0 && !slices.Contains([]byte("[{,:\n\r"), c)
}

// blank reports whether a space, a line's end or the text's lies at i.
func (l *layout) blank(i int) bool {
	c := l.byteAt(i)
	return c == 0 || c == ' ' || c == '\t' || c == '\n' || c == '\r'
}

// lineOf is the index of the line that a byte lies in.
func (l *layout) lineOf(at int) int {
	i, found := slices.BinarySearch(l.lines, at)
	if !found {
		i--
	}
	return i
}

// lineEnd is where the line of a byte ends, before its mark.
func (l *layout) lineEnd(at int) int {
	end := len(l.text)
	if i := l.lineOf(at); i+1 < len(l.lines) {
		end = l.lines[i+1]
	}
	return at + len(bytes.TrimRight(l.text[at:end], "\r\n"))
}

// nextLine is where the line after a byte's begins.
func (l *layout) nextLine(at int) int {
	if i := l.lineOf(at); i+1 < len(l.lines) {
		return l.lines[i+1]
	}
	return len(l.text)
}

// indent is the number of spaces that a line begins with.
func (l *layout) indent(line int) int {
	n := 0
	for l.byteAt(l.lines[line]+n) == ' ' {
		n++
	}
	return n
}

// newline is the mark that the text's lines end with.
func (l *layout) newline() string {
	switch {
	case bytes.Contains(l.text, []byte("\r\n")):
		return "\r\n"
	case bytes.IndexByte(l.text, '\n') < 0 && bytes.IndexByte(l.text, '\r') >= 0:
		return "\r"
	}
	return "\n"
}
