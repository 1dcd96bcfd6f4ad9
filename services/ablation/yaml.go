package ablation

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a document: the YAML parser takes quadratic time, and its recursion isn't bounded.
const (
	maxDocument = 256 << 10
	maxNesting  = 50
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

// document reads YAML into nodes. It returns nil where there is none to read, after saying why; what it doesn't take
// (aliases, tags) becomes a bad node.
func (r *reader) document(data []byte) (root *node) {
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	r.lines = strings.Split(string(data), "\n")
	if !r.readable(data) {
		return nil
	}
	defer func() {
		if p := recover(); p != nil { // the parser's: a document that breaks it is not one that it can read
			root = nil
			r.problem(&node{line: 1, column: 1}, say("this can't be read as YAML", "YAML として読めません"))
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	return r.single(file)
}

func (r *reader) readable(data []byte) bool {
	top := &node{line: 1, column: 1}
	switch {
	case len(data) > maxDocument:
		r.problem(top, say("the document has %d bytes; at most %d are read", "文書が %d バイトあります。読めるのは %d バイトまでです", len(data), maxDocument))
	case !utf8.Valid(data):
		line, column := place(data, validPrefix(data))
		r.problem(&node{line: line, column: column}, say("the text isn't UTF-8; save the file as UTF-8", "UTF-8 ではありません。UTF-8 で保存してください"))
	case nesting(data) > maxNesting:
		r.problem(top, say("brackets are nested more than %d deep; close them", "かっこの入れ子が %d 段を超えています。閉じてください", maxNesting))
	default:
		return true
	}
	return false
}

// validPrefix is the number of bytes before the first that isn't UTF-8.
func validPrefix(data []byte) int {
	n := 0
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

func place(data []byte, offset int) (line, column int) {
	before := string(data[:offset])
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
}

// nesting is how deep brackets, and list or key marks on one line, could nest.
func nesting(data []byte) int {
	deepest, open, marks := 0, 0, 0
	for i, c := range data {
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '\n':
			marks = 0
		case ' ':
			if i > 0 && (data[i-1] == '-' || data[i-1] == '?') {
				marks++
			}
		}
		deepest = max(deepest, open, marks)
	}
	return deepest
}

func (r *reader) single(file *ast.File) *node {
	var root *node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root == nil:
			root = r.node(doc.Body, "")
		default:
			r.problem(at(doc.Body), say("a second document begins here; one file holds one sweep", "ここから 2 つ目の文書です。1 ファイルに 1 スイープだけ書けます"))
		}
	}
	if root == nil {
		r.problem(&node{line: 1, column: 1}, say("the document is empty; start with name:, sources:, recipe: and schedules:",
			"文書が空です。name:、sources:、recipe:、schedules: から書き始めてください"))
	}
	return root
}

// syntax reports what the YAML parser said, with the two usual causes in plain words.
func (r *reader) syntax(err error) {
	n, said := &node{line: 1, column: 1}, err.Error()
	var broken yaml.Error
	if errors.As(err, &broken) {
		said = broken.GetMessage()
		if t := broken.GetToken(); t != nil && t.Position != nil {
			n.line, n.column, n.text = max(1, t.Position.Line), max(1, t.Position.Column), strings.TrimSpace(t.Value)
		}
	}
	switch {
	case strings.Contains(said, "'\t'"):
		r.problem(n, say("a tab stands in the indentation; indent with spaces", "字下げにタブがあります。空白で字下げしてください"))
	case strings.Contains(said, "value is not allowed in this context"):
		r.problem(n, say(`this doesn't fit here; check the indentation, and quote text that holds ": "`,
			`ここには書けません。字下げを確かめ、": " を含む文は引用符で囲んでください`))
	default:
		r.problem(n, say("this isn't YAML: %s", "YAML として読めません：%s", said))
	}
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
	key.kind = kindScalar
	return key
}

// unsupported reports YAML that would let one text mean another: anchors, aliases, tags, merge keys.
func (r *reader) unsupported(out *node, n ast.Node) {
	out.kind = kindBad
	if t := n.GetToken(); t != nil {
		out.text = t.Value
	}
	r.problem(out, say("anchors, aliases, tags and merge keys aren't read; write the value out",
		"アンカー、エイリアス、タグ、マージキーは使えません。値をそのまま書いてください"))
}
