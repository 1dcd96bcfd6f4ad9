package ablation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kinds of errors that a caller may tell apart with errors.Is; everything else is internal.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("conflict")
	ErrForbidden = errors.New("forbidden")
)

// Refusal is something that can't be done as things stand. Its message, unlike that of any other error of a kind, is for
// the person who asked: it says why, and what to do instead. errors.Is tells its kind.
type Refusal struct {
	Kind    error // ErrNotFound, ErrConflict or ErrForbidden
	Message Label
}

// Conflict is a Refusal of kind [ErrConflict], with a message in both languages from the same arguments.
func Conflict(en, ja string, args ...any) error {
	return &Refusal{Kind: ErrConflict, Message: say(en, ja, args...)}
}

// Error is the message in English.
func (r *Refusal) Error() string { return r.Message.In("en") }

// Unwrap is the refusal's kind.
func (r *Refusal) Unwrap() error { return r.Kind }

// Invalid is input that must change before it can be taken. It holds every problem found, in document order.
type Invalid struct{ Problems []Problem }

// Problem is one thing that is wrong, where it stands, and what to do.
type Problem struct {
	File    string `json:"file,omitempty"`   // that the input came from; empty where it was one document
	Field   string `json:"field,omitempty"`  // path in the document: schedules.ja57.stages[0].mixture
	Line    int    `json:"line,omitempty"`   // from 1; 0 where the input has no lines
	Column  int    `json:"column,omitempty"` // from 1
	Text    string `json:"text,omitempty"`   // the offending text
	Message Label  `json:"message"`
	Command string `json:"-"` // what does it on the command line, where that differs from what the message says
}

// Error lists the problems, one a line, in English.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// String is "file:line:column: field: message", leaving out what is not known.
func (p Problem) String() string {
	place := p.File
	for _, n := range []int{p.Line, p.Column} {
		if n > 0 {
			place = strings.TrimPrefix(fmt.Sprintf("%s:%d", place, n), ":")
		}
	}
	message := p.Message.In("en")
	if p.Command != "" {
		message += " (" + p.Command + ")"
	}
	parts := slices.DeleteFunc([]string{place, p.Field, message}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// Label is a text in the two languages of the pages; either may be empty, then the other serves both.
type Label struct {
	JA string `json:"ja,omitempty"`
	EN string `json:"en,omitempty"`
}

// Said is a text in both languages from the same arguments; one that is a Label is said in each language.
func Said(en, ja string, args ...any) Label { return say(en, ja, args...) }

// In is the text in lang ("ja" or "en"), or in the other language where that is empty.
func (l Label) In(lang string) string {
	if lang == "ja" && l.JA != "" || l.EN == "" {
		return l.JA
	}
	return l.EN
}
