package corpus

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/haigo-lab/haigo/services/ablation"
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

// compressions are the names of what is unpacked, by extension.
var compressions = map[string]string{".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".xz": "xz", ".bz2": "bzip2"}

// compression is the name of a file's compression, "" where it has none.
func compression(path string) string { return compressions[strings.ToLower(filepath.Ext(path))] }

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
	a := &archive{Reader: file, file: file, close: func() { _ = file.Close() }, kind: strings.ToLower(filepath.Ext(path))}
	name := compression(path)
	if name != "" {
		a.kind = strings.ToLower(filepath.Ext(strings.TrimSuffix(path, filepath.Ext(path))))
	}
	var err error
	switch name {
	case "gzip":
		a.Reader, err = gzip.NewReader(file)
	case "zstd":
		// One goroutine a file: the other cores clean documents, and other files are read beside it.
		var r *zstd.Decoder
		if r, err = zstd.NewReader(file, zstd.WithDecoderConcurrency(1)); err == nil {
			a.Reader, a.close = r, func() { r.Close(); _ = file.Close() }
		}
	case "xz":
		a.Reader, err = xz.NewReader(bufio.NewReaderSize(file, 64<<10))
	case "bzip2":
		a.Reader = bzip2.NewReader(file)
	}
	return a, err
}

// damage says where an archive breaks off and what to do, in our words: those of the decoders are about their insides.
func damage(path string, line int64, err error) ablation.Label {
	kind := compression(path)
	say := func(en, ja string) ablation.Label {
		return ablation.Label{EN: fmt.Sprintf(en, kind), JA: fmt.Sprintf(ja, kind)}
	}
	switch {
	case foreign(kind, line, err):
		return say("the file isn't %s, whatever its name says: give it the right ending, or make or fetch it again",
			"名前と違い、%s のファイルではありません。正しい拡張子を付けるか、作り直すか、取得し直してください")
	case line == 0:
		return say("the %s archive is damaged at its beginning: make or fetch it again",
			"%s の圧縮ファイルが先頭で壊れています。作り直すか、取得し直してください")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return say("the %s archive ends in the middle, after this line: fetch it again; what came before is kept",
			"%s の圧縮ファイルがこの行のあとで途切れています。取得し直してください。ここまでの内容は取り込みました")
	case errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, gzip.ErrChecksum), kind == "xz" && strings.Contains(err.Error(), "checksum"):
		return say("the %s archive's checksum is wrong, so text before this line may be wrong too: make or fetch it again",
			"%s の圧縮ファイルのチェックサムが合いません。この行より前も正しくないかもしれません。作り直すか、取得し直してください")
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return say("the %s archive needs more memory than is given to one file: compress it again without --long or --ultra",
			"%s の圧縮ファイルの展開に必要なメモリーが、1 ファイルの上限を超えています。--long や --ultra を付けずに圧縮し直してください")
	}
	return say("the %s archive is damaged after this line: make or fetch it again; what came before is kept",
		"%s の圧縮ファイルがこの行のあとで壊れています。作り直すか、取得し直してください。ここまでの内容は取り込みました")
}

// foreign reports whether a file isn't what its ending says, which only its first bytes tell.
func foreign(kind string, line int64, err error) bool {
	switch kind {
	case "gzip":
		return errors.Is(err, gzip.ErrHeader)
	case "zstd":
		return errors.Is(err, zstd.ErrMagicMismatch)
	case "bzip2":
		var wrong bzip2.StructuralError
		return line == 0 && errors.As(err, &wrong) && strings.Contains(string(wrong), "magic")
	}
	// The xz package keeps its errors to itself.
	return kind == "xz" && strings.Contains(err.Error(), "header magic")
}

// unsupported says what to do about formats that look like text sources but aren't read; empty for all others.
func unsupported(kind string) ablation.Label {
	switch kind {
	case ".arrow", ".feather":
		return ablation.Label{EN: "convert it to parquet or JSON lines first", JA: "先に parquet か JSON Lines に変換してください"}
	case ".idx":
		return ablation.Label{EN: "a Megatron index needs its .bin beside it", JA: "Megatron の索引には、同じ場所に .bin が必要です"}
	case ".lz4", ".7z", ".br":
		return ablation.Label{EN: "compress it with zstd, gzip or xz instead", JA: "zstd、gzip、xz のどれかで圧縮し直してください"}
	case ".zip", ".tar", ".tgz", ".rar":
		return ablation.Label{EN: "unpack it first", JA: "先に展開してください"}
	}
	return ablation.Label{}
}
