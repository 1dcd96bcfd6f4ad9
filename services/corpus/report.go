package corpus

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
	"sync"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// reportFile holds a version's Report; it stands beside the manifest and is no part of it.
const reportFile = "report.json"

// reportVersion is the only report_version; reports of others are measured again.
const reportVersion = 1

// Report is what can be said of a source version's training text, or of its held-out text where there is no other.
type Report struct {
	ReportVersion int   `json:"report_version"`
	Documents     int64 `json:"documents"`
	Bytes         int64 `json:"bytes"`
	Characters    int64 `json:"characters"`
	// Tokens are counted with one separator a document, by tokenizer; "bytes" is always there.
	Tokens    map[string]int64 `json:"tokens"`
	Lengths   Lengths          `json:"lengths"`
	Languages []Language       `json:"languages"` // as found, most bytes first
	Overlap   []Overlap        `json:"overlap"`   // own held-out documents first
}

// Lengths are quantiles of the documents' lengths in characters, each at most 3% too small; Min and Max are exact.
type Lengths struct {
	Min int64 `json:"min"`
	P10 int64 `json:"p10"`
	P25 int64 `json:"p25"`
	P50 int64 `json:"p50"`
	P75 int64 `json:"p75"`
	P90 int64 `json:"p90"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

// Language is how much text looks like a language: ja, en, zh, ko, …, "code", or Undetermined.
type Language struct {
	Lang      string `json:"lang"`
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes"`
}

// Overlap is how much of what runs are judged on stands in a source's training text: a held-out document or task item is
// found where one training document holds at least half of its 13-grams (words; characters in Japanese and Chinese),
// estimated from 32 of them. Of an item these are its question's, without examples and the words of the prompt
// (task.Questions), or those of its right answer; a question of 5 to 12 words or characters is found whole or not at all.
type Overlap struct {
	Kind    string `json:"kind"` // OverlapHeldout or OverlapTask
	Name    string `json:"name"` // of the source or task
	Version string `json:"version"`
	// Checked were looked for; Unchecked are too short, or beyond the first 16,384 (held-out documents by hash).
	Checked   int64 `json:"checked"`
	Unchecked int64 `json:"unchecked"`
	Found     int64 `json:"found"`
	Documents int64 `json:"documents"` // training documents that hold at least one
}

// Kinds of Overlap.
const (
	OverlapHeldout = "heldout"
	OverlapTask    = "task"
)

// ReadReport is the report that Measure made last of the version in dir. There being none is ablation.ErrNotFound.
func ReadReport(dir string) (Report, error) {
	report, err := spec.ReadFile[Report](filepath.Join(dir, reportFile))
	if errors.Is(err, fs.ErrNotExist) || err == nil && report.ReportVersion != reportVersion {
		return Report{}, fmt.Errorf("report of %s: %w", dir, ablation.ErrNotFound)
	}
	if err != nil {
		return Report{}, fmt.Errorf("report: %w", err)
	}
	return *report, nil
}

// Measure reads the training text of the source version in dir once, on all cores, and writes its report. The overlap is
// with the held-out documents and tasks that the data folder holds now, the newest version of each.
func Measure(ctx context.Context, dir string) (Report, error) {
	source, err := Open(dir)
	if err != nil {
		return Report{}, fmt.Errorf("measure: %w", err)
	}
	sets, err := probeSets(ctx, source)
	if err != nil {
		return Report{}, fmt.Errorf("measure %s: %w", source.Name, err)
	}
	report, err := measure(ctx, source.Dir, newProbes(sets))
	if err != nil {
		return Report{}, fmt.Errorf("measure %s: %w", source.Name, err)
	}
	return report, spec.WriteFile(filepath.Join(source.Dir, reportFile), report)
}

func measure(ctx context.Context, dir string, p *probes) (Report, error) {
	m, _, err := spec.ReadManifest(filepath.Join(dir, spec.ManifestFile))
	if err != nil {
		return Report{}, err
	}
	files := m.Files
	if len(files) == 0 {
		files, p = []spec.File{m.Heldout}, newProbes(nil) // held-out text always holds itself
	}
	total := newSums()
	workers := sync.Pool{New: func() any { return &measurer{cleaner: newCleaner(Options{}), seeker: newSeeker(p)} }}
	s := stream[*sums]{read: ownLines, work: func(b *batch) *sums {
		worker := workers.Get().(*measurer)
		defer workers.Put(worker)
		return worker.measure(b)
	}, take: func(_ *batch, part *sums) error {
		if part.problem != nil {
			return fmt.Errorf("%s", part.problem)
		}
		total.add(part)
		for _, found := range part.found {
			p.note(found.probes)
		}
		return nil
	}}
	if err := s.run(ctx, inputsOf(dir, files)); err != nil {
		return Report{}, err
	}
	report := total.report()
	report.Overlap = p.overlaps()
	return report, nil
}

func inputsOf(dir string, files []spec.File) []input {
	var inputs []input
	for _, file := range files {
		inputs = append(inputs, input{path: filepath.Join(dir, filepath.FromSlash(file.Path))})
	}
	return inputs
}

// measurer measures batches of a source version's lines. It belongs to one goroutine at a time.
type measurer struct {
	*cleaner
	*seeker
}

// sums are what batches add up to.
type sums struct {
	documents, bytes, characters int64
	lengths                      lengths
	languages                    map[string]Language
	found                        []holder
	problem                      *Problem
}

// holder is a training document that holds probes; place is its place in the batch.
type holder struct {
	place  int
	probes []int32
}

func newSums() *sums { return &sums{languages: map[string]Language{}} }

func (m *measurer) measure(b *batch) *sums {
	s, place := newSums(), 0
	b.each(func(r *row, line []byte) {
		_, text, ok := m.own(line)
		if r.problem != nil || !ok {
			if s.problem = r.problem; s.problem == nil {
				p := b.rejected(r.line, BadJSON, damagedLine)
				s.problem = &p
			}
			return
		}
		s.document(text)
		if found := m.seek(text); len(found) > 0 {
			s.found = append(s.found, holder{place: place, probes: slices.Clone(found)})
		}
		place++
	})
	return s
}

func (s *sums) document(text []byte) {
	n := int64(characters(text))
	s.documents++
	s.bytes += int64(len(text))
	s.characters += n
	s.lengths.add(n)
	s.language(Language{Lang: languageOf(text), Documents: 1, Bytes: int64(len(text))})
}

// characters is how many characters UTF-8 text holds: the bytes that continue none, eight at a time.
func characters(text []byte) int {
	n, at := 0, 0
	for ; at+8 <= len(text); at += 8 {
		word := binary.LittleEndian.Uint64(text[at:])
		n += bits.OnesCount64((^word>>7 | word>>6) & eachByte)
	}
	for ; at < len(text); at++ {
		if text[at]&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

func (s *sums) language(l Language) {
	sum := s.languages[l.Lang]
	s.languages[l.Lang] = Language{l.Lang, sum.Documents + l.Documents, sum.Bytes + l.Bytes}
}

func (s *sums) add(part *sums) {
	s.documents += part.documents
	s.bytes += part.bytes
	s.characters += part.characters
	s.lengths.merge(&part.lengths)
	for _, l := range part.languages {
		s.language(l)
	}
}

func (s *sums) report() Report {
	languages := slices.SortedFunc(maps.Values(s.languages), func(a, b Language) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Lang, b.Lang))
	})
	return Report{
		ReportVersion: reportVersion, Documents: s.documents, Bytes: s.bytes, Characters: s.characters,
		Tokens: map[string]int64{"bytes": s.bytes + s.documents}, Lengths: s.lengths.quantiles(), Languages: languages,
	}
}

var damagedLine = ablation.Label{
	EN: "this line of the source version is damaged: add the source again",
	JA: "この版の行が壊れています。データソースを追加し直してください",
}
