package stack

// foundry writes one file: llm-foundry changes streams while it trains, through curriculum_learning, whose durations must sum
// to max_duration.
func foundry(o Order) []File {
	var t text
	t.head(o, "Proportions are shares of samples: of tokens where every MDS sample is one sequence of max_seq_len tokens, as")
	t.line("# convert_dataset_hf.py --concat_tokens writes them. A source whose samples are documents needs its proportion divided by their mean length.")
	ends, per := o.ends(1), o.RowTokens*o.BatchRows
	t.line("max_seq_len: %d", o.RowTokens)
	t.line("global_train_batch_size: %d", o.BatchRows)
	t.line("max_duration: %dtok", o.Steps()*per)
	t.line("train_loader:")
	t.line("  dataset:")
	o.streams(&t, 0, "    ")
	if len(ends) == 1 {
		return []File{t.file("llm-foundry.yaml")}
	}
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

// streams are those that a phase reads, all by proportion: kinds may not be mixed.
func (o Order) streams(t *text, phase int, indent string) {
	t.line("%sshuffle: true", indent)
	t.line("%smax_seq_len: %d", indent, o.RowTokens)
	t.line("%sstreams:", indent)
	for j, w := range o.Phases[phase].Shares {
		if w > 0 {
			t.line("%s  %s:", indent, o.Sources[j].Name)
			t.line("%s    local: %s", indent, o.Sources[j].path())
			t.line("%s    split: train", indent)
			t.line("%s    proportion: %.6f", indent, w)
		}
	}
}
