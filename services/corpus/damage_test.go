package corpus_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestAdd_TextCutOff: what came before the break of an archived text is kept, to its last whole line.
func TestAdd_TextCutOff(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 400 {
		fmt.Fprintf(&lines, "line %d: %x\n", i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	whole := gz(t, lines.String())
	dir := files(t, map[string]string{"cut.txt.gz": whole[:len(whole)/2]})
	result, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}, Share: 0})
	if err != nil {
		t.Fatal(err)
	}
	kept := result.Bytes + result.HeldoutBytes
	if len(result.Problems) != 1 || kept < int64(lines.Len()/4) || kept > int64(lines.Len()) {
		t.Errorf("kept %d of %d bytes, problems %v; want about half and one problem", kept, lines.Len(), result.Problems)
	}
}

// TestAdd_HalfACharacter: an escape that is half of a surrogate pair is no text, a whole pair is.
func TestAdd_HalfACharacter(t *testing.T) {
	t.Parallel()
	rows := `{"text":"a whole one \ud83d\ude00 here"}
{"text":"half \ud83d of one"}
{"text":"the other half \ude00"}
{"text":"two first halves \ud83d\ud83d\ude00"}
{"text":"a backslash and a word \\ud83d"}
`
	dir := files(t, map[string]string{"rows.jsonl": rows})
	result, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	var places []int64
	for _, p := range result.Problems {
		if p.Reason != corpus.NotUTF8 || !strings.Contains(p.Detail, "half of a character") {
			t.Errorf("problem %v, want half a character", p)
		}
		places = append(places, p.Line)
	}
	if diff := cmp.Diff([]int64{2, 3, 4}, places); diff != "" {
		t.Errorf("lines with half a character (-want +got):\n%s", diff)
	}
}
