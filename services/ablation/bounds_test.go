package ablation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestParseSweep_stage_ends: every bound of a stage one before, on and one after, in tokens and as a fraction. A run is
// 1,000 tokens in steps of 100.
func TestParseSweep_stage_ends(t *testing.T) {
	t.Parallel()
	const fine = ""
	tests := []struct{ first, last, want string }{
		{"500", "999", "the last stage ends at 999 of 1000 tokens"},
		{"500", "1000", fine},
		{"500", "1001", "past the budget of 1000"},
		{"500", "1k", fine},
		{"0.5", "0.999", "the last stage ends at 999 of 1000 tokens"},
		{"0.5", "1.0", fine},
		{"0.5", "100%", fine},
		{"0.5", "1.001", "neither a fraction, which is at most 1, nor a whole number of tokens"},
		{"0.5", "100.1%", "more than the whole"},
		{"999", "1000", "is shorter than a step"}, // the first already ends in the last step
		{"901", "1000", "is shorter than a step"},
		{"900", "1000", fine},
		{"899", "1000", fine},
		{"1000", "1000", "not after the stage before it (1000)"},
		{"1.0", "1000", "not after the stage before it (1000)"},
		{"1001", "1.0", "past the budget of 1000"},
		{"2", "1.0", fine},                                   // rounds up to a step
		{"1", "1.0", "not after the stage before it (1000)"}, // 1 is the whole, not one token
		{"0", "1.0", "give a length above 0"},
		{"-1", "1.0", "is no length"},
	}
	for _, tt := range tests {
		t.Run(tt.first+" then "+tt.last, func(t *testing.T) {
			t.Parallel()
			_, err := ablation.ParseSweep(fmt.Appendf(nil, `
name: ends
sources: [ja, en]
recipe: {tokens: 1000, row_tokens: 10, batch_rows: 10}
schedules:
  two: {stages: [{until: %s, mixture: {ja: 1}}, {until: %s, mixture: {en: 1}}]}
`, tt.first, tt.last))
			switch {
			case tt.want == fine && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != fine && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestParseSweep_large: what is too large or too deep to be a sweep file is refused before it is read, and says so.
func TestParseSweep_large(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{"10 MB of comments", "name: x\n" + strings.Repeat("# nothing\n", 1_000_000), "1:1: the document has 10000008 bytes; at most 262144 are read"},
		{"10 MB on one line", "name: " + strings.Repeat("x", 10_000_000), "at most 262144 are read"},
		{"10 MB that aren't text", strings.Repeat("\xff\x00", 5_000_000), "at most 262144 are read"},
		{"lists in lists", "name: " + strings.Repeat("[", 60) + strings.Repeat("]", 60), "nested more than 50 deep"},
		{"100,000 open lists", "name: " + strings.Repeat("[", 100_000), "nested more than 50 deep"},
		{"100,000 open mappings", strings.Repeat("{a: ", 60_000), "nested more than 50 deep"},
		{"lists of lists without brackets", strings.Repeat("- ", 100_000) + "x", "nested more than 50 deep"},
		{"700 keys in keys", stairs(700), "unknown key a"},
		{"NUL", "name: a\x00b\n", "control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ablation.ParseSweep([]byte(tt.document))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.300v, want %q", err, tt.want)
			}
		})
	}
}

// stairs is keys in keys by indentation alone.
func stairs(deep int) string {
	var b strings.Builder
	for i := range deep {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
