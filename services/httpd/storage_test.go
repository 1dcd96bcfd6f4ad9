package httpd_test

import (
	"testing"

	"github.com/haigo-lab/haigo/services/httpd"
)

// TestStorage_empty: where nothing takes space yet, the page says by an example what will stand there.
func TestStorage_empty(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.get("/storage?lang=en").want(t, 200, "No sweep was started yet.", `<div class="eg"><h3>Example</h3>`, "keeps its checkpoints for 30 days")
	s.get("/storage?lang=ja").want(t, 200, `<div class="eg"><h3>例</h3>`)
}
