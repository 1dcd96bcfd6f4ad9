package ablation

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// written is the node as it reads once it is written out: whether text needs quotes is decided here.
func (n *node) written() *node {
	if n == nil {
		return nil
	}
	read, err := readTree([]byte("x: " + n.flow() + "\n"))
	if err != nil || len(read.entries) != 1 {
		return n
	}
	return read.entries[0].value
}

// flow is the node on one line: {a: 1, b: [2, 3]}.
func (n *node) flow() string {
	var parts []string
	switch n.kind {
	case kindMapping:
		for _, e := range n.entries {
			parts = append(parts, e.key.scalar()+": "+e.value.flow())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case kindList:
		for _, item := range n.items {
			parts = append(parts, item.flow())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case kindEmpty:
		return "null"
	}
	return n.scalar()
}

// block is the node as it follows a key of a block: on the key's line where it is small, else on lines of its own.
func (n *node) block(indent int, newline string) string {
	if !n.nested() {
		return " " + n.flow()
	}
	var b strings.Builder
	margin := newline + strings.Repeat(" ", indent)
	for _, e := range n.entries {
		b.WriteString(margin + e.key.scalar() + ":" + e.value.block(indent+2, newline))
	}
	for _, item := range n.items {
		b.WriteString(margin + "- " + item.flow())
	}
	return b.String()
}

// nested reports whether a value is easier to read on several lines: a list of several mappings, or what holds lists of
// mappings.
func (n *node) nested() bool {
	for _, e := range n.entries {
		if e.value.kind == kindList && e.value.holdsMappings() {
			return true
		}
	}
	return n.holdsMappings() && len(n.items) > 1
}

func (n *node) holdsMappings() bool { return len(n.items) > 0 && n.items[0].kind == kindMapping }

// unquoted is text that needs no quotes anywhere: what follows is tried with the parser itself.
var unquoted = regexp.MustCompile("^[^\\s\"'\\[\\]{},#&*!|>%@`?:~=<-]([^\"\\[\\]{},#\\x00-\\x1f\\x7f]*[^\\s\"'\\[\\]{},#:\\x00-\\x1f\\x7f])?$")

// scalar is the text of a scalar or key, in quotes where it would not be read as itself.
func (n *node) scalar() string {
	if n.kind == kindScalar && !n.quoted && n.text != "" {
		return n.text
	}
	if unquoted.MatchString(n.text) {
		read, err := readTree([]byte("[" + n.text + "]"))
		if err == nil && len(read.items) == 1 && read.items[0].kind == kindScalar && !read.items[0].quoted && read.items[0].text == n.text {
			return n.text
		}
	}
	return quote(n.text)
}

// quote is text in double quotes, as JSON and YAML both read it.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // a string always has a form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
