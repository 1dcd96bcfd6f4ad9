package httpd_test

import (
	"net/http/httptest"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// TestFigures_new: whatever a server has kept of a sweep's charts, it answers as one that has just begun.
func TestFigures_new(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	runs := s.sweep("talk")
	kept := map[string]string{}
	same := func(after string) {
		t.Helper()
		begun, err := httpd.New(httpd.Options{Store: s.store, Listen: "127.0.0.1:80"})
		if err != nil {
			t.Fatal(err)
		}
		changed := false
		for _, path := range []string{
			"/api/v1/sweeps/talk/charts/tradeoff", "/api/v1/sweeps/talk/charts/curve?metric=bpb/ja", "/api/v1/sweeps/talk/charts/curve?metric=bpb/ja&from=1000",
			"/api/v1/sweeps/talk/charts/mixture?arm=ja70", "/api/v1/runs/" + runs[0].ID + "/charts/mixture",
		} {
			fresh := httptest.NewRecorder()
			begun.ServeHTTP(fresh, httptest.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1"+path, nil))
			for range 2 {
				if got := s.get(path).want(t, 200); got.body != fresh.Body.String() || got.Header.Get("ETag") != fresh.Header().Get("ETag") {
					t.Errorf("after %s, %s is\n%.300s\nwant\n%.300s", after, path, got.body, fresh.Body)
				}
			}
			changed = changed || fresh.Body.String() != kept[path]
			kept[path] = fresh.Body.String()
		}
		if !changed {
			t.Errorf("%s changes no chart", after)
		}
	}
	same("the start")
	claim := s.begin(ablation.RunCompleted)
	same("points")
	if err := s.store.EndAttempt(t.Context(), claim, 1, "completed", ablation.Label{}, ablation.RunCompleted); err != nil {
		t.Fatal(err)
	}
	same("an end")
	s.train(ablation.RunDiverged)
	same("a divergence")
}
