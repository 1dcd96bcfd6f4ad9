package corpus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

func TestAdd_Reads(t *testing.T) {
	t.Parallel()
	sjis, err := japanese.ShiftJIS.NewEncoder().String("一行目は英数字 abc です。\n二行目もひらがな。\n")
	if err != nil {
		t.Fatal(err)
	}
	euc, err := japanese.EUCJP.NewEncoder().String("文字コードの試験です。\n")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("all work and no play\n", 100)
	whole := zst(t, lines(t, "text", "kept one", long, long+"2", "lost"))
	tests := []struct {
		name     string
		files    map[string]string
		options  corpus.Options
		want     map[string]string // text by id
		rejected map[string]int64
		problems []string // file:line: reason
	}{
		{
			name:  "text files are one document each",
			files: map[string]string{"a.txt": "\ufeffone\r\ntwo\r\n\r\nthree\n\n", "b/c.md": "\n  indented\n"},
			want:  map[string]string{"a.txt": "one\ntwo\n\nthree", "b/c.md": "  indented"},
		},
		{
			name:    "text cut at blank lines",
			files:   map[string]string{"a.txt": "one\ntwo\n\n \n\nthree\n"},
			options: corpus.Options{Split: corpus.SplitParagraphs},
			want:    map[string]string{"a.txt:1": "one\ntwo", "a.txt:6": "three"},
		},
		{
			name:    "text cut at lines",
			files:   map[string]string{"a.txt": "one\n\nthree"},
			options: corpus.Options{Split: corpus.SplitLines},
			want:    map[string]string{"a.txt:1": "one", "a.txt:3": "three"},
		},
		{
			name: "json lines, plain and compressed, in any known column",
			files: map[string]string{
				"a.jsonl":     "\ufeff" + lines(t, "text", "一", "日本語\n二行") + "\n",
				"b.jsonl.gz":  gz(t, lines(t, "content", "two")),
				"c.ndjson":    lines(t, "raw_content", "three"),
				"d.jsonl.zst": zst(t, lines(t, "text", "four")),
				"e.txt.gz":    gz(t, "five\n"),
			},
			want: map[string]string{
				"a.jsonl:1": "一", "a.jsonl:2": "日本語\n二行", "b.jsonl.gz:1": "two", "c.ndjson:1": "three",
				"d.jsonl.zst:1": "four", "e.txt.gz": "five",
			},
		},
		{
			name:     "a chosen column",
			files:    map[string]string{"a.jsonl": `{"text":"no","body":"yes"}` + "\n" + `{"text":"no"}` + "\n" + `{"body":7}` + "\n"},
			options:  corpus.Options{Column: "body"},
			want:     map[string]string{"a.jsonl:1": "yes"},
			rejected: map[string]int64{"no_text": 2},
			problems: []string{
				`a.jsonl:2: no_text: no column "body": choose another column, or mend the row`,
				`a.jsonl:3: no_text: column "body" isn't a string: choose another column, or mend the row`,
			},
		},
		{
			name: "prompts with their answers",
			files: map[string]string{"a.jsonl": `{"prompt":"2+2?","answer":"4\n"}` + "\n" + `{"instruction":"Add.","input":"1 2","output":"3"}` + "\n" +
				`{"instruction":"Say 一.","input":"","response":"一"}` + "\n" + `{"prompt":"why?"}` + "\n" + `{"question":"","answer":"so"}` + "\n" +
				`{"prompt":"a\n### Answer\nb","completion":"c"}` + "\n" + `{"text":"plain","prompt":"p","answer":"a"}` + "\n"},
			want: map[string]string{
				"a.jsonl:1": "2+2?\n### Answer\n4", "a.jsonl:2": "Add.\n\n1 2\n### Answer\n3", "a.jsonl:3": "Say 一.\n### Answer\n一", "a.jsonl:7": "plain",
			},
			rejected: map[string]int64{"no_text": 3},
			problems: []string{
				"a.jsonl:4: no_text: a prompt without an answer, or an answer without a prompt: give both, as prompt and answer, instruction and output, or question and answer",
				"a.jsonl:5: no_text: the prompt or the answer is empty: fill it in, or leave the row out",
				`a.jsonl:6: no_text: the prompt holds a line "### Answer", which is put between a prompt and its answer: write it otherwise`,
			},
		},
		{
			name:     "rows that aren't objects",
			files:    map[string]string{"a.jsonl": `{"text":"one"}` + "\n{broken\n[1]\n7\n" + `{"id":"x"}` + "\n" + `{"text":"two"}`},
			want:     map[string]string{"a.jsonl:1": "one", "a.jsonl:6": "two"},
			rejected: map[string]int64{"bad_json": 3, "no_text": 1},
			problems: []string{
				`a.jsonl:2: bad_json: byte 2 isn't JSON here ("{broken"): mend the row`,
				"a.jsonl:3: bad_json: a JSON array: JSON lines have one object a line, so convert it, as with jq -c '.[]'",
				"a.jsonl:4: bad_json: a JSON number, not an object: each line must be an object that holds its text in a column",
				"a.jsonl:5: no_text: no string in text, content or raw_content, and no prompt with an answer: choose another column",
			},
		},
		{
			name:     "duplicates and empty documents are counted, not reported",
			files:    map[string]string{"a.jsonl": lines(t, "text", "one", " \n", "one", "", "two"), "b.txt": "two\n", "mark.jsonl": "\ufeff"},
			want:     map[string]string{"a.jsonl:1": "one", "a.jsonl:5": "two"},
			rejected: map[string]int64{"duplicate": 2, "empty": 3},
		},
		{
			name: "other encodings, named where they can be guessed",
			files: map[string]string{
				"0.txt": "ok\n", "euc.txt": euc, "latin.txt": "plain\ncaf\xe9 au lait\n", "sjis.txt": sjis,
				"utf16.txt": "\xff\xfeh\x00i\x00", "line.jsonl": `{"text":"one"}` + "\n" + "{\"text\":\"na\xefve approach\"}\n",
			},
			want:     map[string]string{"0.txt": "ok", "line.jsonl:1": "one"},
			rejected: map[string]int64{"not_utf8": 5},
			problems: []string{
				"euc.txt:1: not_utf8: byte 0xBB isn't UTF-8; it looks like EUC-JP: convert it with iconv -f EUC-JP -t UTF-8",
				"latin.txt:2: not_utf8: byte 0xE9 isn't UTF-8; it looks like WINDOWS-1252: convert it with iconv -f WINDOWS-1252 -t UTF-8",
				"line.jsonl:2: not_utf8: byte 0xEF isn't UTF-8; it looks like WINDOWS-1252: convert it with iconv -f WINDOWS-1252 -t UTF-8",
				"sjis.txt:1: not_utf8: byte 0x88 isn't UTF-8; it looks like SHIFT_JIS: convert it with iconv -f SHIFT_JIS -t UTF-8",
				"utf16.txt:1: not_utf8: byte 0xFF isn't UTF-8; it looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8",
			},
		},
		{
			name: "damaged archives give what comes before the damage",
			files: map[string]string{
				"a.jsonl.zst": whole[:len(whole)-8], "b.jsonl.gz": gz(t, lines(t, "text", "one", "two"))[:20], "c.txt.gz": "this is no archive",
				"d.txt": "after\n",
			},
			want:     map[string]string{"d.txt": "after"},
			rejected: map[string]int64{"damaged": 3},
			problems: []string{
				"a.jsonl.zst: damaged: the zstd archive is damaged at its beginning: make or fetch it again",
				"b.jsonl.gz: damaged: the gzip archive is damaged at its beginning: make or fetch it again",
				"c.txt.gz: damaged: the file isn't gzip, whatever its name says: give it the right ending, or make or fetch it again",
			},
		},
		{
			name:     "what isn't text",
			files:    map[string]string{"a.txt": "one\n", "b.parquet": "PAR1", "c.tar.gz": gz(t, "x"), "d.bin": "a\x00b", "e.dat": "a\x00b", "f.xml": "<mediawiki xmlns=\"x\">\n<page>", ".hidden": "x", ".git/config": "x"},
			want:     map[string]string{"a.txt": "one"},
			rejected: map[string]int64{"unsupported": 3, "not_text": 1, "damaged": 1},
			problems: []string{
				"b.parquet: damaged: the parquet file is damaged or cut off: its end, where the columns are described, can't be read; fetch it again",
				"c.tar.gz: unsupported: .tar files aren't read: unpack it first",
				"d.bin: unsupported: a .bin of Megatron needs its .idx beside it: add the folder that holds both",
				"e.dat: not_text: NUL bytes: this isn't text; leave it out, or convert it to UTF-8 text",
				"f.xml: unsupported: Wikimedia's own XML dump holds markup, not text: give what WikiExtractor makes of it, the CirrusSearch dump, or the published parquet files",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, tt.files)
			tt.options.Paths = []string{dir}
			result := add(t, tt.options)

			got := map[string]string{}
			for _, d := range everything(t, result.Dir) {
				got[d.ID] = d.Text
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if tt.rejected == nil {
				tt.rejected = map[string]int64{}
			}
			if diff := cmp.Diff(tt.rejected, result.Rejected); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, relative(result.Problems, dir)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func relative(problems []corpus.Problem, dir string) []string {
	var all []string
	for _, p := range problems {
		all = append(all, strings.TrimPrefix(p.String(), dir+string(filepath.Separator)))
	}
	return all
}

func TestAdd_DamageInTheMiddle(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 20_000 {
		texts = append(texts, fmt.Sprintf("document %d has a digest of its own: %x", i, i*i*2654435761))
	}
	archive := []byte(zst(t, lines(t, "text", texts...)))
	for i := range 64 {
		archive[len(archive)*3/4+i] ^= 0x5a
	}
	dir := files(t, map[string]string{"a.jsonl.zst": string(archive), "b.txt": "the rest goes on\n"})
	result := add(t, corpus.Options{Paths: []string{dir}})

	n := len(everything(t, result.Dir))
	if len(result.Problems) != 1 || result.Problems[0].Reason != corpus.Damaged {
		t.Fatalf("problems %v, want one damaged", result.Problems)
	}
	// Every line before the damage is a document, and so is the file after it.
	if want := int(result.Problems[0].Line) + 1; n != want || n < 1000 {
		t.Errorf("%d documents with the damage after line %d, want %d", n, result.Problems[0].Line, want)
	}
}

func TestAdd_LargeTextFilesAreDumps(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := 0; b.Len() <= 4<<20; i++ {
		fmt.Fprintf(&b, "document %d\n%s\n\n", i, strings.Repeat("x", 2000))
	}
	dir := files(t, map[string]string{"dump.txt": b.String()})
	result := add(t, corpus.Options{Paths: []string{dir}})
	if got, want := result.Documents+result.HeldoutDocuments, int64(strings.Count(b.String(), "document")); got != want {
		t.Errorf("%d documents, want %d", got, want)
	}
	result = add(t, corpus.Options{Paths: []string{dir}, Split: corpus.SplitFile})
	if got := result.Documents + result.HeldoutDocuments; got != 1 {
		t.Errorf("%d documents with split file, want 1", got)
	}
}

func TestAdd_TooLong(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 33<<20)
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", "one", huge, "two"), "b.txt": huge, "c.txt": "short"})
	result := add(t, corpus.Options{Paths: []string{dir}})
	want := []string{
		"a.jsonl:2: too_long: a line above 32 MiB: cut the document into several",
		"b.txt:1: too_long: a document above 32 MiB: split the text at lines",
	}
	if diff := cmp.Diff(want, relative(result.Problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := len(everything(t, result.Dir)); got != 3 {
		t.Errorf("%d documents, want 3", got)
	}
}

func TestAdd_ProblemsAreBoundedPerReason(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.jsonl": strings.Repeat("{\n", 50) + `{"text":"one"}` + "\n{}\n"})
	result := add(t, corpus.Options{Paths: []string{dir}, MaxProblems: 2})
	if diff := cmp.Diff(map[string]int64{"bad_json": 50, "no_text": 1}, result.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	if got := len(result.Problems); got != 3 {
		t.Errorf("%d problems in full, want two bad_json and one no_text", got)
	}
	stored, err := corpus.Problems(result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Concat(result.Notes, result.Problems), stored); diff != "" {
		t.Errorf("stored problems (-want +got):\n%s", diff)
	}
}

func TestAdd_Paths(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a/1.txt": "one", "a/2.txt": "two", "b/1.txt": "three", "b/x.log": "four"})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		paths []string
		want  []string
	}{
		{"a folder", []string{dir}, []string{"a/1.txt", "a/2.txt", "b/1.txt", "b/x.log"}},
		{"a link to a folder", []string{link}, []string{"a/1.txt", "a/2.txt", "b/1.txt", "b/x.log"}},
		{"a glob", []string{dir + "/*/1.txt"}, []string{"a/1.txt", "b/1.txt"}},
		{"a glob of folders", []string{dir + "/[b]"}, []string{"1.txt", "x.log"}},
		{"one file", []string{dir + "/a/2.txt"}, []string{"2.txt"}},
		{"the same file twice, in any order", []string{dir + "/b/1.txt", dir + "/a", dir + "/a/1.txt"}, []string{"a/1.txt", "a/2.txt", "b/1.txt"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result := add(t, corpus.Options{Paths: tt.paths})
			var got []string
			for _, d := range everything(t, result.Dir) {
				got = append(got, d.ID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdd_Refuses(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.txt": "one"})
	good := corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}}
	tests := []struct {
		name  string
		edit  func(*corpus.Options)
		field string
	}{
		{"a name with capitals", func(o *corpus.Options) { o.Name = "Web" }, "name"},
		{"a name that is a path", func(o *corpus.Options) { o.Name = "../web" }, "name"},
		{"a word for a language", func(o *corpus.Options) { o.Lang = "japanese" }, "lang"},
		{"a country for a language", func(o *corpus.Options) { o.Lang = "jp" }, "lang"},
		{"no paths", func(o *corpus.Options) { o.Paths = nil }, "paths"},
		{"a path that isn't there", func(o *corpus.Options) { o.Paths = []string{dir + "/no"} }, "paths"},
		{"an empty folder", func(o *corpus.Options) { o.Paths = []string{t.TempDir()} }, "paths"},
		{"a share of all", func(o *corpus.Options) { o.Share = 1 }, "share"},
		{"an unknown split", func(o *corpus.Options) { o.Split = "words" }, "split"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := good
			tt.edit(&o)
			_, err := corpus.Add(context.Background(), o)
			var invalid *ablation.Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("error %v, want *ablation.Invalid", err)
			}
			p := invalid.Problems[0]
			if p.Field != tt.field || p.Message.JA == "" || p.Message.EN == "" {
				t.Errorf("problem %+v, want field %s and both languages", p, tt.field)
			}
		})
	}
}

func TestAdd_NothingLeft(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.txt": "\xff", "b.txt": " "})
	data := t.TempDir()
	result, err := corpus.Add(context.Background(), corpus.Options{Data: data, Name: "web", Lang: "en", Paths: []string{dir}})
	if err == nil || !strings.Contains(err.Error(), "no document is left of 2 files (empty 1, not_utf8 1), so no source was made; the first: ") {
		t.Errorf("error %v", err)
	}
	if len(result.Problems) != 1 {
		t.Errorf("problems %v, want the broken file", result.Problems)
	}
	left, err := os.ReadDir(filepath.Join(data, "sources"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind %v (%v)", left, err)
	}
}

func TestAdd_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	data := t.TempDir()
	dir := files(t, map[string]string{"a.txt": "one", "b.txt": "two"})
	_, err := corpus.Add(ctx, corpus.Options{
		Data: data, Name: "web", Lang: "en", Paths: []string{dir},
		Progress: func(corpus.Progress) { cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if left, _ := os.ReadDir(filepath.Join(data, "sources")); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}

func TestAdd_Progress(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", "one", "one", strings.Repeat("x", 3<<20)), "b.txt": "two"})
	var last corpus.Progress
	calls := 0
	add(t, corpus.Options{Paths: []string{dir}, Progress: func(p corpus.Progress) {
		if p.Bytes < last.Bytes || p.Bytes > p.BytesAll {
			t.Errorf("bytes %d of %d after %d", p.Bytes, p.BytesAll, last.Bytes)
		}
		last, calls = p, calls+1
	}})
	if last.Files != 2 || last.FilesAll != 2 || last.Bytes != last.BytesAll || last.Documents != 3 || last.Rejected != 1 || calls < 2 {
		t.Errorf("after %d calls: %+v", calls, last)
	}
}

func TestAdd_HeldoutRole(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.txt": "one", "b.txt": "two"})
	result := add(t, corpus.Options{Paths: []string{dir}, Role: ablation.RoleHeldout})
	if result.Role != ablation.RoleHeldout || result.Documents != 0 || result.HeldoutDocuments != 2 {
		t.Errorf("role %s, %d training and %d held-out documents", result.Role, result.Documents, result.HeldoutDocuments)
	}
}

func TestAdd_Manifest(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"a.txt":   "One small document.\n",
		"b.jsonl": lines(t, "text", "日本語の文書です。", "Another <document> & more.", "One small document."),
		"c.txt":   "\n\n",
	})
	result := add(t, corpus.Options{
		Name: "web-ja", Lang: "JA-jp", Paths: []string{dir}, FileBytes: 40,
		Origin: []spec.Origin{{Package: "invented", Version: "1.0", Licence: "CC0-1.0"}},
	})
	got, err := os.ReadFile(filepath.Join(result.Dir, spec.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "manifest.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if result.Version != spec.Digest(got)[:8] || filepath.Base(result.Dir) != result.Version {
		t.Errorf("version %s in %s", result.Version, result.Dir)
	}
}
