package httpd_test

import (
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// TestNew_measured: what a plan takes is reckoned with the speed that runs of each size had, whatever their length; what
// has no run yet goes as fast as its trainer tells.
func TestNew_measured(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	planned := func(product string) string {
		document := strings.Replace(sweepFile("next"), "design: {baseline: ja30}", "design: {product: "+product+"}", 1)
		return s.send("/new/check?lang=en", "document", document).want(t, 200, `class="big3"`).body
	}
	const told, measured, partly = "the trainer&#39;s estimate", "measured on 1 run", ", told for the other sizes"
	says := func(product string, want ...string) {
		t.Helper()
		body := planned(product)
		for _, text := range []string{told, measured, partly} {
			if there, wanted := strings.Contains(body, text), strings.Contains(strings.Join(want, "\n"), text); there != wanted {
				t.Errorf("%s: %q is there: %v, want %v", product, text, there, wanted)
			}
		}
	}
	says("{tokens: [4096, 8192]}", told)
	s.sweep("done")
	s.train(ablation.RunCompleted)
	says("{tokens: [4096, 8192]}", measured)
	says("{tokens: [4096, 8192], shapes: [1m, {layers: 2, width: 32, heads: 2, ffn: 96}]}", measured, partly)
}
