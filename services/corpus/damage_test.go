package corpus_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/corpus"
)

// TestAdd_Damage: every way in which an archive breaks is said in our words, with what to do, and none of the decoder's.
func TestAdd_Damage(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, "{\"text\":\"document number %d, %x\"}\n", i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	asZstd, asGzip := []byte(zst(t, lines.String())), []byte(gz(t, lines.String()))
	flip := func(data []byte, at int) []byte {
		out := bytes.Clone(data)
		out[at] ^= 0x55
		return out
	}
	tests := []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"a zstd file cut in the middle", "a.jsonl.zst", asZstd[:len(asZstd)/2], "the zstd archive ends in the middle, after this line: fetch it again"},
		{"a zstd file that is none", "a.jsonl.zst", []byte("{\"text\":\"plain\"}\n"), "the file isn't zstd, whatever its name says"},
		{"an empty zstd file's head", "a.jsonl.zst", asZstd[:3], "make or fetch it again"},
		{"a zstd file with a wrong byte", "a.jsonl.zst", flip(asZstd, len(asZstd)/2), "make or fetch it again"},
		{"a zstd file with a wrong checksum", "a.jsonl.zst", flip(asZstd, len(asZstd)-1), "checksum is wrong"},
		{"a gzip file cut in the middle", "a.jsonl.gz", asGzip[:len(asGzip)/2], "the gzip archive ends in the middle, after this line: fetch it again"},
		{"a gzip file that is none", "a.jsonl.gz", []byte("{\"text\":\"plain text that is long\"}\n"), "the file isn't gzip, whatever its name says"},
		{"a gzip file with a wrong checksum", "a.jsonl.gz", flip(asGzip, len(asGzip)-6), "checksum is wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, map[string]string{tt.file: string(tt.content), "good.txt": "the rest goes on"})
			result, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Problems) != 1 || result.Problems[0].Reason != corpus.Damaged || !strings.Contains(result.Problems[0].Detail, tt.want) {
				t.Fatalf("got %v, want one damaged file and %q", result.Problems, tt.want)
			}
			for _, leak := range []string{"magic", "EOF", "corrupt", "zstd:", "gzip:", "flate", "invalid input", "0x"} {
				if strings.Contains(result.Problems[0].Detail, leak) {
					t.Errorf("%q tells %q", result.Problems[0].Detail, leak)
				}
			}
		})
	}
}
