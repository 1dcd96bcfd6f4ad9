package corpus

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

// Defaults of NextSentenceOptions.
const (
	DefaultItems       = 200
	DefaultWindowBytes = 255
)

const (
	nextChoices    = 4
	nextMinWindow  = 64       // bytes
	nextMinBytes   = 20       // of a choice: 20 letters, or 7 kana
	nextReadBytes  = 64 << 20 // of held-out text taken into memory
	nextCandidates = 9        // as similar in length as these are, one is drawn by the seed
)

// NextSentenceOptions say how a next-sentence task is made; the zero value is a good one.
type NextSentenceOptions struct {
	Name  string    // of the task; "" is next-sentence-SOURCE
	Items int       // at most; 0 is DefaultItems
	Seed  spec.Seed // the same seed and source give the same task
	// WindowBytes bounds context, separator and any choice together; 0 is DefaultWindowBytes, which fits rows of 256
	// byte tokens. Take row_tokens - 1. A Japanese character is three bytes.
	WindowBytes int
	// SetBytes is the limit that HeldoutSet is called with for this source; 0 is DefaultSetBytes. Documents of that set
	// are used only where the others don't make enough items.
	SetBytes int64
}

// NextSentence makes a four-way task from the held-out documents of the source version in sourceDir and stores it under
// DATA/tasks/NAME/VERSION: which of four sentences comes next? The wrong ones are sentences of three other held-out
// documents, of similar length. Items come from as many documents as possible; a sentence that stands in two documents is
// never asked for; each position holds the right choice equally often. Sentences are lines in code.
//
// A source with too little held-out text makes fewer items than asked for; one that makes none is *ablation.Invalid.
func NextSentence(ctx context.Context, sourceDir string, o NextSentenceOptions) (ablation.Task, error) {
	source, err := Open(sourceDir)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("next-sentence task: %w", err)
	}
	o.Name = cmp.Or(o.Name, "next-sentence-"+source.Name)
	o.Items = cmp.Or(o.Items, DefaultItems)
	o.WindowBytes = cmp.Or(o.WindowBytes, DefaultWindowBytes)
	if problems := slices.Concat(checkName(o.Name), checkWindow(o.WindowBytes)); len(problems) > 0 {
		return ablation.Task{}, &ablation.Invalid{Problems: problems}
	}
	documents, err := o.documents(source)
	if err != nil {
		return ablation.Task{}, fmt.Errorf("next-sentence task of %s: %w", source.Name, err)
	}
	maker := nextMaker{NextSentenceOptions: o, lang: source.Lang, script: scriptOf(source.Lang)}
	items, scored := maker.items(maker.candidates(ctx, documents))
	if err := ctx.Err(); err != nil {
		return ablation.Task{}, err
	}
	if len(items) == 0 {
		return ablation.Task{}, &ablation.Invalid{Problems: tooLittle(source)}
	}
	made, err := task.Put(dataOf(sourceDir), items, task.Origin{
		Source: source.Name, ManifestSHA256: source.ManifestSHA256, Seed: o.Seed, WindowBytes: o.WindowBytes, ScoredItems: scored,
	})
	if err != nil {
		return ablation.Task{}, fmt.Errorf("next-sentence task of %s: %w", source.Name, err)
	}
	return made, nil
}

func checkWindow(bytes int) []ablation.Problem {
	if bytes >= nextMinWindow {
		return nil
	}
	return invalid("window_bytes", fmt.Sprint(bytes),
		fmt.Sprintf("a window of %d bytes holds no question: it needs %d at least", bytes, nextMinWindow),
		fmt.Sprintf("幅 %d バイトには問題が入りません。%d 以上にしてください", bytes, nextMinWindow))
}

func tooLittle(source ablation.Source) []ablation.Problem {
	return invalid("source", source.Name,
		fmt.Sprintf("%s has too few held-out sentences for a next-sentence task: add it again with more held out (haigo corpus add %s PATH --lang %s --share 0.1)",
			source.Name, source.Name, source.Lang),
		fmt.Sprintf("%s は評価用の文が少なすぎて、次の文を選ぶ問題を作れません。評価用の割合を増やして追加し直してください（haigo corpus add %s PATH --lang %s --share 0.1）",
			source.Name, source.Name, source.Lang))
}
