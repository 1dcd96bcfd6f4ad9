package table

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// sameAs puts a layout's columns in the order of a table's sources. A source that the file lacks, or has beyond, is a
// problem.
func (s *sheet) sameAs(l *layout, like Table) {
	if l.phases != like.Phases {
		s.problem(1, "", ablation.Said("has columns of %d phases, the runs have %d", "%d 段階の列がありますが、ランは %d 段階です", l.phases, like.Phases))
		return
	}
	at := make([][]int, l.phases)
	for _, name := range like.Sources {
		k := slices.Index(l.sources, name)
		if k < 0 {
			s.problem(1, name, ablation.Said("is a source of the runs, and has no column here", "ランのデータソースですが、この表に列がありません"))
			continue
		}
		for p := range at {
			at[p] = append(at[p], l.at[p][k])
		}
	}
	for _, name := range l.sources {
		if !slices.Contains(like.Sources, name) {
			s.problem(1, name, ablation.Said("is no source of the runs: remove the column", "ランのデータソースではありません。この列を除いてください"))
		}
	}
	l.at, l.sources = at, like.Sources
}
