package conformance

import (
	"cmp"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Config is what the suite holds to the contract.
type Config struct {
	Trainer trainer.Trainer // in a process of its own
	Engine  Engine

	// Adapt changes the suite's spec where a trainer can't train a dense model of width 32 on bytes in fp32; nil
	// changes nothing.
	Adapt func(s *spec.Spec)
	// Patience bounds the wait for one attempt; 5 minutes unless set.
	Patience time.Duration
}

// Engine is what the suite needs of a place to run attempts. Errors are the test's end.
type Engine interface {
	// Start prepares folder dir with the bytes of spec.json and runs the plan there.
	Start(tb testing.TB, dir string, specJSON []byte, plan trainer.Plan)
	// Alive says whether the attempt still runs.
	Alive(tb testing.TB, dir string) bool
	// Kill ends the runner with SIGKILL, without waiting.
	Kill(tb testing.TB, dir string)
}

// Run runs the suite. Its parts share what they have written and run one after the other.
func Run(t *testing.T, c Config) {
	c.Patience = cmp.Or(c.Patience, 5*time.Minute)
	s := newSuite(t, c)
	t.Run("describe", s.describe)
	t.Run("check", s.check)
	t.Run("check refuses", s.checkRefuses)
	t.Run("plan", s.plan)
	t.Run("complete exact", s.completeExact)
	t.Run("complete multinomial", s.completeMultinomial)
	t.Run("skip", s.skip)
	t.Run("keep", s.keep)
	t.Run("diverge", s.diverge)
	t.Run("refuse to run", s.refuseToRun)
	t.Run("disturbances", s.disturbances)
	t.Run("precisions", s.precisions)
	t.Run("tokenizers", s.tokenizers)
}
