package ablation

import (
	"bytes"
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

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
