package stack

import "math"

// olmo writes a file of sources a phase. A source that is read more than once must be allowed to be.
func olmo(o Order) []File {
	var files []File
	ends := o.ends(1)
	from := int64(0)
	for i, p := range o.Phases {
		var t text
		t.head(o, "target_ratio is a share of tokens; ratios sum to 1.")
		if len(ends) > 1 {
			t.line("# Phase %d: steps %d to %d. Keep --trainer.max_duration at %d steps, so that the learning rate is the whole run's, and stop with", i, from, ends[i], o.Steps())
			t.line("#   --trainer.hard_stop='{value: %d, unit: steps}'", ends[i])
			if i > 0 {
				t.line("# The mixture differs from the checkpoint's: set ignore_fingerprint_mismatch=true on the data loader.")
			}
		}
		t.line("sequence_length: %d", o.RowTokens)
		t.line("global_batch_size: %d  # tokens", o.RowTokens*o.BatchRows)
		t.line("sources:")
		for j, w := range p.Shares {
			if w == 0 {
				continue
			}
			t.line("  - source_name: %s", o.Sources[j].Name)
			t.line("    target_ratio: %.6f", w)
			t.line("    paths: [%s]", o.Sources[j].path())
			switch n := o.epochs(i, j); {
			case o.Sources[j].Tokens <= 0:
				t.line("    max_repetition_ratio: 1.0  # its size isn't known here; raise this where the run reads it more than once")
			case n > 1:
				t.line("    max_repetition_ratio: %.2f  # read %.2f times", math.Ceil(n*100)/100, n)
			default:
				t.line("    max_repetition_ratio: 1.0  # read %.2f times", n)
			}
		}
		files = append(files, t.file(phaseName("olmo", i, len(ends), "yaml")))
		from = ends[i]
	}
	return files
}
