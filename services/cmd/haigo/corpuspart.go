package main

import (
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
)

type corpusPartCmd struct {
	Name    string    `arg:"" help:"The part's name: lower-case letters, digits, . _ -"`
	Of      string    `required:"" help:"The source that it is a part of." placeholder:"SOURCE"`
	Version string    `help:"Its version (default: the newest)."`
	Bytes   byteCount `required:"" help:"At most so much training text, a sample by --seed: 500k, 2M. Held-out text stays whole."`
	Seed    uint64    `help:"Of the sample; a smaller part is a part of a larger one."`
}

// Run makes a source of a part of another's training text, as proxies need it that repeat text as often as a larger run.
func (c corpusPartCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		whole, err := a.store.Source(e.ctx, c.Of, c.Version)
		if err != nil {
			return err
		}
		result, err := corpus.Part(e.ctx, corpus.PartOptions{Data: a.data, Of: whole, Name: c.Name, Bytes: int64(c.Bytes), Seed: spec.Seed(c.Seed)})
		if err != nil {
			return err
		}
		if err := a.store.PutSource(e.ctx, result.Source); err != nil {
			return err
		}
		printSource(e.stdout, result.Source)
		return printReport(e.stdout, result.Source, nil)
	})
}
