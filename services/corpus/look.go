package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Survey is what a first look at text finds.
type Survey struct {
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`           // on disk
	First   string   `json:"first,omitempty"` // how the first document begins; empty where the first file's beginning holds none
	Problem *Problem `json:"problem,omitempty"`
}

// errSeen ends a look that has seen enough.
var errSeen = errors.New("seen")

// Look finds what Add would read, and shows how the first document begins, or what keeps the first row from being one. It
// reads the beginning of one file and writes nothing. What Add would refuse at once is the same *ablation.Invalid.
func Look(ctx context.Context, o Options) (Survey, error) {
	o, err := o.checked()
	if err != nil {
		return Survey{}, err
	}
	inputs, err := o.find()
	if err != nil {
		return Survey{}, err
	}
	v := Survey{Files: len(inputs)}
	for _, in := range inputs {
		v.Bytes += in.bytes
	}
	cleaning := newCleaning(o)
	s := stream[*cleaned]{read: o.read, work: cleaning.work, take: func(_ *batch, result *cleaned) error {
		if err := result.each(v.see); err != nil {
			return err
		}
		return errSeen
	}}
	if err := s.run(ctx, inputs[:1]); err != nil && !errors.Is(err, errSeen) {
		return v, fmt.Errorf("look at %s: %w", inputs[0].path, err)
	}
	return v, nil
}

// see takes up a document until there is one that can be read.
func (v *Survey) see(d *document, line []byte) error {
	if d.problem != nil {
		if v.Problem == nil {
			v.Problem = d.problem
		}
		return nil
	}
	var first spec.Document
	if err := json.Unmarshal(line, &first); err != nil {
		return err
	}
	v.First = cut(first.Text, sampleBytes)
	return errSeen
}
