package httpd

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/haigo-lab/haigo/services/chart"
)

const (
	sweepsKept  = 16  // sweeps whose figures are kept
	figuresKept = 256 // of each
)

// figures keeps figures of the sweeps that were looked at last, as they were sent, while nothing of these sweeps changes: a
// page that many look at, or one again and again, is drawn once. Safe for concurrent use.
type figures struct {
	// version is what a sweep stands at; load reads it.
	version func(ctx context.Context, sweep string) (string, error)
	load    func(ctx context.Context, sweep string) (chart.Data, error)
	mu      sync.Mutex
	sweeps  map[string]*drawnSweep // by name
}

// drawnSweep is a sweep at one version, with what was drawn of it. Its own lock lets the first of a page's charts read it
// while the others wait.
type drawnSweep struct {
	version string
	mu      sync.Mutex
	data    *chart.Data // nil until it was read; nobody changes it
	figures map[string]tagged
}

func newFigures(version func(context.Context, string) (string, error), load func(context.Context, string) (chart.Data, error)) *figures {
	return &figures{version: version, load: load, sweeps: map[string]*drawnSweep{}}
}

// get is the figure of a sweep that key names, as draw draws it. One without a key isn't kept.
func (f *figures) get(ctx context.Context, sweep, key string, draw func(chart.Data) (chart.Figure, error)) (tagged, error) {
	version, err := f.version(ctx, sweep)
	if err != nil {
		return tagged{}, err
	}
	of := f.at(sweep, version)
	if drawn, ok := of.drawn(key); ok {
		return drawn, nil
	}
	data, err := of.read(func() (chart.Data, error) { return f.load(ctx, sweep) })
	if err != nil {
		return tagged{}, err
	}
	drawn, err := tag(draw(data))
	if err == nil {
		of.keep(key, drawn)
	}
	return drawn, err
}

// at is a sweep at a version: what was drawn of another one is forgotten.
func (f *figures) at(sweep, version string) *drawnSweep {
	f.mu.Lock()
	defer f.mu.Unlock()
	if of := f.sweeps[sweep]; of != nil && of.version == version {
		return of
	}
	if len(f.sweeps) >= sweepsKept {
		clear(f.sweeps) // who draws just now keeps what it has
	}
	of := &drawnSweep{version: version, figures: map[string]tagged{}}
	f.sweeps[sweep] = of
	return of
}

// drawn is a figure that was kept; without a key there is none.
func (d *drawnSweep) drawn(key string) (tagged, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	drawn, ok := d.figures[key]
	return drawn, ok
}

func (d *drawnSweep) read(load func() (chart.Data, error)) (chart.Data, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.data == nil {
		data, err := load()
		if err != nil {
			return data, err
		}
		d.data = &data
	}
	return *d.data, nil
}

func (d *drawnSweep) keep(key string, drawn tagged) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key != "" && len(d.figures) < figuresKept {
		d.figures[key] = drawn
	}
}

// keptKinds are drawn of nothing but what a sweep's version covers.
var keptKinds = []string{"tradeoff", "curve", "mixture", "accuracy"}

// key names a figure of a sweep or, with its id, of a run. Parts of a curve have none: there are too many of them.
func (q chartQuery) key(run string) string {
	if q.frame != (chart.Frame{}) || !slices.Contains(keptKinds, q.kind) {
		return ""
	}
	text, _ := json.Marshal([]any{run, q.kind, q.metrics, q.arm, q.task}) // strings never fail
	return string(text)
}

// sweepFigure draws a chart of a sweep.
func (s *Server) sweepFigure(ctx context.Context, name string, q chartQuery) (tagged, error) {
	return s.figures.get(ctx, name, q.key(""), func(d chart.Data) (chart.Figure, error) { return s.drawSweep(ctx, d, q) })
}

// runFigure draws a chart of one run.
func (s *Server) runFigure(ctx context.Context, id string, q chartQuery) (tagged, error) {
	run, err := s.options.Store.Run(ctx, id)
	if err != nil {
		return tagged{}, err
	}
	return s.figures.get(ctx, run.Sweep, q.key(id), func(d chart.Data) (chart.Figure, error) { return s.drawRun(ctx, d, id, q) })
}
