package postgres_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestShare(t *testing.T) {
	t.Parallel()
	w, sql := rawWorld(t)
	ctx := t.Context()
	secret := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
	opens := func(s string) bool {
		t.Helper()
		_, err := w.OpenShare(ctx, secret(s))
		_, quiet := w.Share(ctx, secret(s))
		for _, err := range []error{err, quiet} {
			if err != nil && !errors.Is(err, ablation.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if (err == nil) != (quiet == nil) {
			t.Errorf("opening says %v, reading %v", err, quiet)
		}
		return err == nil
	}
	share := ablation.Share{
		Hint: "abcd", Sweep: "s", Question: "ja か en か", Kind: "pareto", Chart: []byte(`{ "b":1,"a":  [1e0] }`), CSV: "a,b\n",
		Fingerprints: map[string]string{"ja": "1111"}, Version: "v1", Live: true, EmbedIn: []string{"https://wiki.example.com"}, ExpiresAt: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond),
	}
	created, err := w.CreateShare(ctx, secret("first"), share)
	w.must(err)
	got, err := w.OpenShare(ctx, secret("first"))
	w.must(err)
	share.ID, share.CreatedAt, share.Views = created.ID, created.CreatedAt, 1
	if diff := cmp.Diff(share, got); diff != "" {
		t.Error(diff)
	}
	got, err = w.EmbedShare(ctx, created.ID, nil)
	w.must(err)
	share.EmbedIn = []string{}
	if diff := cmp.Diff(share, got); diff != "" {
		t.Error(diff)
	}
	if _, err := w.EmbedShare(ctx, created.ID+1, nil); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("an unknown share is embedded: %v", err)
	}
	if opens("other") {
		t.Error("an unknown secret opens")
	}
	_, err = w.ReplaceShareSecret(ctx, created.ID, secret("second"), "efgh")
	w.must(err)
	if opens("first") || !opens("second") {
		t.Error("want the new secret alone to open")
	}
	sql(`UPDATE shares SET expires_at = now() - interval '1 second'`)
	if opens("second") {
		t.Error("an expired share opens")
	}
	if _, err := w.ReplaceShareSecret(ctx, created.ID, secret("third"), "ijkl"); !errors.Is(err, ablation.ErrConflict) {
		t.Errorf("an expired share gets a new secret: %v", err)
	}
	sql(`UPDATE shares SET expires_at = now() + interval '1 hour'`)
	w.must(w.RevokeShare(ctx, created.ID))
	w.must(w.RevokeShare(ctx, created.ID))
	if opens("second") {
		t.Error("a revoked share opens")
	}
	if all, err := w.Shares(ctx); err != nil || len(all) != 1 || all[0].RevokedAt == nil {
		t.Errorf("%+v, %v: a revoked share stays in the list", all, err)
	}
}
