package ablation

import (
	"encoding/json"
	"fmt"
	"math"
)

// Real is a float64 that survives JSON: values that aren't finite are the strings "NaN", "Infinity" and "-Infinity".
type Real float64

// MarshalJSON writes the shortest decimal that reads back as the same bits, or one of the three words.
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
	var f float64
	if json.Unmarshal(data, &f) == nil {
		*r = Real(f)
		return nil
	}
	words := map[string]float64{`"NaN"`: math.NaN(), `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1)}
	f, ok := words[string(data)]
	if !ok {
		return fmt.Errorf(`a real is a number, "NaN", "Infinity" or "-Infinity", got %s`, data)
	}
	*r = Real(f)
	return nil
}
