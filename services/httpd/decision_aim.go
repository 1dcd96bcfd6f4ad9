package httpd

import (
	"cmp"
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
)

// aim is what a decision is made for, as addresses have it.
type aim struct{ evidence.Aim }

// readAim reads an address. Numbers that aren't are *ablation.Invalid, all of them at once.
func readAim(q url.Values) (aim, error) {
	a := aim{evidence.Aim{Objective: strings.TrimSpace(q.Get("objective"))}}
	var tokens, parameters error
	a.Tokens, tokens = readAmount("tokens", q.Get("tokens"))
	a.Parameters, parameters = readAmount("params", q.Get("params"))
	return a, joined(tokens, parameters)
}

// joined are the problems of several *ablation.Invalid as one.
func joined(all ...error) error {
	out := &ablation.Invalid{}
	for _, err := range all {
		var bad *ablation.Invalid
		if errors.As(err, &bad) {
			out.Problems = append(out.Problems, bad.Problems...)
		}
	}
	if len(out.Problems) == 0 {
		return cmp.Or(all...)
	}
	return out
}

// unitSizes are what people write behind numbers of tokens and parameters, longest first where one ends another.
var unitSizes = []struct {
	word string
	size float64
}{{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"b", 1e9}, {"t", 1e12}, {"万", 1e4}, {"億", 1e8}, {"兆", 1e12}}

// readAmount is a number as people write it: 7B, 100G, 1,000億. Nothing is 0.
func readAmount(field, text string) (float64, error) {
	plain := strings.ToLower(strings.NewReplacer(",", "", " ", "", "_", "").Replace(text))
	if plain == "" {
		return 0, nil
	}
	size := 1.0
	for _, u := range unitSizes {
		if rest, ok := strings.CutSuffix(plain, u.word); ok {
			plain, size = rest, u.size
			break
		}
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil || !(v > 0) || math.IsInf(v*size, 0) {
		return 0, &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Text: text, Message: ablation.Label{
			EN: "write a number above 0, as in 100B or 7e9", JA: "0 より大きい数を 100B、1000億 のように書いてください",
		}}}}
	}
	return v * size, nil
}

// readEffect is a difference of two mixtures in a metric's unit. Nothing is 0.
func readEffect(text string) (float64, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, &ablation.Invalid{Problems: []ablation.Problem{{Field: "effect", Text: text, Message: ablation.Label{
			EN: "write a number above 0, as in 0.01", JA: "0 より大きい数を 0.01 のように書いてください",
		}}}}
	}
	return v, nil
}

// values are the aim as an address has it.
func (a aim) values() url.Values {
	q := url.Values{}
	put := func(name, value string, said bool) {
		if said {
			q.Set(name, value)
		}
	}
	put("objective", a.Objective, a.Objective != "")
	put("tokens", decimal(a.Tokens), a.Tokens > 0)
	put("params", decimal(a.Parameters), a.Parameters > 0)
	return q
}
