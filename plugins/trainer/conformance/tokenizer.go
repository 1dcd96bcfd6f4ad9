package conformance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// tokenizers: a trainer that makes a tokenizer trains with it: its rows are what the check counted, the plan is the sampler's over
// them, scores are per byte, and a resumed run has the same bits. Another vocabulary than the tokenizer's is refused.
func (s *suite) tokenizers(t *testing.T) {
	if len(s.about.Tokenize) == 0 {
		t.Skip("this trainer reads bytes only")
	}
	dir, made := s.learn(t, 400)
	usual := s.spec("tokenizer", 40)
	v := *usual
	v.Tokenizer = spec.Tokenizer{Kind: spec.TokenizerFile, Path: filepath.Join(dir, spec.TokenizerName), SHA256: made.SHA256}
	v.Model.Vocab = made.Vocab
	report := s.report(t, &v)
	if len(report.Problems) > 0 {
		t.Fatalf("problems of a tokenizer that the trainer made: %v", report.Problems)
	}
	whole := s.complete(t, &v)
	if diff := cmp.Diff(s.rowsOf(t, &v), report.Rows); diff != "" {
		t.Errorf("rows (-cut +counted before):\n%s", diff)
	}
	if fewer, over := s.rowsOf(t, &v), s.rowsOf(t, usual); fewer[v.Sources[0].Name] >= over[v.Sources[0].Name] {
		t.Errorf("rows %v, over bytes %v", fewer, over)
	}
	s.continued(t, whole, s.run(t, next(whole, whole.checkpoints()[0])))
	other := v
	other.RunID, other.Model.Vocab = "tokenizer-other", made.Vocab+1
	a := s.run(t, &other)
	if f := a.finished(t); f.Outcome != spec.OutcomeFailed || f.Reason == "" {
		t.Errorf("another vocabulary: finished %+v", f)
	}
	untrained(t, a)
}

// learn has the trainer make a tokenizer of the suite's sources.
func (s *suite) learn(t *testing.T, vocab int) (dir string, made *spec.TokenizerMade) {
	t.Helper()
	order := spec.TokenizerOrder{Sources: s.sources[:2], Vocab: vocab}
	order.Dir = spec.TokenizerDir(s.data, spec.TokenizerKey(order))
	work := filepath.Join(s.data, "order")
	path := filepath.Join(work, "order.json")
	put(t, path, nil)
	if err := spec.WriteFile(path, order); err != nil {
		t.Fatal(err)
	}
	argv := append(append([]string(nil), s.about.Tokenize...), path)
	s.Engine.Start(t, work, nil, trainer.Plan{Parts: []spec.Part{{Name: "tokenizer", Argv: argv, Env: map[string]string{}, Dir: "."}}})
	s.wait(t, "make a tokenizer", func() bool { return !s.Engine.Alive(t, work) })
	made, err := spec.ReadFile[spec.TokenizerMade](filepath.Join(order.Dir, spec.TokenizerAbout))
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(work, spec.StdoutFile))
		t.Fatalf("%v; the program said: %s", err, said)
	}
	return order.Dir, made
}

// count is n_k of a spec's source: over bytes by arithmetic, with a tokenizer as many as were cut.
func (s *suite) count(tb testing.TB, v *spec.Spec, k int) int64 {
	tb.Helper()
	if v.Tokenizer.Kind == spec.TokenizerBytes {
		return s.rows(k, v.RowTokens)
	}
	key := spec.RowsKey(v.Sources[k].ManifestSHA256, v.Tokenizer, v.RowTokens)
	cut, err := spec.ReadFile[spec.Rows](filepath.Join(spec.RowsDir(s.data), key, spec.RowsFile))
	if err != nil {
		tb.Fatal(err)
	}
	return cut.Rows
}
