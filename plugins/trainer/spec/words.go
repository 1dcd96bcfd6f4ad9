package spec

import (
	"errors"
	"fmt"
	"strings"
)

// said is an error with words in both languages of the pages.
type said struct {
	error
	ja string
}

func (s *said) Unwrap() error { return errors.Unwrap(s.error) }

// Say is an error with words for a person in English and in Japanese. Both are made of the same arguments, as fmt.Errorf
// does; where the orders differ, ja numbers them (%[2]d). An error among them, %w in en and %v in ja, speaks Japanese
// where it can.
func Say(en, ja string, args ...any) error {
	translated := make([]any, len(args))
	for i, arg := range args {
		translated[i] = arg
		if err, ok := arg.(error); ok {
			translated[i] = err.Error()
			if words := InJapanese(err); words != "" {
				translated[i] = words
			}
		}
	}
	return &said{fmt.Errorf(en, args...), fmt.Sprintf(ja, translated...)}
}

// InJapanese is what an error says in Japanese, or the first in its chain that can; "" where none can.
func InJapanese(err error) string {
	var line *Damaged
	if errors.As(err, &line) {
		return line.inJapanese()
	}
	var s *said
	if errors.As(err, &s) {
		return s.ja
	}
	var bad *Invalid
	if !errors.As(err, &bad) {
		return ""
	}
	var lines []string
	for _, p := range bad.Problems {
		if p.MessageJA == "" {
			return ""
		}
		lines = append(lines, Problem{Field: p.Field, Message: p.MessageJA}.String())
	}
	return strings.Join(lines, "; ")
}
