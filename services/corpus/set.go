package corpus

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// DefaultSetBytes is how much text of a source is scored unless a recipe says otherwise.
const DefaultSetBytes = 256 << 10

// Set is a file of held-out documents that runs are scored on, ready for a spec's eval.sets.
type Set struct {
	Path      string // absolute
	SHA256    string // of the file
	Bytes     int64  // UTF-8 bytes of the texts
	Documents int64
}

// HeldoutSet writes the set of the source version in sourceDir (DATA/sources/NAME/VERSION) to DATA/sets/SHA256.jsonl,
// named by its own digest: the same text is one file, however many runs and versions share it.
//
// The set is the held-out documents of smallest hash up to limitBytes of text (0 is DefaultSetBytes), smallest first. A
// document that alone is longer than that is passed over; where there is no other, the set is the beginning of the first.
func HeldoutSet(sourceDir string, limitBytes int64) (Set, error) {
	entries, err := heldoutEntries(sourceDir)
	if err != nil {
		return Set{}, fmt.Errorf("held-out set: %w", err)
	}
	scored, _ := divide(entries, cmp.Or(limitBytes, DefaultSetBytes))
	documents, err := heldoutDocuments(sourceDir, scored)
	if err != nil {
		return Set{}, fmt.Errorf("held-out set: %w", err)
	}
	documents[0].Text = cut(documents[0].Text, int(cmp.Or(limitBytes, DefaultSetBytes)))
	set, err := writeSet(filepath.Join(dataOf(sourceDir), "sets"), documents)
	if err != nil {
		return Set{}, fmt.Errorf("held-out set: %w", err)
	}
	return set, nil
}

// dataOf is the data folder of a source version's folder.
func dataOf(sourceDir string) string {
	if absolute, err := filepath.Abs(sourceDir); err == nil {
		sourceDir = absolute
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(sourceDir)))
}

// entry is a held-out document without its text.
type entry struct {
	hash  uint64
	bytes int64
	index int // in heldout.jsonl
}

// heldoutEntries lists the held-out documents of a source version, smallest hash first. There being none is
// ablation.ErrNotFound.
func heldoutEntries(sourceDir string) ([]entry, error) {
	var entries []entry
	for d, err := range readLines[spec.Document](filepath.Join(sourceDir, heldoutFile)) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: no source version: %w", sourceDir, ablation.ErrNotFound)
		}
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256([]byte(d.Text))
		hash := binary.BigEndian.Uint64(digest[:8])
		entries = append(entries, entry{hash: hash, bytes: int64(len(d.Text)), index: len(entries)})
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: no held-out document: %w", sourceDir, ablation.ErrNotFound)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.hash, b.hash) })
	return entries, nil
}

// divide splits entries into those that are scored and the rest, both smallest hash first.
func divide(entries []entry, limit int64) (scored, rest []entry) {
	left := limit
	for _, e := range entries {
		switch {
		case e.bytes > limit:
			rest = append(rest, e)
		case e.bytes > left:
			left = 0 // the set ends at the first that doesn't fit: smallest hashes, not shortest documents
			rest = append(rest, e)
		default:
			left -= e.bytes
			scored = append(scored, e)
		}
	}
	if len(scored) == 0 {
		return rest[:1], rest[1:]
	}
	return scored, rest
}

// heldoutDocuments reads the documents behind entries, in their order.
func heldoutDocuments(sourceDir string, entries []entry) ([]spec.Document, error) {
	place := make(map[int]int, len(entries))
	for i, e := range entries {
		place[e.index] = i
	}
	documents := make([]spec.Document, len(entries))
	index := 0
	for d, err := range readLines[spec.Document](filepath.Join(sourceDir, heldoutFile)) {
		if err != nil {
			return nil, err
		}
		if i, ok := place[index]; ok {
			documents[i] = d
		}
		index++
	}
	return documents, nil
}

func writeSet(dir string, documents []spec.Document) (Set, error) {
	work, err := temporary(dir, "set")
	if err != nil {
		return Set{}, err
	}
	defer os.RemoveAll(work)
	file, err := writeDocuments(work, "set.jsonl", documents)
	if err != nil {
		return Set{}, err
	}
	path := filepath.Join(dir, file.SHA256+".jsonl")
	if err := os.Rename(filepath.Join(work, file.Path), path); err != nil {
		return Set{}, err
	}
	return Set{Path: path, SHA256: file.SHA256, Bytes: file.Bytes, Documents: file.Documents}, syncDir(dir)
}

func writeDocuments(dir, name string, documents []spec.Document) (spec.File, error) {
	s, err := createShard(dir, name)
	if err != nil {
		return spec.File{}, err
	}
	defer s.abandon()
	for _, d := range documents {
		if err := s.write(d); err != nil {
			return spec.File{}, err
		}
	}
	err = s.finish()
	return s.File, err
}
