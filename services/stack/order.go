package stack

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Order is the big run's data: what is read when.
type Order struct {
	Title     string   // of the files, one line: which sweep and arm it is of
	Warnings  []string // a line each: what whoever trains by the files should know
	Sources   []Source // in the order of shares
	Phases    []Phase
	Tokens    int64 // of the whole run
	RowTokens int64 // length of a training sequence
	BatchRows int64 // sequences of a global batch

	asked []Phase // as they were before their shares were rounded
}

// Source is a body of text as the stack finds it.
type Source struct {
	Name   string
	Path   string  // prefix, folder or address, as the stack wants it; empty: a place holder
	Tokens float64 // that it has; 0: not known
	// Document is the mean length in tokens of its samples, where a stack that counts samples finds a document in each; 0: a sample
	// is a whole sequence.
	Document float64
}

// Phase is a part of the run with one mixture.
type Phase struct {
	Until  float64   // fraction of the run at which it ends; the last is 1
	Shares []float64 // of training tokens, by source; they sum to 1
}

// File is one file of a configuration.
type File struct {
	Name string
	Data []byte
}

// Stack is a training stack that orders are written for.
type Stack struct {
	Name  string // as --for has it
	Label string
	write func(Order) []File
}

// All are the stacks, in the order in which they are offered.
func All() []Stack {
	return []Stack{
		{"megatron", "Megatron-LM", megatron},
		{"neox", "GPT-NeoX", neox},
		{"llm-foundry", "llm-foundry", foundry},
		{"olmo", "OLMo-core", olmo},
		{"levanter", "Levanter", levanter},
	}
}

// Names are those of all stacks.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name)
	}
	return names
}

// Write is the configuration of the stack of that name. What the order can't be is *ablation.Invalid.
func Write(name string, o Order) ([]File, error) {
	i := slices.IndexFunc(All(), func(s Stack) bool { return s.Name == name })
	if i < 0 {
		return nil, bad("for", name, ablation.Said("is no stack; write one of %s", "対応していません。%s のどれかにしてください", strings.Join(Names(), ", ")))
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return All()[i].write(o.rounded()), nil
}

func bad(field, text string, message ablation.Label) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Text: text, Message: message}}}
}

func (o Order) check() error {
	switch {
	case o.Tokens < 1 || o.RowTokens < 1 || o.BatchRows < 1:
		return bad("tokens", "", ablation.Said("tokens, sequence length and batch must be 1 at least", "トークン数、系列長、バッチは 1 以上にしてください"))
	case o.Steps() < int64(len(o.Phases)):
		return bad("tokens", fmt.Sprint(o.Tokens), ablation.Said("are too few for %d phases: they make %d steps", "%d 段階には少なすぎます。%d ステップにしかなりません", len(o.Phases), o.Steps()))
	case len(o.Sources) == 0 || len(o.Phases) == 0:
		return bad("sweep", "", ablation.Said("there is no source or no phase to write", "書き出すデータソースか段階がありません"))
	}
	for _, s := range o.Sources {
		if strings.ContainsAny(s.Path, " \t\r\n\"'\\") {
			return bad("path", s.Path, ablation.Said("holds a space, quote or backslash, which these files can't carry; link it to a plainer path", "空白、引用符、バックスラッシュは使えません。単純なパスにリンクしてください"))
		}
	}
	from := 0.0
	for _, p := range o.Phases {
		sum := 0.0
		for _, w := range p.Shares {
			sum += w
		}
		if len(p.Shares) != len(o.Sources) || math.Abs(sum-1) > 1e-3 || p.Until <= from {
			return bad("mixture", "", ablation.Said("shares of each phase must sum to 1, a share a source, and phases follow each other", "各段階の割合の和を 1 にし、データソースごとに一つずつ、段階は順に並べてください"))
		}
		from = p.Until
	}
	return nil
}

// Steps of the whole run, rounded up.
func (o Order) Steps() int64 {
	per := o.RowTokens * o.BatchRows
	return (o.Tokens + per - 1) / per
}

// millionths is how fine shares are written.
const millionths = 1e6

// rounded has shares of six decimals that sum to exactly 1, what rounding leaves going to the largest.
func (o Order) rounded() Order {
	phases := slices.Clone(o.Phases)
	for i, p := range phases {
		shares, left, most := make([]float64, len(p.Shares)), millionths, 0
		for j, w := range p.Shares {
			shares[j] = math.Round(w * millionths)
			left -= shares[j]
			if shares[j] > shares[most] {
				most = j
			}
		}
		shares[most] += left
		for j := range shares {
			shares[j] /= millionths
		}
		phases[i].Shares = shares
	}
	o.Phases, o.asked = phases, o.Phases
	return o
}

// ends are the steps at which phases end, each a multiple of unit but the last.
func (o Order) ends(unit int64) []int64 {
	steps, before := o.Steps(), int64(0)
	out := make([]int64, len(o.Phases))
	for i, p := range o.Phases {
		end := int64(math.Round(p.Until*float64(steps)/float64(unit))) * unit
		out[i] = min(max(end, before+unit), steps)
		before = out[i]
	}
	out[len(out)-1] = steps
	return out
}

// path is where a source lies, or a place holder that can't be taken for one.
func (s Source) path() string {
	if s.Path == "" {
		return "/PATH/TO/" + s.Name
	}
	return s.Path
}

// drawn is how much of a source a whole run at a phase's share takes, in sources; 0 where its size isn't known.
func (o Order) drawn(phase, source int) float64 {
	if o.Sources[source].Tokens <= 0 {
		return 0
	}
	return o.Phases[phase].Shares[source] * float64(o.Steps()*o.RowTokens*o.BatchRows) / o.Sources[source].Tokens
}

// text collects a file's lines.
type text struct{ strings.Builder }

func (t *text) line(format string, values ...any) {
	fmt.Fprintf(t, format+"\n", values...)
}

func (t *text) file(name string) File { return File{name, []byte(t.String())} }

// head begins every file: what it is of, in which unit, what to beware of, and what was rounded. ends are the phases' in steps, phases those whose
// shares the file has.
func (t *text) head(o Order, unit string, ends []int64, phases ...int) {
	t.line("# %s", o.Title)
	t.line("# %d steps of %d sequences of %d tokens: %d tokens.", o.Steps(), o.BatchRows, o.RowTokens, o.Steps()*o.RowTokens*o.BatchRows)
	t.line("# %s", unit)
	for _, warning := range o.Warnings {
		t.line("# Warning: %s", warning)
	}
	rounded := o.roundedEnds(ends)
	for _, p := range phases {
		rounded = append(rounded, o.roundedShares(p)...)
	}
	for _, what := range rounded {
		t.line("# Rounded: %s.", what)
	}
	if len(rounded) == 0 {
		t.line("# Nothing was rounded.")
	}
}
