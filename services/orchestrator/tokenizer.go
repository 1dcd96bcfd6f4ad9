package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// startPatience is how long a start waits for a tokenizer at least: within the time that a page waits for an answer.
const startPatience = 30 * time.Second

// maxTokenizerBytes bounds a tokenizer's file; the largest known ones have a tenth of it.
const maxTokenizerBytes = 256 << 20

// expectedBytes is how many bytes of text a token of a vocabulary is taken to be until that is measured.
const expectedBytes = 3.5

// tokenise finds the sweep's tokenizer and how many tokens its sources are in it. One that isn't there is made, once for the same
// sources; whoever hasn't the patience goes on with an estimate. What a start has recorded stays.
func (s *Sweeper) tokenise(ctx context.Context, r *resolved) error {
	name := r.Sweep.Recipe.Tokenizer
	if err := sameTokenizer(r); err != nil {
		return err
	}
	if name == ablation.TokenizerBytes {
		return nil
	}
	if r.existing == nil {
		order, err := s.order(r)
		if err != nil {
			return err
		}
		made, err := s.tokenizers.made(ctx, s.Trainers, r.Sweep.Recipe.Trainer, order, r.patience)
		if err != nil {
			return badTokenizer(name, err)
		}
		r.Sweep.Tokenized = tokenized(r.Sources, order, made)
	}
	for i, source := range r.Sources {
		r.Sources[i].Tokens = r.Sweep.Tokenized.Tokens[source.Name]
	}
	return nil
}

// sameTokenizer refuses another tokenizer than the one that the weights were trained with which the runs start from.
func sameTokenizer(r *resolved) error {
	name := r.Sweep.Recipe.Tokenizer
	for _, p := range r.Sweep.Parents {
		switch {
		case p.Past != nil && p.Past.Recipe.Tokenizer != name:
			return wrong("recipe.tokenizer", "is %s, and the weights of %s read %s; give %[3]s", "%s ですが、%s の重みは %s で学習しています。%[3]s にしてください",
				name, p.Name, p.Past.Recipe.Tokenizer)
		case p.Past == nil && name != ablation.TokenizerBytes && !strings.HasPrefix(name, "/"):
			return wrong("recipe.tokenizer", "is %s, which would be learnt anew, and the weights in %s read one of their own; give the path of its file",
				"%s は新しく学習されますが、%s の重みには学習に使ったトークナイザーがあります。そのファイルのパスを書いてください", name, p.Name)
		}
	}
	return nil
}

// order is what the trainer's program is asked for: one of its tokenizers, or the file that is named or that the weights read.
func (s *Sweeper) order(r *resolved) (spec.TokenizerOrder, error) {
	o, name := spec.TokenizerOrder{Sources: specSources(r.Sources)}, r.Sweep.Recipe.Tokenizer
	offered := func(name string) int {
		return slices.IndexFunc(r.description.Tokenizers, func(t trainer.Tokenizer) bool { return t.Name == name })
	}
	var err error
	switch i := offered(name); {
	case len(r.Sweep.Parents) > 0 && r.Sweep.Parents[0].Past != nil:
		was := r.Sweep.Parents[0].Past.Tokenized
		o.Path, o.SHA256 = filepath.Join(spec.TokenizerDir(s.Data, was.Key), spec.TokenizerName), was.SHA256
	case strings.HasPrefix(name, "/") && offered(trainer.TokenizerFile) >= 0:
		o.Path = name
		o.SHA256, err = digestTokenizer(name)
	case i >= 0 && name != trainer.TokenizerFile:
		o.Vocab = r.description.Tokenizers[i].Vocab
	default:
		err = noTokenizer(r.description, name)
	}
	o.Dir = spec.TokenizerDir(s.Data, spec.TokenizerKey(o))
	return o, err
}

// digestTokenizer is the SHA-256 of a tokenizer's file.
func digestTokenizer(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "", wrong("recipe.tokenizer", "there is no file %s; give the path of a tokenizer.json, or of a model of SentencePiece",
			"ファイル %s がありません。tokenizer.json か SentencePiece のモデルのパスを書いてください", path)
	case info.Size() > maxTokenizerBytes:
		return "", wrong("recipe.tokenizer", "%s has %d MB, which is no tokenizer; give the path of a tokenizer.json, or of a model of SentencePiece",
			"%s は %d MB あり、トークナイザーではないようです。tokenizer.json か SentencePiece のモデルのパスを書いてください", path, info.Size()>>20)
	}
	digest, _, err := spec.DigestFile(path)
	if err != nil {
		return "", wrong("recipe.tokenizer", "%s can't be read; check its permissions", "%s を読めません。アクセス権を確かめてください", path)
	}
	return digest, nil
}

// noTokenizer says what a trainer reads instead.
func noTokenizer(d trainer.Description, name string) error {
	if len(d.Tokenizers) == 0 {
		return wrong("recipe.tokenizer", "is %s, and trainer %s reads bytes only; give bytes, or a trainer that reads tokens (recipe.trainer: gpu)",
			"%s ですが、トレーナー %s はバイトだけを読みます。bytes にするか、トークンを読めるトレーナーにしてください（recipe.trainer: gpu）", name, d.Name)
	}
	names := []string{ablation.TokenizerBytes}
	for _, t := range d.Tokenizers {
		if t.Name != trainer.TokenizerFile {
			names = append(names, t.Name)
		}
	}
	return wrong("recipe.tokenizer", "trainer %s has no tokenizer %s; choose one of %s, or give the path of a tokenizer's file",
		"トレーナー %s にトークナイザー %s はありません。%s から選ぶか、トークナイザーのファイルのパスを書いてください", d.Name, name, strings.Join(names, ", "))
}

// badTokenizer puts what is wrong with a tokenizer where it is asked for.
func badTokenizer(name string, err error) error {
	var refused *ablation.Refusal
	if !errors.As(err, &refused) {
		return fmt.Errorf("tokenizer %s: %w", name, err)
	}
	return invalid("recipe.tokenizer", name, fmt.Sprintf("tokenizer %s can't be used: %s", name, refused.Message.EN),
		fmt.Sprintf("トークナイザー %s は使えません：%s", name, refused.Message.JA))
}

// stillMade is that a start would have to wait longer.
func stillMade(name string) error {
	return wrong("recipe.tokenizer", "tokenizer %s is still being learnt from these sources, which takes a few minutes once; start again when it is there",
		"トークナイザー %s をデータソースから学習しています（初回だけ数分かかります）。できたら、もう一度開始してください", name)
}

// tokenized is what is recorded of a tokenizer; where made is nil, what to expect of it.
func tokenized(sources []ablation.Source, o spec.TokenizerOrder, made *spec.TokenizerMade) *ablation.Tokenized {
	t := &ablation.Tokenized{Key: filepath.Base(o.Dir), Tokens: map[string]int64{}}
	if made == nil { // a digest and a vocabulary that a trainer can be asked with
		t.Pending, t.Reversible, t.SHA256, t.Vocab = true, true, t.Key, int64(max(o.Vocab, 257))
	} else {
		t.SHA256, t.Vocab, t.Reversible = made.SHA256, int64(made.Vocab), made.Reversible
	}
	for _, s := range sources {
		measured := spec.TokenizerMeasured{Bytes: expectedBytes * 1000, Tokens: 1000}
		if made != nil {
			measured = made.Sources[s.ManifestSHA256]
		}
		t.Tokens[s.Name] = measured.Of(s.Bytes, s.Documents)
	}
	return t
}

// tokenizing are trainers with programs that make tokenizers.
type tokenizing interface {
	Tokenize(ctx context.Context, name string, o spec.TokenizerOrder) error
}

// tokenizers are those that are being made for this process's plans and starts. The zero value is ready, and safe for concurrent
// use. Other processes may be at the same ones: the program sees to that.
type tokenizers struct {
	mu   sync.Mutex
	jobs map[string]*making // by folder
}

// making is a tokenizer that is being made; err is why it couldn't be, once done is closed.
type making struct {
	done chan struct{}
	err  error
	at   time.Time // when it ended
}

// remembers is for how long a plan goes by what was wrong with a tokenizer; a start tries again.
const remembers = time.Minute

// made is a tokenizer that was ordered, nil where it takes longer than the caller has patience. What is begun goes on.
func (m *tokenizers) made(ctx context.Context, trainers Trainers, name string, o spec.TokenizerOrder, patience time.Duration) (*spec.TokenizerMade, error) {
	about := filepath.Join(o.Dir, spec.TokenizerAbout)
	if made, err := spec.ReadFile[spec.TokenizerMade](about); !errors.Is(err, os.ErrNotExist) {
		return made, err
	}
	maker, ok := trainers.(tokenizing)
	if !ok {
		return nil, ablation.Conflict("nothing here makes tokenizers", "トークナイザーを作るプログラムがありません")
	}
	job := m.begin(context.WithoutCancel(ctx), o, patience > 0, func(ctx context.Context) error { return maker.Tokenize(ctx, name, o) })
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-job.done:
	default:
		select {
		case <-job.done:
		case <-wait.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if job.err != nil {
		return nil, job.err
	}
	return spec.ReadFile[spec.TokenizerMade](about)
}

// begin is the making of what is ordered, begun unless it is under way. One that failed is begun again where somebody waits for
// it, or after a while.
func (m *tokenizers) begin(ctx context.Context, o spec.TokenizerOrder, again bool, act func(context.Context) error) *making {
	m.mu.Lock()
	defer m.mu.Unlock()
	if job := m.jobs[o.Dir]; job != nil {
		select {
		case <-job.done:
			if !again && time.Since(job.at) < remembers {
				return job
			}
		default:
			return job
		}
	}
	if m.jobs == nil {
		m.jobs = map[string]*making{}
	}
	job := &making{done: make(chan struct{})}
	m.jobs[o.Dir] = job
	go func() {
		job.err = act(ctx)
		job.at = time.Now()
		close(job.done)
	}()
	return job
}
