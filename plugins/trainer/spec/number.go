package spec

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
)

// Seed is a 64-bit seed, in JSON a string of 16 hex digits: JSON numbers lose bits above 2^53.
type Seed uint64

// MarshalText writes 16 lower-case hex digits.
func (s Seed) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(s)), nil }

// UnmarshalText reads exactly 16 hex digits.
func (s *Seed) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return Say("a seed is a string of 16 hex digits, got %q", "シードは 16 桁の 16 進数の文字列です（今は %q）", text)
	}
	*s = Seed(n)
	return nil
}

// Real is a float64 that survives JSON: values that aren't finite are the strings "NaN", "Infinity" and "-Infinity".
type Real float64

// MarshalJSON writes the shortest decimal that reads back as the same bits.
func (r Real) MarshalJSON() ([]byte, error) {
	f := float64(r)
	switch {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads a number or one of the three words.
func (r *Real) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"NaN"`:
		*r = Real(math.NaN())
		return nil
	case `"Infinity"`:
		*r = Real(math.Inf(1))
		return nil
	case `"-Infinity"`:
		*r = Real(math.Inf(-1))
		return nil
	}
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return Say(`a real is a number, "NaN", "Infinity" or "-Infinity", got %s`, `数か、"NaN"、"Infinity"、"-Infinity" のどれかにしてください（今は %s）`, brief(data))
	}
	*r = Real(f)
	return nil
}

var bareReal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

// quoteReals puts reals that aren't finite in quotes where they stand bare, as Python's json.dumps writes them.
func quoteReals(line []byte) []byte {
	return bareReal.ReplaceAllFunc(line, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return slices.Concat([]byte{'"'}, found, []byte{'"'})
	})
}
