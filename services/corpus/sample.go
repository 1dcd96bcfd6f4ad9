package corpus

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// sampleBytes is where the text of a sample ends.
const sampleBytes = 2 << 10

// Samples are up to n documents at even distances through the training text of the source version in dir (through the
// held-out text where there is nothing else), each cut to the first 2 KiB of its text. The same folder gives the same
// samples; what is read doesn't grow with the source.
func Samples(dir string, n int) ([]spec.Document, error) {
	m, _, err := spec.ReadManifest(filepath.Join(dir, spec.ManifestFile))
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	files := m.Files
	if len(files) == 0 {
		files = []spec.File{m.Heldout}
	}
	var samples []spec.Document
	for i, file := range files {
		// File i's part of n, so that the parts sum to n.
		want := n*(i+1)/len(files) - n*i/len(files)
		found, err := sampleFile(filepath.Join(dir, filepath.FromSlash(file.Path)), want)
		if err != nil {
			return nil, fmt.Errorf("samples: %w", err)
		}
		samples = append(samples, found...)
	}
	return samples, nil
}

// sampleFile reads the lines that begin next after n evenly spaced places, and where lines are so long that places share
// one, as many from the beginning of the file.
func sampleFile(path string, n int) ([]spec.Document, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	s := sampler{file: file, seen: map[int64]bool{}}
	next := int64(0)
	for i := int64(0); i < int64(n) && err == nil; i++ {
		next, err = s.take(max(next, info.Size()/int64(n)*i))
	}
	if errors.Is(err, io.EOF) {
		next, err = 0, nil
	}
	for len(s.samples) < n && err == nil {
		next, err = s.take(next)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s.samples, nil
}

// sampler keeps documents of a file, each once.
type sampler struct {
	file    io.ReaderAt
	seen    map[int64]bool // ends of their lines
	samples []spec.Document
}

// take reads the document that begins at or after a byte, and returns where its line ends.
func (s *sampler) take(at int64) (end int64, err error) {
	d, end, err := documentAfter(s.file, at)
	if err != nil {
		return 0, err
	}
	if !s.seen[end] {
		s.seen[end] = true
		s.samples = append(s.samples, spec.Document{ID: d.ID, Text: cut(d.Text, sampleBytes)})
	}
	return end, nil
}

// documentAfter is the first document whose line begins at or after byte at, and where its line ends.
func documentAfter(file io.ReaderAt, at int64) (spec.Document, int64, error) {
	r := bufio.NewReader(io.NewSectionReader(file, max(at-1, 0), 1<<62))
	end := max(at-1, 0)
	if at > 0 {
		skipped, err := skipLine(r)
		if err != nil {
			return spec.Document{}, 0, err
		}
		end += skipped
	}
	line, err := r.ReadBytes('\n')
	if err != nil {
		return spec.Document{}, 0, err
	}
	var d spec.Document
	return d, end + int64(len(line)), json.Unmarshal(line, &d)
}

func skipLine(r *bufio.Reader) (int64, error) {
	for skipped := int64(0); ; {
		part, err := r.ReadSlice('\n')
		skipped += int64(len(part))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return skipped, err
		}
	}
}

// cut is the start of text of at most limit bytes that ends with a whole character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// Problems are those that were reported in full when the source version in dir was added.
func Problems(dir string) ([]Problem, error) {
	var problems []Problem
	for problem, err := range readLines[Problem](filepath.Join(dir, ProblemsFile)) {
		if err != nil {
			return nil, fmt.Errorf("problems: %w", err)
		}
		problems = append(problems, problem)
	}
	return problems, nil
}

// readLines yields the value of each line of a JSON lines file that this package wrote.
func readLines[T any](path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		file, err := os.Open(path)
		if err != nil {
			yield(none, err)
			return
		}
		defer file.Close()
		for decoder := json.NewDecoder(bufio.NewReaderSize(file, 1<<20)); ; {
			var value T
			err := decoder.Decode(&value)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(none, fmt.Errorf("%s: %w", path, err))
				return
			}
			if !yield(value, nil) {
				return
			}
		}
	}
}
