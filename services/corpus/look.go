package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Survey is what a first look at text finds.
type Survey struct {
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`           // on disk
	First   string   `json:"first,omitempty"` // how the first document begins; empty where the first file's beginning holds none
	Problem *Problem `json:"problem,omitempty"`
	// Lone is set where all of it is one document: that is held out, and leaves nothing to train on.
	Lone bool `json:"lone,omitempty"`

	documents int
}

// errSeen ends a look that has seen enough.
var errSeen = errors.New("seen")

// Look finds what Add would read, and shows how the first document begins, or what keeps the first row from being one. It
// reads the beginning of one file, where its first document may be the only one a little further, and writes nothing. What Add would refuse at once is the same *ablation.Invalid.
func Look(ctx context.Context, o Options) (Survey, error) {
	given := o
	o, err := o.checked()
	if err != nil {
		return Survey{}, given.withPaths(err)
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
	batches := 0
	s := stream[*cleaned]{read: o.read, work: cleaning.work, take: func(_ *batch, result *cleaned) error {
		if err := result.each(v.see); err != nil {
			return err
		}
		if batches++; batches == 1 && v.documents == 1 { // is there another one?
			return nil
		}
		return errSeen
	}}
	err = s.run(ctx, inputs[:1])
	if err != nil && !errors.Is(err, errSeen) {
		return v, fmt.Errorf("look at %s: %w", inputs[0].path, err)
	}
	v.Lone = err == nil && v.documents == 1 && len(inputs) == 1 && o.Role == ablation.RoleTrain
	return v, nil
}

// withPaths adds what is wrong with the paths to what is wrong with the other options, so that all is said at once.
func (o Options) withPaths(err error) error {
	bad, ok := errors.AsType[*ablation.Invalid](err)
	if !ok || slices.ContainsFunc(bad.Problems, func(p ablation.Problem) bool { return p.Field == "paths" }) {
		return err
	}
	_, sought := o.find()
	if missing, ok := errors.AsType[*ablation.Invalid](sought); ok {
		return &ablation.Invalid{Problems: append(bad.Problems, missing.Problems...)}
	}
	return err
}

// see takes up documents until there are two that can be read.
func (v *Survey) see(d *document, line []byte) error {
	if d.problem != nil {
		if v.Problem == nil {
			v.Problem = d.problem
		}
		return nil
	}
	if v.documents++; v.documents > 1 {
		return errSeen
	}
	var first spec.Document
	if err := json.Unmarshal(line, &first); err != nil {
		return err
	}
	v.First = cut(first.Text, sampleBytes)
	return nil
}
