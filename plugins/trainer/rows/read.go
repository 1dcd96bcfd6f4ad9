package rows

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// cutFile cuts one file of a source and verifies it against the manifest while it streams by.
func cutFile(ctx context.Context, out *cutter, dir string, f spec.File) error {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return fmt.Errorf("open source file: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	got := spec.File{Path: f.Path}
	lines := bufio.NewReaderSize(io.TeeReader(file, sum), 1<<20)
	for ctx.Err() == nil {
		text, err := nextDocument(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", f.Path, got.Documents+1, err)
		}
		got.Documents++
		got.Bytes += int64(len(text))
		if err := out.document(text); err != nil {
			return err
		}
	}
	got.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return errors.Join(ctx.Err(), agree(got, f))
}

func nextDocument(lines *bufio.Reader) (string, error) {
	line, err := lines.ReadBytes('\n')
	if len(line) == 0 {
		return "", err
	}
	var d spec.Document
	if err := json.Unmarshal(line, &d); err != nil {
		return "", fmt.Errorf("not a document: %w", err)
	}
	return d.Text, nil
}

// agree compares a file that was read to its end with its entry in the manifest.
func agree(got, want spec.File) error {
	switch {
	case got.SHA256 != want.SHA256:
		return spec.Changed(want.Path, got.SHA256, want.SHA256)
	case got.Bytes != want.Bytes || got.Documents != want.Documents:
		return spec.Say("%s has %d bytes of text in %d documents, the manifest says %d in %d",
			"%s のテキストは %d バイト、%d 文書ですが、目録では %d バイト、%d 文書です", want.Path, got.Bytes, got.Documents, want.Bytes, want.Documents)
	}
	return nil
}
