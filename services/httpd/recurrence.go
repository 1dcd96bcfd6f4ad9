package httpd

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const (
	nextShown    = 10 // firings of a recurrence on the strip
	historyShown = 50
)

// recurrencesView is the page of the sweeps that a clock starts.
type recurrencesView struct {
	Rows     []recurrenceRow
	Next     []nextFiring   // of the chosen one, or of each
	Calendar drawing        // the same, drawn
	Cut      bool           // there are some that it has no room for
	Row      *recurrenceRow // the chosen one, unless it has ended
	History  []firingRow
	Chosen   string           // whose history is shown alone; empty: everyone's
	Earlier  []ablation.Sweep // that could recur, where nothing does yet
	Now      time.Time
}

// earlierOffered is how many sweeps are offered to be repeated.
const earlierOffered = 5

type recurrenceRow struct {
	ablation.RecurringSweep
	Mark   template.HTML
	URL    string
	Words  string // when it fires, where words say it well
	Window string // from when to when runs of the next firing train, as on clocks in Japan; empty: until they end
	Local  string // the same where the recurrence's clocks show another time, with their zone
	Active bool
	On     bool
}

// nextFiring is a planned time, and when its runs must have left.
type nextFiring struct {
	At, Closes time.Time // Closes is zero where nothing bounds them
	Row        *recurrenceRow
	Of         int // which of its recurrence's next ones it is, from 1
}

type firingRow struct {
	ablation.Firing
	Mark     template.HTML
	SweepURL string
	State    string // of the mark: completed, stopped, failed, running
	Result   string
	Why      string
	Used     time.Duration
}

func (s *Server) recurrencesPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.recurrences(r.Context(), s.words(r), chi.URLParam(r, "recurrence"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, view{page: "recurrences", title: s.words(r).text("nav.recurrences"), nav: "recurrences", live: "/api/v1/events?recurrences", data: v})
}

func (s *Server) recurrences(ctx context.Context, words words, chosen string) (recurrencesView, error) {
	v := recurrencesView{Chosen: chosen, Now: now()}
	if chosen != "" {
		if _, err := s.options.Store.Recurrence(ctx, chosen); err != nil {
			return v, err
		}
	}
	all, err := s.options.Store.Recurrences(ctx)
	if err != nil {
		return v, err
	}
	for i, r := range all {
		v.Rows = append(v.Rows, newRecurrenceRow(words, r, i, chosen))
	}
	if i := slices.IndexFunc(v.Rows, func(r recurrenceRow) bool { return r.On }); i >= 0 {
		v.Row = &v.Rows[i]
	}
	if v.Next, err = next(v.Rows, chosen); err != nil {
		return v, err
	}
	strip := newClockStrip(words, v.Next, v.Now)
	v.Calendar, v.Cut = strip.drawing(), strip.cut()
	if len(all) == 0 {
		v.Earlier, _ = s.options.Store.Sweeps(ctx, earlierOffered, 0) // nothing to repeat is no reason to fail
	}
	firings, err := s.options.Store.Firings(ctx, chosen, historyShown)
	for _, f := range firings {
		v.History = append(v.History, v.firing(words, f))
	}
	return v, err
}

// marked are the shapes of recurrences, in their order.
var marked = []string{"square", "circle", "triangle", "diamond", "down", "pentagon"}

func clockMark(i int, active bool) template.HTML {
	paint := `fill="currentColor"`
	if !active {
		paint = `fill="none" stroke="currentColor" stroke-width="1.5"`
	}
	return markup(`<svg width="11" height="11" viewBox="0 0 12 12" aria-hidden="true">`+shapes[marked[i%len(marked)]]+`</svg>`, paint)
}

func recurrenceURL(name string) string { return "/recurrences/" + url.PathEscape(name) }

func newRecurrenceRow(words words, r ablation.RecurringSweep, i int, chosen string) recurrenceRow {
	row := recurrenceRow{
		RecurringSweep: r, URL: recurrenceURL(r.Name), Words: r.Words().In(words.lang),
		Active: r.State == ablation.RecurrenceActive, On: r.Name == chosen,
	}
	row.Mark = clockMark(i, row.Active)
	row.Window, row.Local = windows(r)
	return row
}

// windows are from when to when a recurrence's next runs train, on clocks in Japan and on its own, where those differ.
func windows(r ablation.RecurringSweep) (there, own string) {
	closes, bounded, err := r.Closes(r.NextAt)
	zone, wrong := time.LoadLocation(r.Zone)
	if errors.Join(err, wrong) != nil || !bounded {
		return "", ""
	}
	in := func(zone *time.Location) string {
		return r.NextAt.In(zone).Format("15:04") + "–" + closes.In(zone).Format("15:04")
	}
	if there, own = in(japan), in(zone); there == own {
		return there, ""
	}
	return there, own + " " + r.Zone
}

// next are the first planned times of the chosen one, or of each, in order; of those that are active.
func next(rows []recurrenceRow, chosen string) ([]nextFiring, error) {
	var all []nextFiring
	for i := range rows {
		r := &rows[i]
		if !r.Active || chosen != "" && !r.On {
			continue
		}
		times, err := r.Next(r.NextAt.Add(-1), nextShown)
		if err != nil {
			return nil, err
		}
		for i, at := range times {
			f := nextFiring{At: at, Row: r, Of: i + 1}
			if f.Closes, _, err = r.Closes(at); err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b nextFiring) int { return a.At.Compare(b.At) })
	return all, nil
}

func (v recurrencesView) firing(words words, f ablation.Firing) firingRow {
	row := firingRow{Firing: f, SweepURL: sweepURL(f.Sweep), State: "completed", Result: words.text("rec." + string(f.State)), Why: words.firingReason(f)}
	row.Used = time.Duration(f.DeviceHours * float64(time.Hour))
	i := slices.IndexFunc(v.Rows, func(r recurrenceRow) bool { return r.Name == f.Recurrence })
	row.Mark = clockMark(max(i, 0), i >= 0)
	switch {
	case f.Reason == ablation.SkippedRefused:
		row.State, row.Result = "failed", words.text("rec.refused")
	case f.State != ablation.FiringFired:
		row.State = "stopped"
	}
	return row
}

// firingReason says why a firing started nothing or late, or what became of what it started.
func (w words) firingReason(f ablation.Firing) string {
	switch {
	case f.Reason == ablation.SkippedRefused:
		return f.Message.In(w.lang)
	case f.State == ablation.FiringSkipped:
		return w.text("rec.why." + string(f.Reason))
	case f.State == ablation.FiringMissed:
		return w.text("rec.why.missed")
	case f.Late():
		return w.text("rec.why.late", "t", w.lasting(f.DecidedAt.Sub(f.PlannedAt)))
	case f.SweepState == ablation.SweepStopped:
		return w.text("rec.why.stopped", "n", f.Counts.Stopped)
	}
	return w.text("rec.why.ontime")
}

// changeRecurrence does one of the things that a person may do to a recurrence.
func (s *Server) changeRecurrence(change func(context.Context, string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := chi.URLParam(r, "recurrence")
		if err := change(r.Context(), name); err != nil {
			s.fail(w, r, err)
			return
		}
		s.options.Log.Info("a recurrence was changed by hand", "recurrence", name, "route", route(r))
		http.Redirect(w, r, "/recurrences", http.StatusSeeOther)
	}
}

// endRecurrence takes one away that is there.
func (s *Server) endRecurrence(ctx context.Context, name string) error {
	if _, err := s.options.Store.Recurrence(ctx, name); err != nil {
		return err
	}
	return s.options.Store.EndRecurrence(ctx, name)
}

// recurring is the document of a recurrence, to be changed.
func (s *Server) recurring(ctx context.Context, name string) (string, error) {
	r, err := s.options.Store.Recurrence(ctx, name)
	if errors.Is(err, ablation.ErrNotFound) {
		return "", ablation.ErrNotFound
	}
	return r.Document, err
}
