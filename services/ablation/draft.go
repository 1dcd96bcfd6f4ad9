package ablation

import (
	"bytes"
	"strconv"
	"strings"
)

// Draft is a sweep file as it is being written: what can be read of it, and what must change before it can start.
type Draft struct {
	Sweep    Sweep             // where something is wrong, the default stands
	Texts    map[string]string // every single value as it is written, by its path, steps joined by "/"
	Problems []Problem         // what [ParseSweep] would refuse
}

// ReadDraft reads as much as it can. It is false for a text that isn't YAML: then there are problems alone.
func ReadDraft(document []byte) (Draft, bool) {
	document = bytes.TrimPrefix(document, bom)
	r := &reader{}
	root := r.document(document)
	if root == nil || r.err() != nil {
		return Draft{Problems: r.problems}, false
	}
	d := Draft{Texts: map[string]string{}}
	d.collect(root, nil)
	d.Sweep = r.sweep(root)
	d.Sweep.Document = string(document)
	_ = r.err() // puts them in order
	d.Problems = r.problems
	return d, true
}

func (d *Draft) collect(n *node, path []string) {
	if n.kind == kindScalar {
		d.Texts[strings.Join(path, "/")] = n.text
	}
	for _, e := range n.entries {
		d.collect(e.value, append(path, e.key.text))
	}
	for i, item := range n.items {
		d.collect(item, append(path, strconv.Itoa(i)))
	}
}
