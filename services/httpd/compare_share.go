package httpd

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// shareKindCompare is the kind of shares of a comparison's charts. They are frozen: a live one would be a query.
const shareKindCompare = "compare"

// chartShareView is the form that shares one of several charts.
type chartShareView struct {
	shareView
	Back, BackName string // the page that has them
	Charts         []choice
}

// choose is the form with a chart chosen, by what the form sends for it.
func (v *chartShareView) choose(chart string) {
	for i := range v.Charts {
		v.Charts[i].On = v.Charts[i].URL == chart
	}
}

func (s *Server) compareSharePage(w http.ResponseWriter, r *http.Request) {
	c, err := s.addressed(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderCompareShare(w, r, http.StatusOK, c, shareView{Question: s.compareAsks(c).In(requestLanguage(r)), Days: shareChoices, Chosen: shareDays})
}

func (s *Server) renderCompareShare(w http.ResponseWriter, r *http.Request, code int, c comparison, v shareView) {
	words := s.words(r)
	v.URL = "/compare/share?" + c.values().Encode()
	form := chartShareView{shareView: v, Back: compareURL(c.values()), BackName: words.text("nav.compare")}
	for _, metric := range c.metrics() {
		form.Charts = append(form.Charts, choice{Name: metric, URL: "curve " + metric})
	}
	if c.Shown.Baseline >= 0 && len(c.Shown.Sides) > 1 {
		for _, metric := range c.metrics() {
			form.Charts = append(form.Charts, choice{Name: metric + " – " + words.text("compare.minus"), URL: "difference " + metric})
		}
	}
	if uses, err := s.deviceUses(r.Context(), c); err == nil && len(uses) > 0 {
		for _, metric := range deviceMetrics {
			title, _ := chart.DeviceTitle(metric)
			form.Charts = append(form.Charts, choice{Name: title.In(words.lang), URL: "device " + metric})
		}
	}
	form.choose(r.PostFormValue("chart"))
	s.render(w, r, view{status: code, page: "compare-share", title: words.text("shares.new.any"), nav: "compare", path: "/compare/share", data: form})
}

// compareAsks is what a share of a comparison asks unless somebody asks better: which arms are beside each other.
func (s *Server) compareAsks(c comparison) ablation.Label {
	return ablation.Label{JA: c.question(s.renderer.words["ja"]), EN: c.question(s.renderer.words["en"])}
}

func (c comparison) question(w words) string {
	var names []string
	for _, a := range c.Shown.Arms {
		names = append(names, a.Label.In(w.lang))
	}
	question := []rune(w.text("nav.compare") + ": " + strings.Join(names, ", "))
	return string(question[:min(len(question), 200)])
}

// shareComparison freezes one chart of the comparison in the address behind a link.
func (s *Server) shareComparison(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	c, err := s.addressed(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := shareView{Question: r.PostFormValue("question"), Days: shareChoices, Chosen: shareDays, Embed: r.PostFormValue("embed_in")}
	if days, err := strconv.Atoi(r.PostFormValue("days")); err == nil && days >= 1 && days <= shareDaysMax {
		v.Chosen = days
	}
	kind, metric, _ := strings.Cut(r.PostFormValue("chart"), " ")
	q := ShareRequest{Question: cmp.Or(v.Question, s.compareAsks(c).In(requestLanguage(r))), Lifetime: time.Duration(v.Chosen) * 24 * time.Hour, EmbedIn: strings.Fields(v.Embed)}
	share, secret, err := s.keepComparison(r.Context(), c.selection, kind, metric, q)
	if v.Wrong = s.words(r).wrong(err); v.Wrong != nil {
		s.renderCompareShare(w, r, http.StatusUnprocessableEntity, c, v)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a comparison was shared", "share_id", share.ID, "sweep", share.Sweep)
	s.renderShares(w, r, s.made(share, secret))
}

// keepComparison freezes a chart of a comparison and returns its share with the secret, which is stored nowhere. What draws
// nothing has nothing to share: ErrConflict.
func (s *Server) keepComparison(ctx context.Context, sel selection, kind, metric string, q ShareRequest) (ablation.Share, string, error) {
	sel.Metric = []string{metric}
	figure, err := s.compareFigure(ctx, sel, kind)
	if err != nil {
		return ablation.Share{}, "", err
	}
	c, err := s.compare(ctx, sel)
	if err != nil {
		return ablation.Share{}, "", err
	}
	if len(c.Shown.Sides) == 0 || len(figure.Table.Rows) == 0 {
		return ablation.Share{}, "", ablation.Conflict("this chart shows nothing yet, so there is nothing to share; choose another metric, or wait for its first value",
			"この図にはまだ何も出ていないため、共有できるものがありません。別のメトリクスを選ぶか、最初の値を待ってください")
	}
	data, err := freezeComparison(c.Shown, figure, s.compareAsks(c), lookOf(c, kind))
	if err != nil {
		return ablation.Share{}, "", err
	}
	first := c.Shown.Sides[max(0, c.Shown.Baseline)]
	return s.sharer.keep(ctx, q, ablation.Share{
		Sweep: first.Sweep.Name, Kind: shareKindCompare, Chart: data, CSV: figure.CSV(), Fingerprints: fingerprints(c.Shown), Version: s.options.Version,
	})
}

// fingerprints are the digests of all text, by source; of one that has several versions, by SOURCE@VERSION.
func fingerprints(c chart.Comparison) map[string]string {
	all := map[string]string{}
	for _, source := range versions(c) {
		name := source.Name
		if other, taken := all[name]; taken && other != source.ManifestSHA256 {
			name += "@" + source.Version
		}
		all[name] = source.ManifestSHA256
	}
	return all
}

// versions are the source versions of all sides, each once.
func versions(c chart.Comparison) []ablation.Source {
	var all []ablation.Source
	for _, side := range c.Sides {
		for _, source := range side.Sources {
			if !slices.ContainsFunc(all, func(o ablation.Source) bool { return o.ManifestSHA256 == source.ManifestSHA256 }) {
				all = append(all, source)
			}
		}
	}
	return all
}

// freezeComparison is a figure with what the page around it says, as JSON.
func freezeComparison(c chart.Comparison, figure chart.Figure, asks ablation.Label, of *look) (data []byte, err error) {
	first := c.Sides[max(0, c.Baseline)]
	kept := frozen{Asks: asks, Look: of, Says: c.Sentences(), Sources: versions(c), Counts: countsOf(c.Runs), Recipe: first.Recipe()}
	ja, en := analysis.Both(c.Arms, c.Results, ablation.BPB("ja"), ablation.BPB("en"))
	for _, r := range c.Runs {
		if !slices.Contains(kept.Seeds, r.Replicate) {
			kept.Seeds = append(kept.Seeds, r.Replicate)
		}
		if at := r.Progress.EventAt; at != nil && at.After(kept.DataAt) {
			kept.DataAt = *at
		}
	}
	slices.Sort(kept.Seeds)
	for i, side := range c.Sides {
		r := side.Recipe()
		if !slices.Contains(kept.Sweeps, side.Sweep.Name) {
			kept.Sweeps = append(kept.Sweeps, side.Sweep.Name)
		}
		kept.Lengths, kept.Models = append(kept.Lengths, r.Steps()*r.TokensPerStep()), append(kept.Models, r.Shape)
		arm := frozenArm{
			Label: c.Arms[i].Label, Mark: c.Marks[i], Glyph: sideGlyph(side), N: min(ja.Arms[i].N, en.Arms[i].N),
			JA: momentsOf(ja.Arms[i]), EN: momentsOf(en.Arms[i]), Baseline: i == c.Baseline,
		}
		for _, seed := range kept.Seeds {
			arm.Runs = append(arm.Runs, freezeRun(c.Data, side.Name(), seed, ja.Arms[i], en.Arms[i]))
		}
		kept.Arms = append(kept.Arms, arm)
	}
	slices.Sort(kept.Lengths)
	kept.Lengths, kept.Models = slices.Compact(kept.Lengths), slices.Compact(kept.Models)
	if kept.Figure, err = json.Marshal(figure); err != nil {
		return nil, err
	}
	return json.Marshal(kept)
}

func countsOf(runs []ablation.Run) (n ablation.RunCounts) {
	for _, r := range runs {
		switch r.State {
		case ablation.RunQueued:
			n.Queued++
		case ablation.RunRunning, ablation.RunStopping:
			n.Running++
		case ablation.RunCompleted:
			n.Completed++
		case ablation.RunStopped:
			n.Stopped++
		case ablation.RunDiverged:
			n.Diverged++
		case ablation.RunFailed:
			n.Failed++
		}
	}
	return n
}
