package httpd_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// TestNew_grows: under the name of a sweep that is there, the page says how many runs it has and which are new, and pressing twice
// adds them once; where nothing is new it says that nothing trains.
func TestNew_grows(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	s.train(ablation.RunCompleted)
	grown := strings.Replace(sweepFile("talk"), "seeds: 2", "seeds: 4", 1)
	grown = strings.Replace(grown, "design:", "  ja50:\n    stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]\ndesign:", 1)
	for lang, texts := range map[string][]string{
		"en": {"4 runs, which stay as they are. 8 more train", "New runs</dt><dd>8<small>4 there already", "Launch 8 new runs", `4<span class="sub">seeds 1–4`, `2<span class="sub">seeds 3, 4`},
		"ja": {"すでに 4 ランがあり", "新しく学習するのは 8 ラン", "新しい 8 ランを開始", "シード 1–4"},
	} {
		s.send("/new/check?lang="+lang, "document", grown).want(t, 200, texts...)
	}
	s.send("/new/check?lang=en", "document", sweepFile("talk")).want(t, 200, "nothing new trains", "Open the sweep")
	var plan ablation.Plan
	s.post("/sweeps/plan", grown).want(t, 200).json(t, &plan)
	added := []ablation.ArmSeeds{{Arm: "ja70", Seeds: []int64{3, 4}}, {Arm: "ja30", Seeds: []int64{3, 4}}, {Arm: "ja50", Seeds: []int64{1, 2, 3, 4}}}
	if g := plan.Growth; g == nil || g.Runs != 4 || g.Tokens != 8*4096 || g.Seconds <= 0 || g.Before <= 0 || cmp.Diff(added, g.Added) != "" {
		t.Errorf("growth of %+v", g)
	}
	for i := range 2 {
		var done ablation.Applied
		s.post("/sweeps", grown).want(t, 200).json(t, &done)
		want := ablation.Applied{Added: []ablation.ArmSeeds{}}
		if i == 0 {
			want = ablation.Applied{Added: added, Seconds: plan.Growth.Seconds}
		}
		if diff := cmp.Diff(want, done); diff != "" {
			t.Errorf("time %d: %s", i+1, diff)
		}
	}
	s.send("/sweeps/talk/pause").want(t, 303)
	s.send("/new/check?lang=en", "document", strings.Replace(grown, "seeds: 4", "seeds: 5", 1)).want(t, 200, "12 runs, which stay", "Launch 3 new runs", "The sweep is paused")
}

// TestBrowser_grows lets a sweep grow by its dialog: a double click starts one growth.
func TestBrowser_grows(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.post("/sweeps", drawn).want(t, 201)
	b.compose(strings.Replace(drawn, "seeds: 2", "seeds: 3", 1))
	b.press("#go [data-review]")
	b.until(`document.querySelector("#review").open && document.querySelector("#review-go").textContent.includes("新しい 2 ランを開始")`)
	b.eval(`{ const go = document.querySelector("#review-go"); go.click(); go.click(); }`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade")))
	b.until(`location.pathname === "/sweeps/drawn"`)
	if runs := s.runs("drawn"); len(runs) != 6 {
		t.Errorf("%d runs, want 6", len(runs))
	}
	b.compose(strings.Replace(drawn, "seeds: 2", "seeds: 3", 1))
	b.press("#go [data-review]")
	b.until(`document.querySelector("#review").open && document.querySelector("#review-go").textContent.trim() === "スイープを開く"`)
	b.press("#review-go")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #trade")))
	if runs := s.runs("drawn"); len(runs) != 6 {
		t.Errorf("%d runs, want 6 still", len(runs))
	}
	b.quiet()
}
