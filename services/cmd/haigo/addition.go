package main

import (
	"context"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

// textRoots are the folders below which pages may have text read. Where nobody logs in, the server is reached from this
// machine alone, and reads what whoever started it may.
func (f listenFlags) textRoots() []string {
	if len(f.TextRoots) == 0 && f.AdminToken == "" {
		return []string{"/"}
	}
	return slices.Clone(f.TextRoots)
}

// look is a first look at text that somebody wants to add in the browser.
func (a *app) look(roots []string) func(context.Context, ablation.Addition) (corpus.Survey, error) {
	return func(ctx context.Context, v ablation.Addition) (corpus.Survey, error) {
		return corpus.Look(ctx, orchestrator.AdditionOptions(v, a.data, roots))
	}
}

// adder reads what was asked for in the browser.
func (a *app) adder(e *env, roots []string) *orchestrator.Adder {
	return &orchestrator.Adder{Store: a.store, Data: a.data, Roots: roots, Log: e.log}
}
