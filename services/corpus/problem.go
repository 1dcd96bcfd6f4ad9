package corpus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reasons why text is left out; they are the keys of a manifest's rejected counts.
const (
	Duplicate   = "duplicate"   // the same text came before
	Empty       = "empty"       // nothing but white space
	NotUTF8     = "not_utf8"    // another encoding, or broken
	NotText     = "not_text"    // holds NUL bytes
	BadJSON     = "bad_json"    // a line that isn't a JSON object
	NoText      = "no_text"     // a JSON object without the text column
	TooLong     = "too_long"    // a document above 32 MiB
	Damaged     = "damaged"     // an archive that breaks off; what came before the damage is kept
	Unreadable  = "unreadable"  // a file that can't be opened or read
	Unsupported = "unsupported" // a file format that isn't read
)

// Problem is one thing that Add left out, for a person to look at. Duplicates and empty documents are ordinary and only
// counted.
type Problem struct {
	File   string `json:"file"`
	Line   int64  `json:"line,omitempty"` // from 1, of the decompressed text; 0 is the file as a whole
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"` // what happened and what to do
}

// String is the problem as compilers write theirs: file:line: reason: detail.
func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Detail == "" {
		return place + ": " + p.Reason
	}
	return place + ": " + p.Reason + ": " + p.Detail
}

// tally counts every rejection and keeps the first few problems of each reason, so that no reason hides another.
type tally struct {
	max      int
	rejected map[string]int64
	problems []Problem
}

func newTally(limit int) *tally {
	return &tally{max: limit, rejected: map[string]int64{}}
}

func (t *tally) add(p Problem) {
	t.rejected[p.Reason]++
	if p.Reason == Duplicate || p.Reason == Empty || t.rejected[p.Reason] > int64(t.max) {
		return
	}
	t.problems = append(t.problems, p)
}

func (t *tally) total() int64 {
	var n int64
	for _, count := range t.rejected {
		n += count
	}
	return n
}

// String is the counts for a person: "duplicate 3, not_utf8 1".
func (t *tally) String() string {
	var counts []string
	for _, reason := range slices.Sorted(maps.Keys(t.rejected)) {
		counts = append(counts, fmt.Sprintf("%s %d", reason, t.rejected[reason]))
	}
	return strings.Join(counts, ", ")
}
