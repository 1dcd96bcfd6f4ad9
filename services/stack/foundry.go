package stack

import "fmt"

// foundry writes one file: llm-foundry changes streams while it trains, through curriculum_learning, whose durations must sum
// to max_duration.
func foundry(o Order) []File {
	var t text
	ends, per := o.ends(1), o.RowTokens*o.BatchRows
	t.head(o, o.foundryUnit(), ends, all(o.Phases)...)
	t.line("max_seq_len: %d", o.RowTokens)
	t.line("global_train_batch_size: %d", o.BatchRows)
	t.line("max_duration: %dtok", o.Steps()*per)
	t.line("train_loader:")
	t.line("  dataset:")
	o.streams(&t, 0, "    ")
	if len(ends) == 1 {
		return []File{t.file("llm-foundry.yaml")}
	}
	t.line("# Each phase reads its streams from their beginning: text that phases share is read again.")
	t.line("callbacks:")
	t.line("  curriculum_learning:  # durations sum to max_duration; past ones may not be changed when a run goes on")
	t.line("    duration: %dtok", ends[0]*per)
	t.line("    schedule:")
	for i := 1; i < len(ends); i++ {
		t.line("      - duration: %dtok", (ends[i]-ends[i-1])*per)
		t.line("        dataset:")
		o.streams(&t, i, "          ")
	}
	return []File{t.file("llm-foundry.yaml")}
}

// foundryUnit says what proportions are of.
func (o Order) foundryUnit() string {
	for _, s := range o.Sources {
		if s.Document > 0 {
			return "Proportions are shares of samples, converted from shares of tokens by the mean length of each stream's samples and\n" +
				"# written to six decimals."
		}
	}
	return "Proportions are shares of samples: of tokens where every MDS sample is one sequence of max_seq_len tokens, as\n" +
		"# convert_dataset_hf.py --concat_tokens writes them. Where samples are documents, haigo export --document-tokens SOURCE=N converts."
}

// samples are a phase's shares of samples, which sum to 1: of two sources with equal shares of tokens the one with shorter samples
// gives more of them.
func (o Order) samples(phase int) []float64 {
	out, sum := make([]float64, len(o.Sources)), 0.0
	for j, w := range o.Phases[phase].Shares {
		out[j] = w
		if own := o.Sources[j].Document; own > 0 {
			out[j] *= float64(o.RowTokens) / own
		}
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
	return out
}

// streams are those that a phase reads, all by proportion: kinds may not be mixed.
func (o Order) streams(t *text, phase int, indent string) {
	t.line("%sshuffle: true", indent)
	t.line("%smax_seq_len: %d", indent, o.RowTokens)
	t.line("%sstreams:", indent)
	samples := o.samples(phase)
	for j, w := range o.Phases[phase].Shares {
		if w > 0 {
			t.line("%s  %s:", indent, o.Sources[j].Name)
			t.line("%s    local: %s", indent, o.Sources[j].path())
			t.line("%s    split: train", indent)
			t.line("%s    proportion: %.6f%s", indent, samples[j], o.lengths(j, w))
		}
	}
}

// lengths says from what a proportion was converted; nothing where it is the share itself.
func (o Order) lengths(source int, share float64) string {
	if own := o.Sources[source].Document; own > 0 {
		return fmt.Sprintf("  # %.6f of the tokens, at %g a sample", share, own)
	}
	for _, s := range o.Sources {
		if s.Document > 0 {
			return fmt.Sprintf("  # %.6f of the tokens, at %d a sample", share, o.RowTokens)
		}
	}
	return ""
}
