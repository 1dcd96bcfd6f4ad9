package spec

import (
	"fmt"
	"strings"
)

// Problem is one thing in spec.json that must change before the run can start.
type Problem struct {
	Field     string // path in the file: optimizer.peak_lr, sources[1].manifest; "" for the file as a whole
	Message   string // what is wrong and what to do
	MessageJA string // the same in Japanese; "" where nobody wrote it
}

// NewProblem is the problem with a field that an error's words say, in both languages where it speaks both.
func NewProblem(field string, words error) Problem {
	return Problem{Field: field, Message: words.Error(), MessageJA: InJapanese(words)}
}

// String is the problem on one line, field first.
func (p Problem) String() string {
	if p.Field == "" {
		return p.Message
	}
	return p.Field + ": " + p.Message
}

// Invalid is the error of a file that breaks the rules of the run directory: at least one problem, in the file's order.
type Invalid struct {
	Problems []Problem
}

// Error lists every problem, separated by semicolons.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "; ")
}

// problems collects what is wrong with a file.
type problems []Problem

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// say adds a problem in both languages.
func (p *problems) say(field, en, ja string, args ...any) {
	*p = append(*p, NewProblem(field, Say(en, ja, args...)))
}

// need adds a problem unless ok, and says whether it was.
func (p *problems) need(ok bool, field, format string, args ...any) bool {
	if !ok {
		p.add(field, format, args...)
	}
	return ok
}

// err is an *Invalid, or nil where there is no problem.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &Invalid{Problems: p}
}
