package analysis

import (
	"cmp"
	"math"
	"slices"
)

// Kendall is Kendall's tau-b of two lists: 1 where they rank alike, -1 where one is the other turned round, 0 where neither
// says anything of the other. Places where either isn't finite are left out; NaN where fewer than two places differ in both.
func Kendall(a, b []float64) float64 {
	agree, tiedA, tiedB, pairs := 0, 0, 0, 0
	for i := range a {
		for j := range i {
			if !finite(a[i]) || !finite(a[j]) || !finite(b[i]) || !finite(b[j]) {
				continue
			}
			x, y := cmp.Compare(a[i], a[j]), cmp.Compare(b[i], b[j])
			pairs++
			agree += x * y
			if x == 0 {
				tiedA++
			}
			if y == 0 {
				tiedB++
			}
		}
	}
	return float64(agree) / math.Sqrt(float64(pairs-tiedA)*float64(pairs-tiedB))
}

// Ranking is how well arms were ranked when runs had seen some tokens.
type Ranking struct {
	Tokens float64
	Arms   int
	Tau    float64 // against the ranking at the end
}

// Track is what one arm's runs scored in a metric over time: means over its seeds at rising numbers of tokens.
type Track struct {
	Tokens, Values []float64
}

// at is the newest value at a number of tokens; NaN before the first.
func (t Track) at(tokens float64) float64 {
	i, found := slices.BinarySearch(t.Tokens, tokens)
	if found {
		return t.Values[i]
	}
	if i == 0 {
		return math.NaN()
	}
	return t.Values[i-1]
}

// Stability ranks arms at every number of tokens at which each had a score, against how they rank at the end of their
// tracks. Fewer than three arms have no ranking worth its name.
func Stability(tracks []Track) []Ranking {
	tracks = slices.DeleteFunc(slices.Clone(tracks), func(t Track) bool { return len(t.Tokens) == 0 })
	if len(tracks) < 3 {
		return nil
	}
	var places, end []float64
	for _, t := range tracks {
		places = append(places, t.Tokens...)
		end = append(end, t.Values[len(t.Values)-1])
	}
	slices.Sort(places)
	var out []Ranking
	for _, tokens := range slices.Compact(places) {
		now := make([]float64, len(tracks))
		for i, t := range tracks {
			now[i] = t.at(tokens)
		}
		if tau := Kendall(now, end); !slices.ContainsFunc(now, math.IsNaN) && !math.IsNaN(tau) {
			out = append(out, Ranking{tokens, len(tracks), tau})
		}
	}
	return out
}

// Settled is from how many tokens on no ranking fell below a tau; NaN where the last but one did, or none is known.
func Settled(rankings []Ranking, tau float64) float64 {
	from := math.NaN()
	for _, r := range rankings[:max(0, len(rankings)-1)] {
		switch {
		case r.Tau < tau:
			from = math.NaN()
		case math.IsNaN(from):
			from = r.Tokens
		}
	}
	return from
}
