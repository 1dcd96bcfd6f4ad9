package corpus

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Reasons why text is left out; they are the keys of a manifest's rejected counts.
const (
	Duplicate     = "duplicate"      // the same text came before
	Empty         = "empty"          // nothing but white space
	NotUTF8       = "not_utf8"       // another encoding, or broken
	NotText       = "not_text"       // holds NUL bytes
	BadJSON       = "bad_json"       // a line that isn't a JSON object
	NoText        = "no_text"        // a JSON object without the text column
	TooLong       = "too_long"       // a document above 32 MiB
	Damaged       = "damaged"        // an archive that breaks off; what came before the damage is kept
	Unreadable    = "unreadable"     // a file that can't be opened or read
	Unsupported   = "unsupported"    // a file format that isn't read
	Truncated     = "truncated"      // a file that is shorter than it says; what is whole is kept
	TokenIDs      = "token_ids"      // ids of a tokenizer that isn't known here
	NoGroup       = "no_group"       // a document without the value that sources are divided by
	NotSampled    = "not_sampled"    // beyond the quota, by the seed
	BadGroup      = "bad_group"      // a value that can't become part of a source's name
	NearDuplicate = "near_duplicate" // holds half of a held-out document of its own source
	HoldsHeldout  = "holds_heldout"  // holds half of a held-out document of another source
	HoldsItem     = "holds_item"     // holds an item of a task
)

// Reasons of problems that left nothing out: what somebody should know of an addition. No manifest counts them.
const (
	StandIn     = "stand_in"    // the share held out no document, so one was taken
	Underfilled = "underfilled" // a quota of which less than 90% could be filled
)

// note keeps such a problem.
func (t *intake) note(reason string, detail ablation.Label) {
	t.tally.notes = append(t.tally.notes, Problem{File: t.options.Name, Reason: reason, Detail: detail.EN, DetailJA: detail.JA})
}

// lone says what to do about a source that is one document.
var lone = ablation.Label{
	EN: "all of it is one document, which is held out, so nothing is left to train on: cut it with --split paragraphs or --split lines, or add more documents",
	JA: "全体が 1 つの文書で、検証セットになるため、学習に使う文章が残りません。--split paragraphs か --split lines で区切るか、文書を増やして追加してください",
}

func standIn(share float64) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("a share of %g holds out none of so few documents, so the one of smallest hash is held out; once the source or the sample grows it may be trained on: add it with a larger share, as with --share 0.05, or with more documents", share),
		JA: fmt.Sprintf("文書が少なく、割合 %g では評価用が 1 件もないため、ハッシュが最小の文書を評価用にしました。データソースや標本が大きくなると、その文書が学習に使われることがあります。--share 0.05 のように割合を増やすか、文書を増やして追加してください", share),
	}
}

// Problem is one thing that Add left out or noted, for a person to look at. Duplicates and empty documents are ordinary and
// only counted.
type Problem struct {
	File   string `json:"file"`           // the source's name where it is about no file
	Line   int64  `json:"line,omitempty"` // or row, or document of a .bin: from 1, of the decompressed text; 0 is the file as a whole
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"` // what happened and what to do, in English
	// DetailJA is the same in Japanese; source versions of earlier programs have none.
	DetailJA string `json:"detail_ja,omitempty"`
}

// In is what happened and what to do, in Japanese where lang is "ja" and there is a Japanese sentence.
func (p Problem) In(lang string) string { return ablation.Label{JA: p.DetailJA, EN: p.Detail}.In(lang) }

func (in input) rejected(line int64, reason string, detail ablation.Label) Problem {
	return Problem{File: in.path, Line: line, Reason: reason, Detail: detail.EN, DetailJA: detail.JA}
}

// broken is the error that ends a file after a line, 0 where it can't even be begun.
func (in input) broken(line int64, err error) *Problem {
	var disk *fs.PathError
	p := in.rejected(line, Unreadable, obstacle(err))
	if compression(in.path) != "" && !errors.As(err, &disk) {
		p = in.rejected(line, Damaged, damage(in.path, line, err))
	}
	return &p
}

// obstacle says why a file can't be read, without its path, which stands before.
func obstacle(err error) ablation.Label {
	var disk *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ablation.Label{
			EN: "this user may not read the file: change its permissions, or copy it",
			JA: "このユーザーには読む権限がありません。権限を変えるか、コピーしてください",
		}
	case errors.Is(err, fs.ErrNotExist):
		return ablation.Label{EN: "the file is gone: somebody removed it meanwhile", JA: "ファイルがなくなりました。途中で削除されたようです"}
	case errors.As(err, &disk):
		err = disk.Err
	}
	return ablation.Label{
		EN: fmt.Sprintf("the disk answers %q: copy the file elsewhere and add it from there", err),
		JA: fmt.Sprintf("ディスクが「%v」と答えました。別の場所にコピーして、そこから追加してください", err),
	}
}

// String is the problem as compilers write theirs, in English: file:line: reason: detail.
func (p Problem) String() string {
	if p.Detail == "" {
		return p.place() + ": " + p.Reason
	}
	return p.place() + ": " + p.Reason + ": " + p.Detail
}

func (p Problem) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// tally counts every rejection and keeps the first few problems of each reason, so that no reason hides another.
type tally struct {
	max      int
	rejected map[string]int64
	problems []Problem
	notes    []Problem
}

func newTally(limit int) *tally {
	return &tally{max: limit, rejected: map[string]int64{}}
}

func (t *tally) add(p Problem) {
	t.rejected[p.Reason]++
	if p.Detail == "" || t.rejected[p.Reason] > int64(t.max) {
		return
	}
	t.problems = append(t.problems, p)
}

// count adds n that nobody needs to look at.
func (t *tally) count(reason string, n int64) { t.rejected[reason] += n }

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
