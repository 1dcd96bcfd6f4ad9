package rows

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// countsFile stands beside rows.bin: it saves reading all rows again for the entropy of a mixture.
const countsFile = "counts.json"

// counts is how often each token is in rows.bin.
type counts struct {
	Tokens []int64 `json:"tokens"`
}

// cutter writes tokens as whole rows and drops the last, unfinished one.
type cutter struct {
	file   *os.File
	buffer *bufio.Writer
	sum    hash.Hash
	row    []byte // of the row being filled
	size   int    // bytes of a whole row
	rows   int64
	counts []int64
}

func newCutter(path string, rowTokens int) (*cutter, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("write rows: %w", err)
	}
	sum := sha256.New()
	return &cutter{
		file: file, buffer: bufio.NewWriterSize(io.MultiWriter(file, sum), 1<<20), sum: sum,
		size: 2 * rowTokens, counts: make([]int64, Vocabulary),
	}, nil
}

// document adds a text and its separator.
func (c *cutter) document(text string) error {
	for i := range len(text) {
		if err := c.token(uint16(text[i])); err != nil {
			return err
		}
	}
	return c.token(Separator)
}

func (c *cutter) token(t uint16) error {
	c.row = binary.LittleEndian.AppendUint16(c.row, t)
	if len(c.row) < c.size {
		return nil
	}
	if _, err := c.buffer.Write(c.row); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	for i := 0; i < c.size; i += 2 {
		c.counts[binary.LittleEndian.Uint16(c.row[i:])]++
	}
	c.rows, c.row = c.rows+1, c.row[:0]
	return nil
}

// finish puts the rows on disk.
func (c *cutter) finish() error {
	if err := c.buffer.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	if err := c.file.Sync(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

func (c *cutter) digest() string { return hex.EncodeToString(c.sum.Sum(nil)) }
