package httpd_test

import (
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/postgres"
)

// ratios starts a sweep of six mixtures with two seeds, and ends all its runs with what a law of their shares says.
func (s site) ratios(name string) {
	s.Helper()
	var file strings.Builder
	fmt.Fprintf(&file, "name: %s\nquestion: 日本語はどれだけ要るか\nsources: [web-ja, web-en]\nrecipe: {trainer: cpu, tokens: 4096, row_tokens: 64, batch_rows: 8}\nseeds: 2\nschedules:\n", name)
	for _, ja := range []int{5, 20, 40, 60, 80, 95} {
		fmt.Fprintf(&file, "  ja%02d:\n    stages: [{until: 1.0, mixture: {web-ja: %.2f, web-en: %.2f}}]\n", ja, float64(ja)/100, float64(100-ja)/100)
	}
	s.post("/sweeps", file.String()).want(s.T, 201)
	for range s.runs(name) {
		s.learn()
	}
}

// learn claims a run and ends it with scores that follow from its share of Japanese, at four evaluations.
func (s site) learn() {
	s.Helper()
	ctx := s.Context()
	claim, err := s.store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil || claim == nil {
		s.Fatalf("claim: %v, %v", claim, err)
	}
	if _, err := s.store.OpenAttempt(ctx, *claim, ablation.Attempt{RunID: claim.Run.ID, Number: 1, Host: "worker-1", Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		s.Fatal(err)
	}
	b := batch(claim.Run, ablation.RunCompleted)
	b.Points, b.Logs = nil, nil
	share := 0.0
	fmt.Sscanf(claim.Run.Arm, "ja%f", &share)
	share /= 100
	for step := int64(2); step <= claim.Run.Steps; step += 2 {
		luck := .004 * math.Sin(float64(100*claim.Run.Replicate)+37*share)
		late := 2 / float64(step)
		b.Points = append(b.Points,
			ablation.Point{Metric: "bpb/ja", Step: step, Value: ablation.Real(math.Pow(share+.02, -.3) + luck + late)},
			ablation.Point{Metric: "bpb/en", Step: step, Value: ablation.Real(math.Pow(1.02-share, -.3) - luck + late)})
	}
	if err := s.store.Ingest(ctx, *claim, b); err != nil {
		s.Fatal(err)
	}
	if err := s.store.EndAttempt(ctx, *claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); err != nil {
		s.Fatal(err)
	}
}

// settled is the page once its decision is ready.
func (s site) settled(path string, header ...string) answer {
	s.Helper()
	for {
		a := s.get(path, header...).want(s.T, 200)
		if !strings.Contains(a.body, `id="deciding"`) {
			return a
		}
	}
}

func TestDecision(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.ratios("ratios")
	for lang, words := range map[string][]string{
		"ja": {
			"推奨する配合", "実測の最良", "均等", "自分の割合が最大", "90% 区間", "全変動距離で", "推奨より悪い分", "1 ポイントの値段",
			"見分けられる最小の差", "順位の安定", "次に走らせるラン", "選んだ配合を開始", "図を共有", "学習設定へ書き出し",
		},
		"en": {
			"Recommended mixture", "Best that was run", "Uniform", "Most of its own text", "its 90% interval", "in total variation", "Worse than recommended by", "The price of a point",
			"Smallest effect that shows", "Rank stability", "What to run next", "Launch the ticked ones", "Share a chart", "Export for training",
		},
	} {
		a := s.settled("/sweeps/ratios/decision", "Accept-Language", lang)
		a.want(t, 200, words...)
		if i := strings.Index(a.body, "⟦"); i >= 0 {
			t.Errorf("a text is missing: %.40s", a.body[i:])
		}
		if found := inline(t, a.body); len(found) > 0 {
			t.Errorf("the page has inline %v", found)
		}
	}
	s.get("/sweeps/ratios/decision?objective=min:bpb/fr&lang=en").want(t, 200, "expects a metric at bpb/fr")
	s.get("/sweeps/ratios/decision?tokens=much&lang=en").want(t, 200, "write a number above 0")
	s.get("/sweeps/ratios/decision?effect=-1&lang=en").want(t, 200, "write a number above 0, as in 0.01")
	s.get("/sweeps/ratios/decision?effect=0.02&lang=en").want(t, 200, "Seeing 0.02 takes ", " of each of two mixtures, ", `value="0.02"`)
}

// TestDecision_items: two arms that seeds tell apart on a task aren't where its items don't.
func TestDecision_items(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("seeds")
	for range 4 {
		s.train(ablation.RunCompleted)
	}
	s.sweep("items")
	for range 4 {
		s.answering()
	}
	for sweep, verdict := range map[string]string{"seeds": "lower", "items": "undecided"} {
		csv := s.get("/api/v1/sweeps/"+sweep+"/charts/matrix.csv").want(t, 200).body
		for line := range strings.SplitSeq(csv, "\r\n") {
			if strings.HasPrefix(line, "ja70,task/next-ja/bpb,") && !strings.HasSuffix(line, ","+verdict+",arm") {
				t.Errorf("of the sweep %s: %s, want %s", sweep, line, verdict)
			}
		}
	}
	page := s.settled("/sweeps/items/decision", "Accept-Language", "en").body
	if told := s.settled("/sweeps/seeds/decision", "Accept-Language", "en").body; strings.Count(page, "can&#39;t tell") <= strings.Count(told, "can&#39;t tell") {
		t.Errorf("the matrix tells as much with items as without: %d, %d", strings.Count(page, "can&#39;t tell"), strings.Count(told, "can&#39;t tell"))
	}
}

// answering trains the next run to its end, with answers to items that differ much from arm to arm.
func (s site) answering() {
	s.Helper()
	claim := s.begin(ablation.RunCompleted)
	b := ablation.Batch{Attempt: 1, From: ablation.Cursor{Offset: 100, Seq: 10}, To: ablation.Cursor{Offset: 110, Seq: 11}}
	scores := ablation.ItemScores{RunID: claim.Run.ID, Task: "next-ja", Step: claim.Run.Steps}
	for i := range 40 {
		nats := 10 + 8*math.Sin(float64(7*i+len(claim.Run.Arm)*int(claim.Run.Arm[2])))
		scores.Items = append(scores.Items, ablation.ItemScore{ID: fmt.Sprint(i), Nats: nats, Bytes: 9, Accuracy: math.NaN(), Margin: math.NaN(), Exact: math.NaN(), F1: math.NaN()})
	}
	b.Items = []ablation.ItemScores{scores}
	if err := s.store.Ingest(s.Context(), claim, b); err != nil {
		s.Fatal(err)
	}
	if err := s.store.EndAttempt(s.Context(), claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); err != nil {
		s.Fatal(err)
	}
}

// decided are the figures of a sweep with a decision.
func TestDecision_figures(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.ratios("ratios")
	for path, roles := range map[string][]chart.Role{
		"front": {chart.RoleBand, chart.RoleLine, chart.RoleOdds, chart.RoleMean, chart.RolePick}, "response?source=web-ja": {chart.RoleBand, chart.RoleLine, chart.RoleLaw, chart.RoleAdjusted, chart.RolePick, chart.RoleOptimum},
		"stability": {chart.RoleLine}, "matrix": {chart.RoleCell},
	} {
		var f chart.Figure
		s.get("/api/v1/sweeps/ratios/charts/"+path).want(t, 200).json(t, &f)
		for _, role := range roles {
			if !slices.ContainsFunc(f.Series, func(v chart.Series) bool { return v.Role == role }) {
				t.Errorf("%s draws no %s", path, role)
			}
		}
		if len(f.Table.Rows) == 0 || f.Title.JA == "" || f.Title.EN == "" || f.Empty != (ablation.Label{}) {
			t.Errorf("%s: %d rows, %+v, %v", path, len(f.Table.Rows), f.Title, f.Empty)
		}
	}
	var f chart.Figure
	s.get("/api/v1/sweeps/ratios/charts/ternary").want(t, 200).json(t, &f)
	if f.Empty.EN == "" {
		t.Error("a ternary plot of two sources says nothing")
	}
	s.get("/api/v1/sweeps/ratios/charts/front.csv").want(t, 200, "p_not_dominated", "recommended")
	s.get("/sweeps/ratios/decision/export?for=megatron&run_tokens=1B").want(t, 200, "--data-path 0.", "/PATH/TO/web-ja", "the recommended mixture",
		"# Warning: this is the mixture for a run of 4.1k tokens, not of 1B")
	s.get("/sweeps/ratios/decision/export?for=levanter&arm=ja20").want(t, 200, "web-ja: 0.200000", "arm ja20")
	s.get("/sweeps/ratios/decision/export?for=torch").want(t, 422)
	s.get("/api/v1/sweeps/ratios/charts/matrix.csv").want(t, 200, "ja60,bpb/ja,2,", "\r\n,bpb/ja,,,,,ja05,,", ",recommended")
	a := s.send("/sweeps/ratios/decision/share", "chart", "front", "question", "どこがよいか", "days", "7").want(t, 200, "/s/")
	link := a.body[strings.Index(a.body, s.url+"/s/"):]
	link = link[len(s.url):strings.IndexAny(link, "\"< ")]
	s.get(link).want(t, 200, "どこがよいか", "chart.json", `property="og:image"`)
	for _, share := range []string{link, s.sharedDecision("response web-ja"), s.sharedDecision("stability"), s.sharedDecision("matrix")} {
		picture, err := png.Decode(strings.NewReader(s.get(share+"/preview.png?lang=en").want(t, 200).body))
		if err != nil || picture.Bounds().Dx() != 1200 {
			t.Errorf("the picture of %s: %v", share, err)
		}
	}
	s.get("/sweeps/ratios/decision/share").want(t, 200, `value="front"`, `value="response web-ja"`, `value="matrix"`)
	// a chart that is shared of a decision about a bigger run says so, and what that makes uncertain
	s.get(strings.TrimPrefix(linkPattern.FindString(s.send("/sweeps/ratios/decision/share?params=7B&tokens=100G", "chart", "front", "days", "7").want(t, 200).body), s.url)+"?lang=en").
		want(t, 200, "Decided for a run of 7B parameters, 100B tokens", "rankings carry over")
}

// TestDecision_matrixPicture: the matrix, which the page shows as a table, is drawn when somebody asks for its picture, and behind a link.
func TestDecision_matrixPicture(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.ratios("ratios")
	s.settled("/sweeps/ratios/decision")
	b.run(chromedp.Navigate(b.url+"/sweeps/ratios/decision?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #matrix [data-do=svg]:not([hidden])")))
	b.eval(`URL.createObjectURL = (file) => { window.saved = file; return "" }; HTMLAnchorElement.prototype.click = function () { window.name = this.download }`)
	for kind, holds := range map[string]string{"svg": "bits per byte", "png": "PNG"} {
		b.eval(fmt.Sprintf(`window.name = ""; window.text = ""; document.querySelector("#matrix [data-do=%s]").click()`, kind))
		b.until(fmt.Sprintf(`window.name === "ratios-matrix.%s" && (window.saved.text().then((text) => window.text = text), window.text.includes(%q))`, kind, holds))
	}
	b.run(chromedp.Navigate(b.url+s.sharedDecision("matrix")+"?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #shared canvas")))
	b.until(complete)
	b.eval(`document.querySelector("#shared .ch").focus(); document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }))`)
	b.until(`document.querySelector("#shared [aria-live]").textContent.includes("Japanese")`)
	b.quiet()
}

// sharedDecision shares a chart of the decision about ratios and is the link's path.
func (s site) sharedDecision(figure string) string {
	s.Helper()
	link := linkPattern.FindString(s.send("/sweeps/ratios/decision/share", "chart", figure, "days", "7").want(s.T, 200).body)
	return strings.TrimPrefix(link, s.url)
}

func TestDecision_next(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{Devices: ablation.Devices{Kinds: []ablation.Device{{Name: "*", YenPerHour: 360_000}}}})
	s.text()
	s.sweep("two")
	for range 4 {
		s.train(ablation.RunCompleted)
	}
	page := s.settled("/sweeps/two/decision", "Accept-Language", "en").want(t, 200, "2 different mixtures are too few", "noise over seeds", "¥")
	mixture := page.body[strings.Index(page.body, `name="mixture" value="`)+len(`name="mixture" value="`):]
	mixture = mixture[:strings.Index(mixture, `"`)]
	s.get("/new?next=two&mixture="+url.QueryEscape(mixture)).want(t, 200, "next-1", `placeholder="360000"`)
	s.send("/sweeps/two/decision/next", "mixture", mixture).want(t, 303)
	s.send("/sweeps/two/decision/next", "mixture", mixture+",3").want(t, 422)
	s.send("/sweeps/two/decision/next").want(t, 409)
	page.want(t, 200, "/sweeps/two/decision/share")
	s.get("/sweeps/two/decision/share").want(t, 200, `value="stability"`)
	runs, err := s.store.Runs(t.Context(), "two")
	if err != nil || len(runs) != 6 || runs[4].Arm != "next-1" || runs[4].State != ablation.RunQueued {
		t.Errorf("%v, %d runs", err, len(runs))
	}
}

// decides compares an answer with its example as far as processors agree.
func (s site) decides(operation string, a answer) {
	s.Helper()
	if *update {
		s.shows(operation, a)
		return
	}
	var want, got any
	if err := json.Unmarshal([]byte(example(s.T, operation+".json")), &want); err != nil {
		s.Fatal(err)
	}
	a.json(s.T, &got)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-3, 1e-3)); diff != "" {
		s.Errorf("%s answers otherwise than its example; write the examples anew with -update: %s", operation, diff)
	}
}
