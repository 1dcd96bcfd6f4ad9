package orchestrator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// reader is a trainer that reads tokens: a token is two bytes of text in what its program makes once it may.
type reader struct {
	inProcess
	may   chan struct{}
	asked *atomic.Int32
}

func (r reader) Describe(ctx context.Context, name string) (trainer.Description, error) {
	d, err := r.inProcess.Describe(ctx, name)
	d.Tokenizers = []trainer.Tokenizer{{Name: "unigram-8k", Vocab: 8192}, {Name: trainer.TokenizerFile}}
	return d, err
}

func (r reader) Check(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error) {
	report, err := r.inProcess.Check(ctx, name, s)
	report.Problems = nil // the embedded trainer reads bytes
	return report, err
}

func (r reader) Tokenize(ctx context.Context, _ string, o spec.TokenizerOrder) error {
	<-r.may
	r.asked.Add(1)
	made := spec.TokenizerMade{SHA256: spec.Digest(nil), Vocab: 8000, Reversible: true, Sources: map[string]spec.TokenizerMeasured{}}
	if o.Path != "" {
		made.SHA256 = o.SHA256
		if text, err := os.ReadFile(o.Path); err != nil || string(text) == "no bytes" {
			return errors.Join(err, ablation.Conflict("it can't encode every byte", "すべてのバイトを符号化できるものではありません"))
		}
	}
	for _, s := range o.Sources {
		made.Sources[s.ManifestSHA256] = spec.TokenizerMeasured{Bytes: 1000, Tokens: 500}
	}
	if err := errors.Join(os.MkdirAll(o.Dir, 0o755), os.WriteFile(filepath.Join(o.Dir, spec.TokenizerName), nil, 0o644)); err != nil {
		return err
	}
	return spec.WriteFile(filepath.Join(o.Dir, spec.TokenizerAbout), made)
}

func tokenFile(name, tokenizer string) []byte {
	return []byte(strings.Replace(string(sweepFile(name, "")), "trainer: cpu, ", "trainer: cpu, tokenizer: "+tokenizer+", ", 1))
}

// TestSweeper_tokenizer: a plan goes by an estimate while a tokenizer is made and by its measure then; a start waits for it and
// records it; another sweep of the same sources has the same one.
func TestSweeper_tokenizer(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	r := reader{cpu, make(chan struct{}), new(atomic.Int32)}
	s := &orchestrator.Sweeper{Store: store, Trainers: r, RunsAtOnce: 1, Data: t.TempDir()}
	plan, err := s.Plan(t.Context(), tokenFile("tokens", "unigram-8k"))
	if err != nil || plan.Tokenized == nil || !plan.Tokenized.Pending || plan.Tokenized.Vocab != 8192 || len(plan.Problems) > 0 {
		t.Fatalf("a plan before: %+v, %v, %v", plan.Tokenized, plan.Problems, err)
	}
	close(r.may)
	sweep, _, err := s.Apply(t.Context(), tokenFile("tokens", "unigram-8k"), "")
	if err != nil || sweep.Tokenized == nil || sweep.Tokenized.Vocab != 8000 || sweep.Tokenized.Pending {
		t.Fatalf("started: %+v, %v", sweep.Tokenized, err)
	}
	if plan, err = s.Plan(t.Context(), tokenFile("later", "unigram-8k")); err != nil || plan.Tokenized.Pending {
		t.Fatalf("a plan after: %+v, %v", plan.Tokenized, err)
	}
	for _, source := range plan.Sources {
		if want := source.Bytes/2 + source.Documents; source.Tokens != want || source.Rows(16) != want/17 {
			t.Errorf("%s: %d tokens in %d rows, want %d", source.Name, source.Tokens, source.Rows(16), want)
		}
	}
	if want := "web-ja 2.00, web-en 2.00"; plan.Lengths() != want {
		t.Errorf("bytes a token: %s, want %s", plan.Lengths(), want)
	}
	again, done, err := s.Apply(t.Context(), tokenFile("tokens", "unigram-8k"), "")
	if err != nil || done.Created || again.Tokenized.Key != sweep.Tokenized.Key || r.asked.Load() != 1 {
		t.Errorf("again: %+v, %+v, %v; made %d times", done, again.Tokenized, err, r.asked.Load())
	}
}

// TestSweeper_tokenizerOfWeights: runs that start from others' weights read those weights' tokenizer, whatever their own sources
// would have taught, and no other.
func TestSweeper_tokenizerOfWeights(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	r := reader{cpu, make(chan struct{}), new(atomic.Int32)}
	close(r.may)
	s := &orchestrator.Sweeper{Store: store, Trainers: r, RunsAtOnce: 1, Data: t.TempDir(), Patience: time.Minute}
	first, _, err := s.Apply(t.Context(), tokenFile("first", "unigram-8k"), "")
	if err != nil {
		t.Fatal(err)
	}
	from := func(tokenizer string) []byte {
		text := strings.Replace(string(tokenFile("second", tokenizer)), "trainer: cpu, ", "trainer: cpu, start: {run: first/half, step: last}, ", 1)
		return []byte(strings.NewReplacer("[web-ja, web-en]", "[web-ja]", "{web-ja: 0.5, web-en: 0.5}", "{web-ja: 1}").Replace(text))
	}
	plan, err := s.Plan(t.Context(), from("unigram-8k"))
	if err != nil || plan.Tokenized == nil || plan.Tokenized.SHA256 != first.Tokenized.SHA256 || plan.Tokenized.Key == first.Tokenized.Key {
		t.Errorf("started from weights: %+v, %v; theirs is %+v", plan.Tokenized, err, first.Tokenized)
	}
	var bad *ablation.Invalid
	_, err = s.Plan(t.Context(), from("bytes"))
	if !errors.As(err, &bad) || bad.Problems[0].Field != "recipe.tokenizer" || !strings.Contains(bad.Problems[0].Message.EN, "read unigram-8k; give unigram-8k") {
		t.Errorf("another tokenizer: %v", err)
	}
}

// TestSweeper_tokenizerRefused: what can't be read is refused where it stands, in both languages.
func TestSweeper_tokenizerRefused(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	r := reader{cpu, make(chan struct{}), new(atomic.Int32)}
	close(r.may)
	reads := &orchestrator.Sweeper{Store: store, Trainers: r, RunsAtOnce: 1, Data: t.TempDir(), Patience: time.Minute}
	bytes := &orchestrator.Sweeper{Store: store, Trainers: cpu, RunsAtOnce: 1, Data: t.TempDir()}
	poor := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := os.WriteFile(poor, []byte("no bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		by            *orchestrator.Sweeper
		tokenizer, en string
	}{
		{bytes, "unigram-8k", "trainer cpu reads bytes only"},
		{bytes, poor, "trainer cpu reads bytes only"},
		{reads, "unigram-9k", "has no tokenizer unigram-9k; choose one of bytes, unigram-8k"},
		{reads, "/nowhere/tokenizer.json", "there is no file /nowhere/tokenizer.json"},
		{reads, poor, "can't be used: it can't encode every byte"},
	} {
		_, err := v.by.Plan(t.Context(), tokenFile("refused", v.tokenizer))
		var bad *ablation.Invalid
		if !errors.As(err, &bad) || len(bad.Problems) != 1 {
			t.Errorf("%s: %v", v.tokenizer, err)
			continue
		}
		p := bad.Problems[0]
		if p.Field != "recipe.tokenizer" || p.Line == 0 || !strings.Contains(p.Message.EN, v.en) || p.Message.JA == "" || p.Message.JA == p.Message.EN {
			t.Errorf("%s: %+v", v.tokenizer, p)
		}
	}
}
