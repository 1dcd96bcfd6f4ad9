package rows

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Separator ends every document; it is a target like any other.
const Separator = 256

// Vocabulary is the number of tokens of the bytes tokenizer: 256 bytes and the separator.
const Vocabulary = 257

// Source says whose rows: a source version and the length of a row.
type Source struct {
	Manifest       string // path of manifest.json
	ManifestSHA256 string
	RowTokens      int
}

// Dir is the folder of the source's rows inside the cache.
func (s Source) Dir(cache string) string {
	return filepath.Join(cache, spec.RowsKey(s.ManifestSHA256, bytesTokenizer(), s.RowTokens))
}

func bytesTokenizer() spec.Tokenizer { return spec.Tokenizer{Kind: spec.TokenizerBytes} }

// Count is n_k: how many rows the training documents of a manifest make over bytes.
func Count(m *spec.Manifest, rowTokens int) int64 {
	bytes, documents := size(m)
	return (bytes + documents) / int64(rowTokens+1)
}

// size is the bytes and documents of a manifest's training text.
func size(m *spec.Manifest) (bytes, documents int64) {
	for _, f := range m.Files {
		bytes, documents = bytes+f.Bytes, documents+f.Documents
	}
	return bytes, documents
}

// Rows is the open rows of one source. Read may be called from several goroutines.
type Rows struct {
	Count  int64   // n_k
	Counts []int64 // how often each token is in all rows together
	tokens int     // of a row, row_tokens + 1
	file   *os.File
}

// Open opens rows that [Prepare] made; fs.ErrNotExist says that it hasn't. It checks sizes, not digests.
func Open(cache string, s Source) (*Rows, error) {
	info, err := describe(cache, s)
	if err != nil {
		return nil, err
	}
	counts, err := spec.ReadFile[counts](filepath.Join(s.Dir(cache), countsFile))
	if err != nil {
		return nil, fmt.Errorf("open rows: %w", err)
	}
	file, err := os.Open(filepath.Join(s.Dir(cache), spec.RowsBinFile))
	if err != nil {
		return nil, fmt.Errorf("open rows: %w", err)
	}
	return &Rows{Count: info.Rows, Counts: counts.Tokens, tokens: s.RowTokens + 1, file: file}, nil
}

// describe reads rows.json and checks that it is of this source and that rows.bin is as long as it says.
func describe(cache string, s Source) (*spec.Rows, error) {
	info, err := spec.ReadFile[spec.Rows](filepath.Join(s.Dir(cache), spec.RowsFile))
	if err != nil {
		return nil, fmt.Errorf("open rows: %w", err)
	}
	if info.ManifestSHA256 != s.ManifestSHA256 || info.RowTokens != s.RowTokens || info.Dtype != spec.DtypeUint16 {
		return nil, fmt.Errorf("open rows: %s is of another source", s.Dir(cache))
	}
	bin, err := os.Stat(filepath.Join(s.Dir(cache), spec.RowsBinFile))
	if err != nil {
		return nil, fmt.Errorf("open rows: %w", err)
	}
	if want := info.Rows * int64(s.RowTokens+1) * 2; bin.Size() != want {
		return nil, fmt.Errorf("open rows: %s has %d bytes, want %d", spec.RowsBinFile, bin.Size(), want)
	}
	return info, nil
}

// Read fills row, row_tokens + 1 tokens, with row number i.
func (r *Rows) Read(i int64, row []uint16) error {
	if i < 0 || i >= r.Count || len(row) != r.tokens {
		return fmt.Errorf("read row %d of %d: there is no such row", i, r.Count)
	}
	raw := make([]byte, 2*r.tokens)
	if _, err := r.file.ReadAt(raw, i*int64(len(raw))); err != nil {
		return fmt.Errorf("read row %d of %d: %w", i, r.Count, err)
	}
	for j := range row {
		row[j] = binary.LittleEndian.Uint16(raw[2*j:])
	}
	return nil
}

// Close closes the file.
func (r *Rows) Close() error { return r.file.Close() }
