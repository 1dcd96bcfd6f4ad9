package ablation

import (
	"bytes"
	"strings"

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
			r.problem(&node{line: 1, column: 1}, advice("", ""))
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
