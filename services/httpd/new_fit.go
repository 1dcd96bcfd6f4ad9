package httpd

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// fitted is a document made to read what there is. A source that isn't here becomes one of the language that its name
// tells: one that the document doesn't read yet, else one that it does, whose shares grow by its. One without such a
// counterpart goes, its shares spread over the others in their proportions. It is for somebody who asked for that; where
// nothing would be left to read, the document stays as it is.
func (s *Server) fitted(ctx context.Context, document string) string {
	document = s.settled(ctx, document)
	all, err := s.options.Store.Sources(ctx)
	draft, _ := ablation.ReadDraft([]byte(document))
	if err != nil || !fits(draft.Sweep, all) {
		return document
	}
	for _, ref := range draft.Sweep.Sources {
		draft, _ = ablation.ReadDraft([]byte(document))
		if here(all, ref.Name) {
			continue
		}
		name := counterpart(draft.Sweep, ref.Name, all)
		if text, err := ablation.EditDocument([]byte(document), becoming(draft.Sweep, ref.Name, name)...); err == nil {
			document = string(text)
		}
	}
	return document
}

// couldFit reports whether a document can be made to read what there is.
func (s *Server) couldFit(ctx context.Context, document string) bool {
	draft, _ := ablation.ReadDraft([]byte(document))
	all, err := s.options.Store.Sources(ctx)
	return err == nil && fits(draft.Sweep, all)
}

// fits reports whether any of a document's sources is here, or has a counterpart.
func fits(sweep ablation.Sweep, all []ablation.Source) bool {
	return slices.ContainsFunc(sweep.Sources, func(ref ablation.SourceRef) bool {
		return here(all, ref.Name) || counterpart(sweep, ref.Name, all) != ""
	})
}

func here(all []ablation.Source, name string) bool {
	return slices.ContainsFunc(all, func(o ablation.Source) bool { return o.Name == name })
}

// counterpart is what a source that isn't here becomes: of the language that a part of its name tells, best one that the
// document doesn't read yet; empty where there is none.
func counterpart(sweep ablation.Sweep, missing string, all []ablation.Source) string {
	read := ""
	for _, lang := range strings.Split(missing, "-") {
		for _, o := range all {
			if o.Lang != lang || o.Role == ablation.RoleHeldout {
				continue
			}
			if !reads(sweep, o.Name) {
				return o.Name
			}
			read = cmp.Or(read, o.Name)
		}
	}
	return read
}

func reads(sweep ablation.Sweep, name string) bool {
	return slices.ContainsFunc(sweep.Sources, func(ref ablation.SourceRef) bool { return ref.Name == name })
}

// becoming are the edits that make a document read another source in place of one; an empty name takes it out.
func becoming(sweep ablation.Sweep, old, name string) []ablation.Edit {
	i := slices.IndexFunc(sweep.Sources, func(ref ablation.SourceRef) bool { return ref.Name == old })
	if name != "" && !reads(sweep, name) {
		return sourceEdits(sweep, i, name)
	}
	out := []ablation.Edit{{Op: ablation.EditRemove, Path: []string{"sources", strconv.Itoa(i)}}}
	for _, c := range sweep.Schedules {
		for j, stage := range c.Stages {
			path := []string{"schedules", c.Name, "stages", strconv.Itoa(j), "mixture"}
			if name == "" {
				out = append(out, spread(sweep.Sources, stage.Mixture, path, old)...)
				continue
			}
			out = append(out, merged(stage.Mixture, path, old, name)...)
		}
	}
	return append(out, withoutRule(sweep.Design, old, name)...)
}

// merged are the edits of a mixture that give one source's share to another.
func merged(mixture map[string]float64, path []string, old, name string) []ablation.Edit {
	share, read := mixture[old]
	if !read {
		return nil
	}
	at := func(source string) []string { return append(slices.Clone(path), source) }
	if _, too := mixture[name]; !too {
		return []ablation.Edit{{Op: ablation.EditRename, Path: at(old), Value: quoted(name)}}
	}
	return []ablation.Edit{
		{Op: ablation.EditSet, Path: at(name), Value: quoted(math.Round((mixture[name]+share)*1e9) / 1e9)},
		{Op: ablation.EditRemove, Path: at(old)},
	}
}

// withoutRule takes a source out of the rules that make arms: out of the lists and bounds that name it beside others; a
// grid of it goes on with the other one, if there is one.
func withoutRule(d ablation.Design, old, name string) (out []ablation.Edit) {
	remove := func(path ...string) {
		out = append(out, ablation.Edit{Op: ablation.EditRemove, Path: append([]string{"design"}, path...)})
	}
	for _, e := range designEdits(d, old, cmp.Or(name, old)) {
		rule := e.Path[1]
		switch {
		case rule == ablation.DesignGrid && name != "":
			out = append(out, e)
		case rule != ablation.DesignGrid:
			remove(e.Path[1:]...)
		}
	}
	return out
}

// spread are the edits of a mixture at a path that take a source out, and give what it had to the others, in
// ten-thousandths.
func spread(sources []ablation.SourceRef, mixture map[string]float64, path []string, old string) []ablation.Edit {
	var edits []ablation.Edit
	var kept []string
	var whole float64
	for _, ref := range sources {
		share, read := mixture[ref.Name]
		switch {
		case read && ref.Name == old:
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
