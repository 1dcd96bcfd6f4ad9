package httpd_test

import (
	"math"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{httpd.Fixed(2.0214, 3), "2.021"},
		{httpd.Fixed(-.052, 3), "−0.052"},
		{httpd.Fixed(math.NaN(), 3), "NaN"},
		{httpd.Fixed(math.Inf(-1), 3), "−∞"},
		{httpd.Signed(.159, 3), "+0.159"},
		{httpd.Signed(-.139, 3), "−0.139"},
		{httpd.Signed(math.Inf(1), 3), "+∞"},
		{httpd.Integer(0), "0"},
		{httpd.Integer(999), "999"},
		{httpd.Integer(1000), "1,000"},
		{httpd.Integer(-1284310), "−1,284,310"},
		{httpd.Percent(.274, 1), "27.4%"},
		{httpd.Size(999), "999 B"},
		{httpd.Size(14_900_000), "14.9 MB"},
		{httpd.Scientific(1.27e15), "1.3 × 10¹⁵"},
		{httpd.Scientific(0), "0"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestFormat_languages(t *testing.T) {
	t.Parallel()
	ja, en := language(t, "ja"), language(t, "en")
	at := time.Date(2026, 11, 23, 5, 5, 0, 0, time.UTC)
	tests := []struct{ ja, en, wantJA, wantEN string }{
		{httpd.Big(ja, 240e6), httpd.Big(en, 240e6), "2.4億", "240M"},
		{httpd.Big(ja, 100e9), httpd.Big(en, 100e9), "1,000億", "100B"},
		{httpd.Big(ja, 81.6e6), httpd.Big(en, 81.6e6), "8,160万", "81.6M"},
		{httpd.Big(ja, 950), httpd.Big(en, 950), "950", "950"},
		{httpd.Lasting(ja, 96*time.Minute), httpd.Lasting(en, 96*time.Minute), "1時間36分", "1 h 36 min"},
		{httpd.Lasting(ja, 2*time.Hour), httpd.Lasting(en, 2*time.Hour), "2時間", "2 h"},
		{httpd.Lasting(ja, 41*time.Minute), httpd.Lasting(en, 41*time.Minute), "41分", "41 min"},
		{httpd.Lasting(ja, 9*time.Second), httpd.Lasting(en, 9*time.Second), "9秒", "9 s"},
		{httpd.When(ja, at, at), httpd.When(en, at, at), "11月23日(月) 14:05", "Mon 23 Nov 14:05"},
		{httpd.When(ja, at, at.AddDate(1, 0, 0)), httpd.When(en, at, at.AddDate(1, 0, 0)), "2026年11月23日 14:05", "23 Nov 2026 14:05"},
		{httpd.Ago(ja, at, at), httpd.Ago(en, at, at), "数秒前", "seconds ago"},
		{httpd.Ago(ja, at, at.Add(3*time.Minute)), httpd.Ago(en, at, at.Add(3*time.Minute)), "3分前", "3 min ago"},
		{httpd.Ago(ja, at, at.Add(3*time.Hour)), httpd.Ago(en, at, at.Add(3*time.Hour)), "11月23日(月) 14:05", "Mon 23 Nov 14:05"},
		{httpd.Text(ja, "sweeps.diverged", "n", 1), httpd.Text(en, "sweeps.diverged", "n", 1), "1 ラン発散", "1 run diverged"},
		{httpd.Text(ja, "sweeps.diverged", "n", 2), httpd.Text(en, "sweeps.diverged", "n", 2), "2 ラン発散", "2 runs diverged"},
		{httpd.Text(ja, "nobody wrote this"), httpd.Text(en, "nobody wrote this"), "⟦nobody wrote this⟧", "⟦nobody wrote this⟧"},
	}
	for _, tt := range tests {
		if tt.ja != tt.wantJA || tt.en != tt.wantEN {
			t.Errorf("got %q and %q, want %q and %q", tt.ja, tt.en, tt.wantJA, tt.wantEN)
		}
	}
}

func language(t *testing.T, lang string) httpd.Words {
	t.Helper()
	w, err := httpd.LoadWords(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A source whose language isn't told is called by its own name, where it is the only one.
func TestWords_textIn(t *testing.T) {
	t.Parallel()
	code := ablation.Source{Name: "repos", Lang: "und"}
	for _, c := range []struct {
		tag, want string
		sources   []ablation.Source
	}{
		{"und", "repos", []ablation.Source{code, {Name: "web", Lang: "ja"}}},
		{"und", "言語の指定なし", []ablation.Source{code, {Name: "notes", Lang: "und"}}},
		{"ja", "日本語", []ablation.Source{code, {Name: "web", Lang: "ja"}}},
		{"xh", "xh", nil},
	} {
		if got := httpd.TextIn(language(t, "ja"), c.tag, c.sources); got != c.want {
			t.Errorf("%s of %v is called %q, want %q", c.tag, c.sources, got, c.want)
		}
	}
}
