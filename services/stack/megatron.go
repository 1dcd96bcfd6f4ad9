package stack

import (
	"fmt"
	"strings"
)

// megatron writes the flags of the run, and a --data-path a phase. A source without a share isn't named: a weight of 0 is an
// assertion there.
func megatron(o Order) []File {
	var t text
	ends := o.ends(1)
	t.head(o, "Weights are shares of sequences of that length, and so of tokens.", ends, all(o.Phases)...)
	t.line("# Keep --train-iters and --lr-decay-iters at the whole run's in every phase: the scheduler is checked against the checkpoint.")
	if len(ends) > 1 {
		t.line("# Needs --phase-transition-iterations (January 2026 and newer) and a constant batch: it saves and exits at each of these steps.")
		t.line("# It exits with 0 there as at the true end; the last step tells which it was. Start again with the next phase's --data-path.")
		t.line("# Each phase reads its sources from their first sample on, in the same shuffle unless --seed or the files differ: text shared by")
		t.line("# phases is read again. An older Megatron, restarted with other weights, skips and repeats samples instead.")
	}
	t.line("COMMON=(--seq-length %d --global-batch-size %d --train-iters %d --lr-decay-iters %d%s)", o.RowTokens, o.BatchRows, o.Steps(), o.Steps(), transitions(ends))
	from := int64(0)
	for i := range o.Phases {
		t.line("# phase %d: steps %d to %d", i, from, ends[i])
		t.line("PHASE%d=(\"${COMMON[@]}\" --data-path%s)", i, o.blend(i))
		from = ends[i]
	}
	return []File{t.file("megatron.sh")}
}

// blend is weight and path of every source that a phase reads: always an even number of words, which Megatron counts.
func (o Order) blend(phase int) string {
	var b strings.Builder
	for j, w := range o.Phases[phase].Shares {
		if w > 0 {
			fmt.Fprintf(&b, " %.6f %s", w, o.Sources[j].path())
		}
	}
	return b.String()
}

// transitions are where all phases but the last end.
func transitions(ends []int64) string {
	if len(ends) < 2 {
		return ""
	}
	parts := make([]string, len(ends)-1)
	for i, end := range ends[:len(ends)-1] {
		parts[i] = fmt.Sprint(end)
	}
	return " --phase-transition-iterations " + strings.Join(parts, ",")
}
