package stack

import "math"

// olmo writes a list of sources a phase, with nothing else in it: SourceMixtureList.from_yaml reads it. A mixture is drawn before
// training, and entered where the checkpoint was, so that each phase's must be as long as the whole run; a source that this takes
// more of than there is must be allowed to be repeated.
func olmo(o Order) []File {
	var files []File
	ends := o.ends(1)
	from := int64(0)
	for i, p := range o.Phases {
		var t text
		t.head(o, "target_ratio is a share of tokens; ratios sum to 1.", ends, i)
		t.line("# SourceMixtureList.from_yaml reads this file. Around it: requested_tokens=%d, global_batch_size=%d (tokens), sequence_length=%d.", o.Steps()*o.RowTokens*o.BatchRows, o.RowTokens*o.BatchRows, o.RowTokens)
		if len(ends) > 1 {
			t.line("# Phase %d: steps %d to %d. Keep --trainer.max_duration at %d steps, so that the learning rate is the whole run's, and stop with", i, from, ends[i], o.Steps())
			t.line("#   --trainer.hard_stop='{value: %d, unit: steps}'", ends[i])
			if i > 0 {
				t.line("# The mixture differs from the checkpoint's: set ignore_fingerprint_mismatch=true on the data loader. It is entered at the old")
				t.line("# step, so it is as long as the whole run here, too: some samples of each source are read again, others never.")
			}
		}
		t.line("sources:")
		for j, w := range p.Shares {
			if w == 0 {
				continue
			}
			t.line("  - source_name: %s", o.Sources[j].Name)
			t.line("    target_ratio: %.6f", w)
			t.line("    paths: [%s]", o.Sources[j].path())
			switch n := o.drawn(i, j); {
			case o.Sources[j].Tokens <= 0:
				t.line("    max_repetition_ratio: 1.0  # its size isn't known here; raise this where the whole run at this ratio takes more than there is")
			case n > 1:
				t.line("    max_repetition_ratio: %.2f  # the whole run at this ratio takes %.2f times what there is", math.Ceil(n*100)/100, n)
			default:
				t.line("    max_repetition_ratio: 1.0  # the whole run at this ratio takes %.2f times what there is", n)
			}
		}
		files = append(files, t.file(phaseName("olmo", i, len(ends), "yaml")))
		from = ends[i]
	}
	return files
}
