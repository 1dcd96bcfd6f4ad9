package chart_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// TestNumbers holds the formatters to the examples that the browser's are held to.
func TestNumbers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../web/testdata/numbers.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		As       string
		Value    ablation.Real
		Decimals int
		JA, EN   string
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		for lang, want := range map[string]string{"ja": e.JA, "en": e.EN} {
			if got := number(t, e.As, float64(e.Value), e.Decimals, lang); got != want {
				t.Errorf("%s of %v with %d decimals, %s: got %q, want %q", e.As, e.Value, e.Decimals, lang, got, want)
			}
		}
	}
}

func number(t *testing.T, as string, v float64, decimals int, lang string) string {
	t.Helper()
	switch as {
	case "fixed":
		return chart.Fixed(v, decimals)
	case "signed":
		return chart.Signed(v, decimals)
	case "integer":
		return chart.Integer(v)
	case "percent":
		return chart.Percent(v, decimals)
	case "count":
		return chart.Count(v).In(lang)
	}
	t.Fatalf("nobody writes a number as %q", as)
	return ""
}
