package trainer

import (
	"context"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Trainer says what to run to train a run; it launches nothing and keeps no state, so it may be killed at any moment.
// All methods may be called concurrently.
type Trainer interface {
	// Describe says what this trainer is and which devices it found.
	Describe(ctx context.Context) (Description, error)
	// Check says what stands in the way of a run, and what the run would take. Problems are data, not an error.
	Check(ctx context.Context, s *spec.Spec) (Report, error)
	// Plan turns a checked spec into the parts that an engine runs in order, in the attempt's folder or in that of a pack which is
	// opened for it.
	Plan(ctx context.Context, assignments []Assignment) (Plan, error)
}

// Description is what a trainer says of itself.
type Description struct {
	Name            string   // as in a recipe's trainer
	Version         string   // of the program
	Devices         []Device // none means that it can't work on this machine
	Packs           bool     // several runs of one shape in one process: where it is started in a pack's folder, see [spec.Pack]
	NativeSchedules bool     // false: only one mixture a part
	Unit            string   // unit of mixing: "row"
	Deterministic   bool     // the same spec and isa give the same bits
	Shapes          []Shape  // named presets, smallest first
	ISAs            []string // instruction sets that can be chosen, best first; "" where it has no meaning
	Precisions      []string // that it computes in on this machine, as in spec.json; none means that only Check tells
	// Tokenizers are those that it reads beside bytes; none means bytes only. Tokenize is the command that makes them: with the
	// path of a [spec.TokenizerOrder] as one argument more it does what that asks. Where it can't, it exits with another status
	// than 0, and the last line of its output is {"en", "ja"}: why.
	Tokenizers []Tokenizer
	Tokenize   []string
	// Absent says why it can't train on this machine, and what to do, where the trainer knows; AbsentJA says so in Japanese. One
	// that names devices all the same may train elsewhere, on the nodes of a cluster.
	Absent, AbsentJA string
}

// Device is a place to compute. Runs share one that has threads, a processor; one without, as a GPU, is given to one run at a
// time, or to one pack, which finds its number, from 0 in the order of the description, in CUDA_VISIBLE_DEVICES.
type Device struct {
	Name        string
	Threads     int
	MemoryBytes int64
}

// Shape is a named model shape with what a recipe for its size takes where it says nothing else: a learning rate that was tried,
// and unless 0 how many tokens a step has, Adam's beta2 for steps as long, and the weight of the z-loss.
type Shape struct {
	Name       string
	Model      spec.Model
	PeakLR     float64
	StepTokens int64
	Beta2      float64
	ZLoss      float64
}

// Tokenizer is one that can be learnt from a sweep's sources. TokenizerFile, without a vocabulary, is any that a file has.
type Tokenizer struct {
	Name  string // as in a recipe
	Vocab int    // with the separator
}

// TokenizerFile is the name of a tokenizer that somebody else has made.
const TokenizerFile = "file"

// Report is the answer to Check.
type Report struct {
	Problems      []Problem // empty: the run can start
	Parameters    int64
	FLOPsPerToken float64 // of training, forward and backward
	MemoryBytes   int64
	TokensPerS    float64            // an estimate for this machine, 0 where there is none
	Rows          map[string]int64   // n_k by source; with a tokenizer's file about as many, by what is measured beside it
	Epochs        map[string]float64 // rows that the table asks for ÷ n_k, by source
	Pack          int                // runs of this shape that are trained fastest in one process here; 0 or 1: each in its own
}

// Problem is one thing that must change before the run can start.
type Problem = spec.Problem

// Assignment gives a run a folder to work in.
type Assignment struct {
	Spec *spec.Spec
	Dir  string // the attempt's folder, absolute, with spec.json in it
	Rows string // folder of cached rows (DATA/rows), absolute
}

// Plan is what an engine is to run.
type Plan struct {
	Files []PlanFile  // written before the start, relative to the attempt's folder
	Parts []spec.Part // in order; preparing rows may be one
}

// PlanFile is a small file that the parts need.
type PlanFile struct {
	Path    string
	Content []byte
}
