package httpd

import (
	"context"
	"strings"
	"testing"
)

// TestWords_message: what isn't to be had for a while is said apart: a decision that is being worked out is no silent database.
func TestWords_message(t *testing.T) {
	t.Parallel()
	all, err := loadWords("en")
	if err != nil {
		t.Fatal(err)
	}
	for want, refused := range map[string]error{"still being worked out": errDeciding, "the database before all": context.DeadlineExceeded} {
		if m := all.message(refused, status(refused)); !strings.Contains(strings.Join(m.Lines, " "), want) {
			t.Errorf("%v: said %q, want %q", refused, m.Lines, want)
		}
	}
}
