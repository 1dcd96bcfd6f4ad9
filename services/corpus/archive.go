package corpus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// archive is an input opened for reading: decompressed text, and the bytes taken from the disk so far.
type archive struct {
	io.Reader
	file  *counted
	close func()
	kind  string // extension below the compression, lower case: ".jsonl", ".txt", …
}

// counted counts what is read.
type counted struct {
	*os.File
	bytes int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.bytes += int64(n)
	return n, err
}

func openArchive(path string) (*archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a, err := decompress(path, &counted{File: file})
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return a, nil
}

func decompress(path string, file *counted) (*archive, error) {
	extension := strings.ToLower(filepath.Ext(path))
	inner := strings.ToLower(filepath.Ext(strings.TrimSuffix(path, filepath.Ext(path))))
	closeFile := func() { _ = file.Close() }
	switch extension {
	case ".gz":
		r, err := gzip.NewReader(file)
		if err != nil {
			return nil, err
		}
		return &archive{Reader: r, file: file, close: closeFile, kind: inner}, nil
	case ".zst", ".zstd":
		// One decoder a file on the caller's goroutine: reading is bound by JSON and hashing, not by zstd.
		r, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &archive{Reader: r, file: file, close: func() { r.Close(); closeFile() }, kind: inner}, nil
	}
	return &archive{Reader: file, file: file, close: closeFile, kind: extension}, nil
}

// compressed reports whether errors while reading mean a broken archive rather than a broken disk.
func compressed(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz", ".zst", ".zstd":
		return true
	}
	return false
}

// damage says where an archive breaks off and what to do, in our words: those of the decoders are about their insides.
func damage(path string, line int64, err error) string {
	kind := "zstd"
	if strings.EqualFold(filepath.Ext(path), ".gz") {
		kind = "gzip"
	}
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, gzip.ErrHeader):
		return fmt.Sprintf("the file isn't %s, whatever its name says: give it the right ending, or make or fetch it again", kind)
	case line == 0:
		return fmt.Sprintf("the %s archive is damaged at its beginning: make or fetch it again", kind)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the %s archive ends in the middle, after this line: fetch it again; what came before is kept", kind)
	case errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, gzip.ErrChecksum):
		return fmt.Sprintf("the %s archive's checksum is wrong, so text before this line may be wrong too: make or fetch it again", kind)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Sprintf("the %s archive needs more memory than is given to one file: compress it again without --long or --ultra", kind)
	}
	return fmt.Sprintf("the %s archive is damaged after this line: make or fetch it again; what came before is kept", kind)
}

// unsupported says what to do about formats that look like text sources but aren't read; "" for all others.
func unsupported(kind string) string {
	switch kind {
	case ".parquet", ".arrow", ".feather":
		return "convert it to JSON lines first"
	case ".bz2", ".xz", ".lz4", ".7z", ".br":
		return "compress it with gzip or zstd instead"
	case ".zip", ".tar", ".tgz", ".rar":
		return "unpack it first"
	}
	return ""
}
