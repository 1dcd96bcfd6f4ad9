package httpd

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// shareKindDecision is the kind of shares of a decision's charts. They are frozen: a live one would be a fit.
const shareKindDecision = "decision"

func (s *Server) decisionSharePage(w http.ResponseWriter, r *http.Request) {
	a, err := readAim(r.URL.Query())
	var d chart.Data
	if err == nil {
		d, err = s.chartData(r.Context(), chi.URLParam(r, "sweep"))
	}
	var o chart.Outlook
	if err == nil {
		o, err = s.drawable(r.Context(), d, a)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderDecisionShare(w, r, http.StatusOK, o, a, shareView{Question: d.Sweep.Asks(s.words(r).lang), Days: shareChoices, Chosen: shareDays})
}

// drawable is what a decision's charts are drawn from: where too little has been run to decide, the sweep alone, which has no more
// than its rank stability and its matrix.
func (s *Server) drawable(ctx context.Context, d chart.Data, a aim) (chart.Outlook, error) {
	o, err := s.outlook(ctx, d, a)
	if _, few := errors.AsType[*ablation.Invalid](err); few {
		return chart.Outlook{Data: d}, nil
	}
	return o, err
}

func (s *Server) renderDecisionShare(w http.ResponseWriter, r *http.Request, code int, o chart.Outlook, a aim, v shareView) {
	words := s.words(r)
	v.URL = decisionURL(o.Sweep.Name, "/share", a)
	form := chartShareView{shareView: v, Back: decisionURL(o.Sweep.Name, "", a), BackName: o.Sweep.Name}
	if o.Front != nil {
		form.Charts = append(form.Charts, choice{Name: words.text("dec.front"), URL: "front"})
	}
	if o.Ternary != nil {
		form.Charts = append(form.Charts, choice{Name: words.text("dec.tern"), URL: "ternary"})
	}
	for _, v := range o.Responses {
		name := o.Fit.Table.Sources[v.Source]
		c := choice{Name: words.text("dec.resp", "s", name), URL: "response " + name}
		if metric := o.Fit.Table.Metrics[v.Metrics[0]]; o.Fit.Rising(metric) {
			c = choice{Name: words.text("dec.resp.rising", "s", name), URL: "response " + name + " " + metric}
		}
		form.Charts = append(form.Charts, c)
	}
	form.Charts = append(form.Charts, choice{Name: words.text("dec.tau"), URL: "stability"}, choice{Name: words.text("dec.mx"), URL: "matrix"})
	form.choose(r.PostFormValue("chart"))
	s.render(w, r, view{status: code, page: "compare-share", title: words.text("shares.new.any"), nav: "sweeps", path: v.URL, data: form})
}

// shareDecision freezes one chart of a decision behind a link.
func (s *Server) shareDecision(w http.ResponseWriter, r *http.Request) {
	err := readForm(r)
	var a aim
	if err == nil {
		a, err = readAim(r.URL.Query())
	}
	var o chart.Outlook
	if err == nil {
		var d chart.Data
		if d, err = s.chartData(r.Context(), chi.URLParam(r, "sweep")); err == nil {
			o, err = s.drawable(r.Context(), d, a)
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := shareView{Question: r.PostFormValue("question"), Days: shareChoices, Chosen: shareDays, Embed: r.PostFormValue("embed_in")}
	if days, err := strconv.Atoi(r.PostFormValue("days")); err == nil && days >= 1 && days <= shareDaysMax {
		v.Chosen = days
	}
	q := ShareRequest{
		Sweep: o.Sweep.Name, Question: cmp.Or(v.Question, o.Sweep.Asks(s.words(r).lang)), Lifetime: time.Duration(v.Chosen) * 24 * time.Hour, EmbedIn: strings.Fields(v.Embed),
	}
	kind, rest, _ := strings.Cut(r.PostFormValue("chart"), " ")
	source, metric, _ := strings.Cut(rest, " ")
	share, secret, err := s.keepDecision(r.Context(), o, chartQuery{kind: kind, source: source, metrics: []string{metric}, aim: a}, q)
	if v.Wrong = s.words(r).wrong(err); v.Wrong != nil {
		s.renderDecisionShare(w, r, http.StatusUnprocessableEntity, o, a, v)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a chart of a decision was shared", "share_id", share.ID, "sweep", share.Sweep)
	s.renderShares(w, r, s.made(share, secret))
}

// keepDecision freezes a chart of a decision and returns its share with the secret, which is stored nowhere.
func (s *Server) keepDecision(ctx context.Context, o chart.Outlook, q chartQuery, request ShareRequest) (ablation.Share, string, error) {
	var figure chart.Figure
	var err error
	switch q.kind {
	case "front", "response", "ternary", "stability", "matrix":
		figure, err = s.decisionFigure(ctx, o.Data, q)
	default:
		err = ablation.ErrNotFound
	}
	if err != nil {
		return ablation.Share{}, "", err
	}
	if empty := figure.Empty; empty != (ablation.Label{}) {
		return ablation.Share{}, "", invalid("chart", "this chart shows nothing yet, so there is nothing to share: "+empty.EN, "この図にはまだ何も出ていないため、共有できません。"+empty.JA)
	}
	data, err := freezeChart(o.Data, figure)
	if err != nil {
		return ablation.Share{}, "", err
	}
	prints := map[string]string{}
	for _, source := range o.Sources {
		prints[source.Name] = source.ManifestSHA256
	}
	return s.sharer.keep(ctx, request, ablation.Share{
		Sweep: o.Sweep.Name, Kind: shareKindDecision, Chart: data, CSV: figure.CSV(), Fingerprints: prints, Version: s.options.Version,
	})
}

// decisionURL is the page of a sweep's decision by an aim, or what is below it.
func decisionURL(sweep, below string, a aim) string {
	address := sweepURL(sweep) + "/decision" + below
	if q := a.values(); len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}
