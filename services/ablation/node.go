package ablation

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node is a value of a document with its place; all that the rest of the package knows of YAML.
type node struct {
	kind         kind
	field        string // path in the document: schedules.ja57.stages[0]
	text         string // a scalar as written, without quotes
	quoted       bool
	line, column int
	entries      []entry // of a mapping
	items        []*node // of a list
}

type kind int

const (
	kindBad kind = iota // already reported
	kindEmpty
	kindScalar
	kindList
	kindMapping
)

// entry is a key of a mapping with its value; key holds the key's own place.
type entry struct {
	key   *node
	value *node
}

// at is the place of a syntax node.
func at(n ast.Node) *node {
	t := n.GetToken()
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			t = n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		t = n.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return &node{line: 1, column: 1}
	}
	return &node{line: max(1, t.Position.Line), column: max(1, t.Position.Column)}
}

func (r *reader) node(n ast.Node, field string) *node {
	out := at(n)
	out.field = field
	switch n := n.(type) {
	case *ast.MappingNode:
		r.mapping(out, n.Values)
	case *ast.MappingValueNode:
		r.mapping(out, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out.kind = kindList
		for i, item := range n.Values {
			out.items = append(out.items, r.node(item, fmt.Sprintf("%s[%d]", field, i)))
		}
	case *ast.NullNode:
		out.kind = kindEmpty
	case *ast.LiteralNode:
		out.kind, out.text, out.quoted = kindScalar, n.Value.Value, true
	case ast.ScalarNode:
		r.scalar(out, n)
	case *ast.DirectiveNode:
		out.text = "%"
		r.problem(out, advice("directive", ""))
	default:
		r.unsupported(out, n)
	}
	return out
}

func (r *reader) scalar(out *node, n ast.ScalarNode) {
	t := n.GetToken()
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = kindScalar, t.Value
		out.quoted = t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
		if strings.ContainsFunc(t.Value, control) {
			out.kind = kindBad
			r.problem(out, noControl())
		}
	default:
		r.unsupported(out, n)
	}
}

func (r *reader) mapping(out *node, values []*ast.MappingValueNode) {
	out.kind = kindMapping
	for _, v := range values {
		key := r.key(v.Key, out.field)
		if key.kind == kindBad {
			continue
		}
		out.entries = append(out.entries, entry{key: key, value: r.node(v.Value, key.field)})
	}
}

func (r *reader) key(n ast.MapKeyNode, parent string) *node {
	key := at(n)
	scalar, ok := n.(ast.ScalarNode)
	if !ok {
		r.unsupported(key, n)
		return key
	}
	key.text = scalar.GetToken().Value
	key.field = strings.TrimPrefix(parent+"."+key.text, ".")
	if _, merge := n.(*ast.MergeKeyNode); merge {
		r.unsupported(key, n)
		return key
	}
	if strings.ContainsFunc(key.text, control) {
		r.problem(key, noControl())
		return key
	}
	key.kind = kindScalar
	return key
}

// unsupported reports anchors, aliases, tags and merge keys.
func (r *reader) unsupported(out *node, n ast.Node) {
	out.kind = kindBad
	if t := n.GetToken(); t != nil {
		out.text = t.Value
	}
	r.problem(out, notRead())
}
