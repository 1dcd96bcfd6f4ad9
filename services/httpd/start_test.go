package httpd_test

import (
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// starting is a sweep file whose runs start from another sweep's.
func starting(name, start string) string {
	return strings.Replace(sweepFile(name), "{trainer: cpu,", "{trainer: cpu, start: "+start+",", 1)
}

// TestPages_start: what runs start from is on every page that shows them, with the way there.
func TestPages_start(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	base := s.sweep("base")
	state, weights := starting("branch", "{run: base/ja70, step: 4, take: state}"), starting("next", "{run: base/ja70, step: last}")

	s.send("/new/check?lang=en", "document", state).want(t, 200, "Starts from", "/runs/"+base[0].ID, "once it has come to step 4",
		"8.19k tokens that those have trained", `&#34;past&#34;:0.5`, `value="base/ja70"`)
	s.send("/new/check?lang=en", "document", weights).want(t, 200, "Weights alone are taken", "after ")
	for document, want := range map[string][]string{
		starting("branch", "{run: bass/ja70, step: 4}"):               {`id="f-recipe-start-run-e">`, "there is no sweep bass", "Line 4, column"},
		starting("branch", "{run: base/ja70, step: 9}"):               {`id="f-recipe-start-step-e">`, "is 9, base/ja70/1 has 8 steps"},
		starting("branch", "{run: base/ja70, step: 4, take: all}"):    {`id="f-recipe-start-take-e"`},
		starting("branch", "{checkpoint: /nowhere}"):                  {`id="f-recipe-start-checkpoint-e">`, "/nowhere holds no checkpoint"},
		strings.Replace(state, "row_tokens: 64", "row_tokens: 32", 1): {`id="f-recipe-row_tokens-e">`, "is 32, base/ja70/1 was trained with 64"},
		strings.Replace(state, "tokens: 4096", "tokens: 2048", 1):     {`id="f-recipe-tokens-e">`, "ends at step 4"},
	} {
		s.send("/new/check?lang=en", "document", document).want(t, 200, want...)
	}
	s.send("/new/check?lang=ja", "document", starting("branch", "{run: bass/ja70, step: 4}")).want(t, 200, "スイープ bass はありません")

	s.send("/new", "document", state).want(t, 303)
	s.send("/new", "document", weights).want(t, 303)
	s.get("/sweeps/branch/definition?lang=en").want(t, 200, "base/ja70/1, base/ja70/2 at step 4, with its state")
	s.get("/sweeps/next/definition?lang=ja").want(t, 200, "base/ja70/1, base/ja70/2 のステップ 8、重みだけ")
	for name, want := range map[string]string{"branch": "once it has come to step 4", "next": "once it has come to step 8"} {
		runs, err := s.store.Runs(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		s.get("/runs/"+runs[0].ID+"?lang=en").want(t, 200, `<a href="/runs/`+base[0].ID+`">base/ja70/1</a> `+want)
		var run ablation.Run
		if s.get("/api/v1/runs/"+runs[1].ID).want(t, 200).json(t, &run); run.Start == nil || run.Start.Run != base[1].ID {
			t.Errorf("the API says that %s starts from %+v", runs[1].Name, run.Start)
		}
	}
}
