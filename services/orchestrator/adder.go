package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/postgres"
)

const (
	additionTell  = time.Second      // between two words of how far an addition is
	additionLease = 15 * time.Second // after which another server takes over what one began
)

// Adder reads the text that people asked for into sources, one addition after the other. Any number of adders may share a
// database; one that ends in the middle leaves its addition to the next, which begins it anew.
type Adder struct {
	Store *postgres.Store
	Data  string
	// Roots are the folders below which text may be read; none: none may.
	Roots []string
	Log   *slog.Logger
}

// Run reads until ctx ends.
func (a *Adder) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if _, err := a.AddOnce(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("Could not look for text to read, will look again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// AddOnce reads the next addition to its end; false where there is none.
func (a *Adder) AddOnce(ctx context.Context) (bool, error) {
	next, err := a.Store.ClaimAddition(ctx, additionLease)
	if err != nil || next == nil {
		return false, err
	}
	ended := a.read(ctx, *next)
	if ended.State == ablation.AdditionWaiting {
		a.Log.Info("Text is left to be read again", "source", ended.Name)
	}
	// The server may be ending: what it says last must still arrive.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err = a.Store.EndAddition(last, ended)
	return true, err
}

// AdditionOptions are what an addition reads, and may read.
func AdditionOptions(v ablation.Addition, data string, roots []string) corpus.Options {
	return corpus.Options{
		Data: data, Name: v.Name, Lang: v.Lang, Paths: []string{v.Path}, Column: v.Column,
		Split: corpus.Split(v.Split), Share: v.Share, DropNearDuplicates: v.DropNear, Within: append([]string{}, roots...),
		Origin: []spec.Origin{{Path: v.Path, Licence: v.Licence}},
	}
}

// read is the addition with what became of it.
func (a *Adder) read(ctx context.Context, v ablation.Addition) ablation.Addition {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	var progress atomic.Pointer[corpus.Progress]
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.tell(reading, v, &progress, cancel)
	}()
	result, err := a.make(reading, v, func(p corpus.Progress) { progress.Store(&p) })
	if err == nil {
		err = a.Store.PutSource(reading, result.Source)
	}
	cancel()
	<-told
	v.Progress = readingOf(progress.Load())
	switch reason, refused := refusal(err); {
	case err == nil:
		v.State, v.Version = ablation.AdditionAdded, result.Version
		a.Log.Info("A source was added", "source", v.Name, "version", v.Version)
	case ctx.Err() != nil:
		v.State = ablation.AdditionWaiting
	case refused:
		v.State, v.Message = ablation.AdditionFailed, reason
	case errors.Is(err, context.Canceled): // by a person: that is stored already
	default:
		a.Log.Error("Text can't be read", "source", v.Name, "err", err)
		v.State, v.Message = ablation.AdditionFailed, ablation.Label{EN: "something went wrong on the server, whose log says what", JA: "サーバー側の問題です。内容はサーバーのログにあります"}
	}
	return v
}

// make reads text into a source, or takes a part of one.
func (a *Adder) make(ctx context.Context, v ablation.Addition, progress func(corpus.Progress)) (corpus.Result, error) {
	if v.Of == "" {
		options := AdditionOptions(v, a.Data, a.Roots)
		options.Progress = progress
		return corpus.Add(ctx, options)
	}
	name, version, _ := strings.Cut(v.Of, "@")
	whole, err := corpus.Open(spec.SourceDir(a.Data, name, version))
	if err != nil {
		return corpus.Result{}, err
	}
	return corpus.Part(ctx, corpus.PartOptions{Data: a.Data, Of: whole, Name: v.Name, Bytes: v.Bytes, Progress: progress})
}

// tell stores how far the reading is until it ends, and cancels it when the addition is no longer this reader's.
func (a *Adder) tell(ctx context.Context, v ablation.Addition, progress *atomic.Pointer[corpus.Progress], cancel func()) {
	tick := time.NewTicker(additionTell)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		v.Progress = readingOf(progress.Load())
		held, err := a.Store.TellAddition(ctx, v, additionLease)
		if err == nil && !held {
			cancel()
			return
		}
		if err != nil && ctx.Err() == nil {
			a.Log.Warn("Could not say how far an addition is", "source", v.Name, "err", err)
		}
	}
}

func readingOf(p *corpus.Progress) ablation.Reading {
	if p == nil {
		return ablation.Reading{}
	}
	return ablation.Reading{Files: p.Files, FilesAll: p.FilesAll, Bytes: p.Bytes, BytesAll: p.BytesAll, Documents: p.Documents, Rejected: p.Rejected}
}
