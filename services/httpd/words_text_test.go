package httpd

import "testing"

// A number that may be left out is shown as a number, not as where it lies.
func TestWords_text(t *testing.T) {
	t.Parallel()
	days := 7
	w := words{texts: map[string]string{"days": "{n} {n|day|days}"}}
	if got := w.text("days", "n", &days); got != "7 days" {
		t.Errorf("got %q", got)
	}
}
