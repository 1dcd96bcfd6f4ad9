package corpus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// shard is a file of JSON lines being written.
type shard struct {
	spec.File
	file   *os.File
	out    *bufio.Writer
	digest hash.Hash
	line   []byte
	size   int64 // of the file
}

// createShard makes the file name (with slashes) below dir.
func createShard(dir, name string) (*shard, error) {
	file, err := os.OpenFile(filepath.Join(dir, filepath.FromSlash(name)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &shard{
		File: spec.File{Path: name}, file: file,
		out: bufio.NewWriterSize(file, 256<<10), digest: sha256.New(),
	}, nil
}

func (s *shard) write(d spec.Document) error {
	s.line = appendDocument(s.line[:0], d.ID, []byte(strings.ToValidUTF8(d.Text, "\ufffd")))
	return s.writeLine(s.line, len(d.Text))
}

// writeLine appends a document's line; bytes are those of its text.
func (s *shard) writeLine(line []byte, bytes int) error {
	s.Bytes += int64(bytes)
	s.Documents++
	return s.writeBytes(line)
}

// writeJSON appends one value as a line, with no more escapes than JSON needs.
func (s *shard) writeJSON(value any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode line of %s: %w", s.Path, err)
	}
	return s.writeBytes(line.Bytes())
}

func (s *shard) writeBytes(line []byte) error {
	s.size += int64(len(line))
	_, _ = s.digest.Write(line) // a hash never fails
	if _, err := s.out.Write(line); err != nil {
		return fmt.Errorf("write %s: %w", s.Path, err)
	}
	return nil
}

// finish brings the file to the disk and sets its digest.
func (s *shard) finish() error {
	s.SHA256 = hex.EncodeToString(s.digest.Sum(nil))
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", s.Path, err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", s.Path, err)
	}
	return s.file.Close()
}

// abandon closes a file that won't be used; after finish it does nothing.
func (s *shard) abandon() { _ = s.file.Close() }

// syncDir makes renames and new files of a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
