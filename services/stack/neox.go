package stack

import (
	"fmt"
	"strings"
)

// neox writes a file a phase. weight_by_num_documents would override the weights, and exit_interval alone doesn't save.
func neox(o Order) []File {
	var files []File
	ends := o.ends(1)
	from := int64(0)
	for i, p := range o.Phases {
		var t text
		t.head(o, "Weights are shares of sequences of that length, and so of tokens.", ends, i)
		if len(ends) > 1 {
			t.line("# Phase %d: steps %d to %d. train_iters and the learning rate's decay are the whole run's in every phase.", i, from, ends[i])
			t.line("# A restart with other weights enters the new blend at the old step: some samples of each source are read again, others never.")
		}
		var paths, weights []string
		for j, w := range p.Shares {
			if w > 0 {
				paths, weights = append(paths, fmt.Sprintf("%q", o.Sources[j].path())), append(weights, fmt.Sprintf("%.6f", w))
			}
		}
		t.line("{")
		t.line("  \"train_data_paths\": [%s],", strings.Join(paths, ", "))
		t.line("  \"train_data_weights\": [%s],", strings.Join(weights, ", "))
		t.line("  \"weight_by_num_documents\": false,")
		t.line("  \"seq_length\": %d,", o.RowTokens)
		t.line("  \"train_batch_size\": %d,", o.BatchRows)
		t.line("  \"train_iters\": %d,", o.Steps())
		if ends[i] < o.Steps() {
			t.line("  \"exit_interval\": %d,", ends[i])
			t.line("  \"extra_save_iters\": [%d],", ends[i])
		}
		t.line("  \"lr_decay_iters\": %d", o.Steps())
		t.line("}")
		files = append(files, t.file(phaseName("neox", i, len(ends), "yml")))
		from = ends[i]
	}
	return files
}

// phaseName is a phase's file; a run of one phase has one file.
func phaseName(stem string, phase, phases int, extension string) string {
	if phases == 1 {
		return stem + "." + extension
	}
	return fmt.Sprintf("%s-phase%d.%s", stem, phase, extension)
}
