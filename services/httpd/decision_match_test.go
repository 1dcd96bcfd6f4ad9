package httpd_test

import (
	"html"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

// TestDecision_match: where the big run would repeat what the proxies didn't, one button makes the parts that they would repeat
// as often, and another sets up the sweep that reads them.
func TestDecision_match(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.ratios("ratios")
	const page, big = "/sweeps/ratios/decision", "tokens=16384"
	if body := s.settled(page + "?lang=en").body; strings.Contains(body, `id="match"`) {
		t.Error("a run as long as the proxies needs no parts")
	}
	s.send(page+"/match").want(t, 409)
	s.get("/new?match=ratios&"+big).want(t, 409)
	s.settled(page+"?lang=en&"+big).want(t, 200, "the proxies get 25.0%", "Cut the sources to that")
	for range 2 { // pressed twice
		s.send(page+"/match?"+big).want(t, 303)
	}
	s.settled(page+"?lang=en&"+big).want(t, 200, "waiting", `data-poll="2"`)

	whole, err := s.store.Source(t.Context(), "web-ja", "")
	if err != nil {
		t.Fatal(err)
	}
	adder := orchestrator.Adder{Store: s.store, Data: filepath.Dir(filepath.Dir(filepath.Dir(whole.Dir))), Log: slog.New(slog.DiscardHandler)}
	for range 2 {
		if did, err := adder.AddOnce(t.Context()); !did || err != nil {
			t.Fatal(did, err)
		}
	}
	if did, _ := adder.AddOnce(t.Context()); did {
		t.Error("a part was asked for twice")
	}
	ready := s.settled(page+"?lang=en&"+big).want(t, 200, "Set up the sweep that reads them").body
	link := regexp.MustCompile(`href="(/new\?[^"]*match=[^"]*)"`).FindStringSubmatch(ready)
	if link == nil {
		t.Fatal("nothing leads to the sweep of parts")
	}
	document := s.get(html.UnescapeString(link[1])).want(t, 200, "data-review").document(t)
	sweep, err := ablation.ParseSweep([]byte(document))
	if err != nil || sweep.Name != "ratios-epochs" || sweep.Seed == nil {
		t.Fatalf("%v\n%s", err, document)
	}
	part, err := s.store.Source(t.Context(), sweep.Sources[0].Name, sweep.Sources[0].Version)
	if err != nil || !part.PartOf(whole) || part.HeldoutBytes != whole.HeldoutBytes {
		t.Errorf("%+v, %v", part, err)
	}
	if epochs := float64(part.Bytes) / float64(whole.Bytes); epochs > .26 || epochs < .15 {
		t.Errorf("the part is %.2f of the whole, want 0.25 but for a document", epochs)
	}
}
