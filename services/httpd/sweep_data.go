package httpd

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// sweepData is what pages about one sweep are made of, read once a request.
type sweepData struct {
	chart.Data
	words words
	views []armView // in order of arms
}

func (s *Server) sweepData(ctx context.Context, w words, name string) (sweepData, error) {
	data, err := loadChartData(ctx, s.options.Store, name)
	return sweepData{Data: data, words: w, views: armViews(w.lang, data)}, err
}

func (d sweepData) url() string { return sweepURL(d.Sweep.Name) }

func sweepURL(name string) string { return "/sweeps/" + url.PathEscape(name) }

// arm is the view of a run's arm; every run's arm is its sweep's.
func (d sweepData) arm(name string) armView {
	i := slices.IndexFunc(d.views, func(a armView) bool { return a.Name == name })
	if i < 0 {
		return armView{Name: name, Label: name, shape: "circle"}
	}
	return d.views[i]
}

// cells are the runs in their order, as far as each is.
func (d sweepData) cells() []cell {
	cells := make([]cell, len(d.Runs))
	for i, r := range d.Runs {
		cells[i] = cell{r.State, fraction(r)}
	}
	return cells
}

// fraction is how much of its steps a run has done.
func fraction(r ablation.Run) float64 {
	if r.Steps == 0 {
		return 0
	}
	return clamp(float64(r.Progress.Step) / float64(r.Steps))
}

// progress is how far a sweep is.
type progress struct {
	Fraction   float64
	Tokens     float64 // done
	Budget     float64 // of all runs that aren't given up
	TokensPerS float64 // of the runs that train now
	Left       time.Duration
	EventAt    *time.Time // the newest stored event
}

func (d sweepData) progress() progress {
	var p progress
	perStep := float64(d.Sweep.Recipe.TokensPerStep())
	left := 0.0
	for _, r := range d.Runs {
		done, all := float64(r.Progress.Tokens), float64(r.Steps)*perStep
		p.Tokens += done
		p.Budget += all
		if r.State.Ended() {
			p.Fraction += all
		} else {
			p.Fraction += done
			left += all - done
		}
		if r.State == ablation.RunRunning && r.Progress.TokensPerS != nil && !r.Progress.Unobserved {
			p.TokensPerS += float64(*r.Progress.TokensPerS)
		}
		if at := r.Progress.EventAt; at != nil && (p.EventAt == nil || at.After(*p.EventAt)) {
			p.EventAt = at
		}
	}
	if p.Budget > 0 {
		p.Fraction /= p.Budget
	}
	if p.TokensPerS > 0 {
		p.Left = time.Duration(left / p.TokensPerS * float64(time.Second))
	}
	return p
}
