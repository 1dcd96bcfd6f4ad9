package httpd

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

const (
	sweepsRead  = 500 // newest sweeps that are searched
	sweepsShown = 40  // on a page
)

// sweepsView is the list of sweeps.
type sweepsView struct {
	Filters        []filter
	Query, Show    string
	Active, Ended  []sweepRow
	Pager          pager
	Now            time.Time
	NothingStarted bool // no sweep at all: the page for the first time
	NoSources      bool // and nothing to read yet
}

// pager is which part of a list is shown, and where the others are.
type pager struct {
	From, To, Count int    // from 1; 0 of an empty list
	Newer, Older    string // addresses; empty: nothing there
}

// newPager is the asked page of a list of count things, or the nearest that there is; address is that of a page.
func newPager(asked string, count, each int, address func(page int) string) pager {
	last := max(1, (count+each-1)/each)
	page, err := strconv.Atoi(asked)
	if err != nil {
		page = 1
	}
	page = min(max(page, 1), last)
	p := pager{From: min(count, (page-1)*each+1), To: min(count, page*each), Count: count}
	if page > 1 {
		p.Newer = address(page - 1)
	}
	if page < last {
		p.Older = address(page + 1)
	}
	return p
}

// address is that of a page of the list as it is filtered now.
func (v sweepsView) address(page int) string {
	q := url.Values{"show": {v.Show}}
	if v.Query != "" {
		q.Set("q", v.Query)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return "/?" + q.Encode()
}

// filter is one choice of what a list shows.
type filter struct {
	Key   string
	Count int
	On    bool
}

// sweepRow is one sweep in the list.
type sweepRow struct {
	Name, Question   string
	URL              string
	State            ablation.SweepState
	Fraction         float64
	Counts           ablation.RunCounts
	Arms             []armView // the first few
	ArmsMore         int
	ArmCount, Seeds  int
	BestJA, BestEN   string
	Left             time.Duration
	CreatedAt        time.Time
	Cells, TradeMark template.HTML
}

func (s *Server) sweepsPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.options.Store.Sweeps(r.Context(), sweepsRead, 0)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := sweepsView{Query: r.URL.Query().Get("q"), Show: cmp.Or(r.URL.Query().Get("show"), "all"), Now: now(), NothingStarted: len(all) == 0}
	v.NoSources = v.NothingStarted && !s.anySource(r.Context())
	v.Filters = sweepFilters(all, v.Show)
	all = slices.DeleteFunc(all, func(sweep ablation.Sweep) bool { return !shows(v.Show, sweep) || !found(v.Query, sweep) })
	v.Pager = newPager(r.URL.Query().Get("page"), len(all), sweepsShown, v.address)
	rows, err := s.sweepRows(r.Context(), s.words(r), all[max(v.Pager.From-1, 0):v.Pager.To])
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, row := range rows {
		if over(row.State) {
			v.Ended = append(v.Ended, row)
		} else {
			v.Active = append(v.Active, row)
		}
	}
	s.render(w, r, view{page: "sweeps", title: s.words(r).text("nav.sweeps"), nav: "sweeps", live: "/api/v1/events", data: v})
}

func over(s ablation.SweepState) bool {
	return s == ablation.SweepCompleted || s == ablation.SweepStopped
}

// shows reports whether a sweep belongs to what the list was asked to show.
func shows(what string, s ablation.Sweep) bool {
	if what == "archived" || s.ArchivedAt != nil {
		return what == "archived" && s.ArchivedAt != nil
	}
	switch what {
	case "active":
		return !over(s.State)
	case "ended":
		return over(s.State)
	case "look":
		return s.Counts.Diverged+s.Counts.Failed > 0
	}
	return true
}

func sweepFilters(all []ablation.Sweep, on string) []filter {
	filters := []filter{{Key: "all"}, {Key: "active"}, {Key: "ended"}, {Key: "look"}, {Key: "archived"}}
	for i := range filters {
		filters[i].On = filters[i].Key == on
		for _, s := range all {
			if shows(filters[i].Key, s) {
				filters[i].Count++
			}
		}
	}
	return filters
}

// found reports whether a sweep's name, question or sources hold what is looked for, whatever its width or case.
func found(query string, s ablation.Sweep) bool {
	text := s.Name + "\n" + s.Question + "\n" + s.QuestionEN
	for _, source := range s.Sources {
		text += "\n" + source.Name
	}
	return strings.Contains(foldCase(text), foldCase(strings.TrimSpace(query)))
}

func foldCase(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

const armsInRow = 8

// sweepRows are the rows of the sweeps, read at once.
func (s *Server) sweepRows(ctx context.Context, w words, sweeps []ablation.Sweep) ([]sweepRow, error) {
	names := make([]string, len(sweeps))
	for i, sweep := range sweeps {
		names[i] = sweep.Name
	}
	overviews, err := s.options.Store.Overviews(ctx, names, []string{ablation.BPB("ja"), ablation.BPB("en")})
	if err != nil {
		return nil, err
	}
	rows := make([]sweepRow, len(sweeps))
	for i, sweep := range sweeps {
		data := chart.Data{Sweep: sweep}
		if o := overviews[sweep.Name]; o != nil {
			data.Arms, data.Sources, data.Results, data.Runs = o.Arms, o.Sources, o.Results, runsOf(o.Results)
		}
		rows[i] = newSweepRow(sweepData{Data: data, words: w, views: armViews(w.lang, data)})
	}
	return rows, nil
}

func newSweepRow(d sweepData) sweepRow {
	sweep := d.Sweep
	progress := d.progress()
	row := sweepRow{
		Name: sweep.Name, Question: sweep.Asks(d.words.lang), URL: d.url(), State: sweep.State, Fraction: progress.Fraction, Counts: sweep.Counts,
		ArmCount: len(d.Arms), Seeds: len(sweep.Seeds), Left: progress.Left, CreatedAt: sweep.CreatedAt, Cells: cells(d.cells(), 132/float64(max(min(len(d.Runs), cellsAtMost), 1)), 6),
	}
	row.Arms = d.views[:min(len(d.views), armsInRow)]
	row.ArmsMore = len(d.views) - len(row.Arms)
	points := d.tradeOff()
	row.TradeMark = spark(points)
	row.BestEN, row.BestJA = best(points, 0), best(points, 1)
	return row
}

// best is the least of the points' values on one axis; empty where there is no point.
func best(points [][2]float64, axis int) string {
	if len(points) == 0 {
		return ""
	}
	return fixed(slices.MinFunc(points, func(a, b [2]float64) int { return cmp.Compare(a[axis], b[axis]) })[axis], 3)
}
