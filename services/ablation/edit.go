package ablation

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Edit is one change of a sweep file, as a form makes it: of the value at a path of keys and indices of lists.
type Edit struct {
	Op    EditOp          `json:"op"`
	Path  []string        `json:"path"`
	Value json.RawMessage `json:"value,omitempty"` // a new value, a name; keys stay in the order that they are given in
}

// EditOp is what an edit does at its path.
type EditOp string

// Edits. Removing the last part of a list or mapping removes that too.
const (
	EditSet    EditOp = "set"    // put the value there, making the mappings on the way
	EditRemove EditOp = "remove" // take the key, or the part of a list, away
	EditInsert EditOp = "insert" // put the value into a list, before the part of that index, or at its end
	EditRename EditOp = "rename" // give the key another name, the value
)

// EditDocument applies edits to a sweep file's text. Whatever they don't touch stays as it is, byte for byte: comments,
// order, spaces, keys that nobody knows. The text that comes back reads as the text that was given with just these
// changes; that is checked each time. A text that isn't YAML, and an edit of something that the text doesn't have, are an
// *[Invalid]. What the values mean is for [ParseSweep] to say.
func EditDocument(document []byte, edits ...Edit) ([]byte, error) {
	for _, e := range edits {
		edited, err := e.apply(document)
		if err != nil {
			return nil, err
		}
		document = edited
	}
	return document, nil
}

var bom = []byte("\ufeff")

func (e Edit) apply(document []byte) ([]byte, error) {
	text, marked := bytes.CutPrefix(document, bom)
	value, err := e.value()
	if err != nil {
		return nil, err
	}
	root, err := readTree(text)
	if err != nil {
		return nil, err
	}
	want, err := readTree(text)
	if err != nil {
		return nil, err
	}
	c := change{op: e.Op, path: e.Path, value: value}
	if !c.settle(want) {
		return nil, e.misplaced()
	}
	if old := root.at(c.path); c.op == EditSet && old != nil && old.same(c.value) { // also in quotes that nobody needs
		return document, nil
	}
	if !c.applyTo(want) {
		return nil, e.misplaced()
	}
	if want.same(root) {
		return document, nil
	}
	for _, patch := range c.patches(text, root, want) {
		if got, err := readTree(patch); err == nil && got.same(want) {
			if marked {
				patch = append(bytes.Clone(bom), patch...)
			}
			return patch, nil
		}
	}
	return nil, e.misplaced()
}

// value is what the edit puts into the tree: read from the text that will stand for it.
func (e Edit) value() (*node, error) {
	if e.Op == EditRemove {
		return nil, nil
	}
	given, err := readTree(e.Value)
	if err != nil {
		return nil, e.misplaced()
	}
	return given, nil
}

func (e Edit) misplaced() error {
	field := strings.Join(e.Path, ".")
	return &Invalid{Problems: []Problem{{Field: field, Message: say(
		"the form can't change %s in this text; change it in the YAML", "この文書の %s はフォームから変えられません。YAML で直してください", field)}}}
}

// readTree reads any YAML that a sweep file may be written in, whatever it says.
func readTree(text []byte) (*node, error) {
	r := &reader{}
	root := r.document(text)
	if err := r.err(); err != nil {
		return nil, err
	}
	return root, nil
}

// same compares what two trees say, wherever it stands.
func (n *node) same(o *node) bool {
	if n.kind != o.kind || n.text != o.text && n.kind == kindScalar || n.quoted != o.quoted && n.kind == kindScalar ||
		len(n.entries) != len(o.entries) || len(n.items) != len(o.items) {
		return false
	}
	for i, e := range n.entries {
		if e.key.text != o.entries[i].key.text || !e.value.same(o.entries[i].value) {
			return false
		}
	}
	for i, item := range n.items {
		if !item.same(o.items[i]) {
			return false
		}
	}
	return true
}
