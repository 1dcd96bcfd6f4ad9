package orchestrator

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestLookEach: trouble that stays is said once, and again when it is another, or comes back.
func TestLookEach(t *testing.T) {
	t.Parallel()
	missing, gone := errors.New("trainer lm is missing"), errors.New("the database is gone")
	looks := []error{missing, missing, missing, gone, gone, missing, nil, missing, missing}
	ctx, cancel := context.WithCancel(t.Context())
	var b bytes.Buffer
	n := 0
	err := lookEach(ctx, time.Microsecond, slog.New(slog.NewTextHandler(&b, nil)), "will look again", func(context.Context) error {
		if n == len(looks) {
			cancel()
			return gone
		}
		n++
		return looks[n-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n"); got != 4 {
		t.Errorf("said %d times, want 4:\n%s", got, &b)
	}
}
