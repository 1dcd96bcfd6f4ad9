package httpd

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/haigo-lab/haigo/services/ablation"
)

// fitted is a document made to read what there is: a source named after a language becomes the first of that language, and
// one that has no counterpart goes, its shares spread over the others in their proportions. It is for somebody who asked
// for that; where nothing would be left to read, the document stays as it is.
func (s *Server) fitted(ctx context.Context, document string) string {
	document = s.settled(ctx, document)
	draft, _ := ablation.ReadDraft([]byte(document))
	all, err := s.options.Store.Sources(ctx)
	if err != nil {
		return document
	}
	missing := func(ref ablation.SourceRef) bool {
		return !slices.ContainsFunc(all, func(o ablation.Source) bool { return o.Name == ref.Name })
	}
	if !slices.ContainsFunc(draft.Sweep.Sources, func(ref ablation.SourceRef) bool { return !missing(ref) }) {
		return document
	}
	var edits []ablation.Edit
	for i, ref := range slices.Backward(draft.Sweep.Sources) {
		if missing(ref) {
			edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: []string{"sources", strconv.Itoa(i)}})
		}
	}
	for _, c := range draft.Sweep.Schedules {
		for i, stage := range c.Stages {
			edits = append(edits, spread(draft.Sweep.Sources, stage.Mixture, []string{"schedules", c.Name, "stages", strconv.Itoa(i), "mixture"}, missing)...)
		}
	}
	text, err := ablation.EditDocument([]byte(document), edits...)
	if err != nil {
		return document
	}
	return string(text)
}

// spread are the edits of a mixture at a path that take missing sources out, and give what they had to the others, in
// ten-thousandths.
func spread(sources []ablation.SourceRef, mixture map[string]float64, path []string, missing func(ablation.SourceRef) bool) []ablation.Edit {
	var edits []ablation.Edit
	var kept []string
	var whole float64
	for _, ref := range sources {
		share, read := mixture[ref.Name]
		switch {
		case read && missing(ref):
			edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: append(slices.Clone(path), ref.Name)})
		case share > 0:
			kept, whole = append(kept, ref.Name), whole+share
		}
	}
	if len(edits) == 0 || len(kept) == 0 {
		return nil // nothing is missing here, or the stage reads nothing else: it says so itself
	}
	parts := tenThousandths(mixture, kept, whole)
	var set []ablation.Edit
	for i, name := range kept {
		set = append(set, ablation.Edit{Op: ablation.EditSet, Path: append(slices.Clone(path), name), Value: quoted(parts[i] / 1e4)})
	}
	return append(set, edits...)
}

// tenThousandths are the shares of names, which sum to whole, made to sum to 10,000; what rounding leaves is the largest's.
func tenThousandths(mixture map[string]float64, names []string, whole float64) []float64 {
	parts, largest, left := make([]float64, len(names)), 0, 1e4
	for i, name := range names {
		parts[i] = math.Round(mixture[name] / whole * 1e4)
		left -= parts[i]
		if mixture[name] > mixture[names[largest]] {
			largest = i
		}
	}
	parts[largest] += left
	return parts
}
