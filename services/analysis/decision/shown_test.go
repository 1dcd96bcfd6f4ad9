package decision

import "testing"

func TestShown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		v      Interval
		en, ja string
	}{
		{Interval{Mean: .00030021, Low: -.00091, Top: .0015}, "0.0003 (90%: -0.0009 … 0.0015)", "0.0003 (90% 区間 -0.0009〜0.0015)"},
		{Interval{Mean: 12.3456, Low: 1.2, Top: 23.4}, "12 (90%: 1 … 23)", "12 (90% 区間 1〜23)"},
		{Interval{Mean: .5, Low: .5, Top: .5}, "0.5000 (90%: 0.5000 … 0.5000)", "0.5000 (90% 区間 0.5000〜0.5000)"},
	} {
		if got := shown(tc.v); got.EN != tc.en || got.JA != tc.ja {
			t.Errorf("%+v is shown as %s, want %s and %s", tc.v, got, tc.en, tc.ja)
		}
	}
}
