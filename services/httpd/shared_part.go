package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// look is how a comparison's chart of ended runs was looked at when it was shared. A part of it is read from the same runs, as
// fine as they are stored, while they stand where they stood: what was shared doesn't change, it is looked at more closely.
type look struct {
	Chart string           `json:"chart"` // curve or difference
	View  string           `json:"view"`  // the comparison, as an address has it
	Runs  map[string]stand `json:"runs"`  // that it draws, by id
}

// stand is where a run has ended; one that goes on since has another attempt.
type stand struct {
	Attempt int   `json:"attempt"`
	Step    int64 `json:"step"`
}

func standOf(r ablation.Run) stand { return stand{r.Progress.Attempt, r.Progress.Step} }

// lookOf is nil for what has no finer parts, and for what would go on behind the link.
func lookOf(c comparison, kind string) *look {
	if kind == "device" {
		return nil
	}
	of := &look{Chart: kind, View: c.values().Encode(), Runs: map[string]stand{}}
	for _, r := range c.Shown.Runs {
		if !r.State.Ended() {
			return nil
		}
		of.Runs[r.ID] = standOf(r)
	}
	return of
}

// stands reports whether runs are those that were shared, and at rest since.
func (l look) stands(runs []ablation.Run) bool {
	for _, r := range runs {
		if l.Runs[r.ID] != standOf(r) {
			return false
		}
	}
	return len(runs) == len(l.Runs)
}

// asked is the figure behind a link with its points: all of it, byte for byte, or the part that the address names.
func (s *Server) asked(r *http.Request, share ablation.Share, kept frozen) (figure []byte, points string, err error) {
	frame, err := readFrame(r.URL.Query())
	if err != nil || frame == (chart.Frame{}) {
		return kept.Figure, share.CSV, err
	}
	var whole chart.Figure
	if err := json.Unmarshal(kept.Figure, &whole); err != nil {
		return nil, "", fmt.Errorf("read a frozen figure: %w", err)
	}
	if whole.Kind != chart.KindCurve {
		return kept.Figure, share.CSV, nil
	}
	part, err := s.part(r.Context(), whole, kept.Look, frame)
	if err != nil {
		return nil, "", err
	}
	figure, err = json.Marshal(part)
	return figure, part.CSV(), err
}

// part is a part of a shared figure, from what its runs have stored, or else from the points that it holds.
func (s *Server) part(ctx context.Context, whole chart.Figure, of *look, frame chart.Frame) (chart.Figure, error) {
	sel, err := of.selection(frame)
	if err != nil { // nothing is known of where it came from
		return whole.Within(frame)
	}
	c, err := s.compare(ctx, sel)
	if err != nil {
		return chart.Figure{}, err
	}
	c.Shown = c.Shown.Showing(func(r ablation.Run) bool { _, shared := of.Runs[r.ID]; return shared })
	if !of.stands(c.Shown.Runs) {
		return whole.Within(frame)
	}
	part, err := s.drawComparison(ctx, c, of.Chart)
	if err == nil && len(part.Arms) == len(whole.Arms) {
		part.Arms = whole.Arms // marks hang on which other arms a sweep has
	}
	return part, err
}

// selection is the comparison with a frame that reaches no further than what was shared.
func (l *look) selection(frame chart.Frame) (selection, error) {
	if l == nil {
		return selection{}, ablation.ErrNotFound
	}
	q, err := url.ParseQuery(l.View)
	if err != nil {
		return selection{}, err
	}
	sel, err := readSelection(q)
	if shared := sel.View.Frame; shared.To > 0 && (frame.To <= 0 || frame.To > shared.To) {
		frame.To = shared.To
	}
	sel.View.Frame = chart.Frame{From: max(frame.From, sel.View.Frame.From), To: frame.To}
	return sel, err
}

// cannot answers an address behind a link whose query can't be read, or whose part can't be had now.
func (s *Server) cannot(w http.ResponseWriter, r *http.Request, share int64, err error) {
	bad, ok := errors.AsType[*ablation.Invalid](err)
	if !ok {
		s.away(w, r, share, err)
		return
	}
	http.Error(w, bad.Problems[0].Message.In(requestLanguage(r)), http.StatusUnprocessableEntity)
}
