package stack

import (
	"fmt"
	"strings"
)

// mixtureBlock is Levanter's: stages begin on multiples of so many sequences.
const mixtureBlock = 2048

// levanter writes one file: Levanter changes weights while it trains. Every stage names every source.
func levanter(o Order) []File {
	unit := mixtureBlock / gcd(mixtureBlock, o.BatchRows)
	if unit*int64(len(o.Phases)) > o.Steps() {
		unit = 1 // too short a run for whole blocks: the file says what to do
	}
	ends := o.ends(unit)
	var t text
	t.head(o, "Weights are shares of sequences of that length, and so of tokens.", ends, all(o.Phases)...)
	if len(ends) > 1 {
		t.line("# Stages begin at multiples of %d steps: step × batch must be a multiple of mixture_block_size.", mixtureBlock/gcd(mixtureBlock, o.BatchRows))
		if unit < mixtureBlock/gcd(mixtureBlock, o.BatchRows) {
			t.line("# This run is too short for that; choose a mixture_block_size that divides every boundary × batch.")
		}
	}
	t.line("data:")
	t.line("  mixture_block_size: %d", mixtureBlock)
	t.line("  configs:")
	for _, s := range o.Sources {
		t.line("    %s:", s.Name)
		t.line("      cache_dir: %s", s.path())
	}
	if len(ends) == 1 {
		t.line("  train_weights: {%s}", o.weights(0))
	} else {
		t.line("  train_weights:")
		from := int64(0)
		for i := range o.Phases {
			t.line("    - [%d, {%s}]", from, o.weights(i))
			from = ends[i]
		}
	}
	t.line("trainer:")
	t.line("  train_batch_size: %d", o.BatchRows)
	t.line("  num_train_steps: %d", o.Steps())
	t.line("model:")
	t.line("  max_seq_len: %d", o.RowTokens)
	return []File{t.file("levanter.yaml")}
}

func (o Order) weights(phase int) string {
	parts := make([]string, len(o.Sources))
	for j, s := range o.Sources {
		parts[j] = fmt.Sprintf("%s: %.6f", s.Name, o.Phases[phase].Shares[j])
	}
	return strings.Join(parts, ", ")
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
