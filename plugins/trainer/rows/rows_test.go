package rows_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// source writes texts, one file a list, and returns them as rows of rowTokens.
func source(tb testing.TB, dir string, rowTokens int, files ...[]string) rows.Source {
	tb.Helper()
	s := rowstest.Write(tb, dir, "ja", files...)
	return rows.Source{Manifest: s.Manifest, ManifestSHA256: s.ManifestSHA256, RowTokens: rowTokens}
}

func mustPrepare(tb testing.TB, cache string, s rows.Source) int64 {
	tb.Helper()
	n, err := rows.Prepare(context.Background(), cache, s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func readAll(tb testing.TB, cache string, s rows.Source) [][]uint16 {
	tb.Helper()
	r, err := rows.Open(cache, s)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	var all [][]uint16
	for i := range r.Count {
		row := make([]uint16, s.RowTokens+1)
		if err := r.Read(i, row); err != nil {
			tb.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// naive is the rule in its own words.
func naive(rowTokens int, files ...[]string) (all [][]uint16) {
	var tokens []uint16
	for _, file := range files {
		for _, text := range file {
			for _, b := range []byte(text) {
				tokens = append(tokens, uint16(b))
			}
			tokens = append(tokens, 256)
		}
	}
	for ; len(tokens) > rowTokens; tokens = tokens[rowTokens+1:] {
		all = append(all, tokens[:rowTokens+1])
	}
	return all
}

func TestPrepare_CutsAsTheRuleSays(t *testing.T) {
	t.Parallel()
	text := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "配合", "の比率", "\n", "\x00", "\u2028", "long " + strings.Repeat("x", 70)}), 0, 9)
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		files := rapid.SliceOfN(text, 1, 3).Draw(r, "files")
		rowTokens := rapid.IntRange(1, 40).Draw(r, "row tokens")
		s := source(t, dir, rowTokens, files...)
		n := mustPrepare(t, dir, s)
		want := naive(rowTokens, files...)
		if diff := cmp.Diff(want, readAll(t, dir, s)); diff != "" {
			r.Fatalf("-rule +rows\n%s", diff)
		}
		m, _, err := spec.ReadManifest(s.Manifest)
		if err != nil {
			r.Fatal(err)
		}
		if counted := rows.Count(m, rowTokens); n != int64(len(want)) || counted != n {
			r.Fatalf("Prepare says %d rows, Count %d, the rule %d", n, counted, len(want))
		}
	})
}

func TestPrepare_DescribesWhatItWrote(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t, dir, 4, []string{"abcdefgh", "配"})
	mustPrepare(t, dir, s)
	bin, err := os.ReadFile(filepath.Join(s.Dir(dir), spec.RowsBinFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := spec.ReadFile[spec.Rows](filepath.Join(s.Dir(dir), spec.RowsFile))
	if err != nil {
		t.Fatal(err)
	}
	want := &spec.Rows{
		ManifestSHA256: s.ManifestSHA256, Tokenizer: spec.Tokenizer{Kind: spec.TokenizerBytes}, RowTokens: 4,
		Rows: 2, Dtype: spec.DtypeUint16, SHA256: spec.Digest(bin),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if first := binary.LittleEndian.Uint16(bin); first != 'a' {
		t.Errorf("the first token is %d, want %d", first, 'a')
	}
	r, err := rows.Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want2 := make([]int64, rows.Vocabulary)
	for _, token := range []int{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', rows.Separator, 0xe9} {
		want2[token]++
	}
	if diff := cmp.Diff(want2, r.Counts); diff != "" {
		t.Errorf("counts: -want +got\n%s", diff)
	}
}

func TestPrepare_UsesWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t, dir, 4, []string{"abcdefgh"})
	want := mustPrepare(t, dir, s)
	if err := os.RemoveAll(filepath.Join(dir, "train")); err != nil {
		t.Fatal(err)
	}
	if got := mustPrepare(t, dir, s); got != want {
		t.Errorf("got %d rows, want %d", got, want)
	}
}

func TestPrepare_MakesDamagedRowsAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"shorter": func(path string) error { return os.Truncate(path, 2) },
		"another byte": func(path string) error {
			data, err := os.ReadFile(path)
			data[0]++
			return errors.Join(err, os.WriteFile(path, data, 0o644))
		},
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := source(t, dir, 4, []string{"abcdefgh", "ij"})
			mustPrepare(t, dir, s)
			want := readAll(t, dir, s)
			if err := damage(filepath.Join(s.Dir(dir), spec.RowsBinFile)); err != nil {
				t.Fatal(err)
			}
			mustPrepare(t, dir, s)
			if diff := cmp.Diff(want, readAll(t, dir, s)); diff != "" {
				t.Errorf("-before +after\n%s", diff)
			}
		})
	}
}

func TestPrepare_RefusesChangedSources(t *testing.T) {
	t.Parallel()
	const file = "train/000000.jsonl"
	for name, c := range map[string]struct {
		change func(dir string, s *rows.Source) error
		want   string
	}{
		"another text": {func(dir string, _ *rows.Source) error {
			return os.WriteFile(filepath.Join(dir, file), []byte(`{"id":"0","text":"other"}`+"\n"), 0o644)
		}, file + " has SHA-256 "},
		"no JSON": {func(dir string, _ *rows.Source) error {
			return os.WriteFile(filepath.Join(dir, file), []byte(`{"id":"0","text":"a"}`+"\n{\n"), 0o644)
		}, file + ":2: not a document"},
		"no file": {func(dir string, _ *rows.Source) error { return os.Remove(filepath.Join(dir, file)) }, "open source file"},
		"another manifest": {func(_ string, s *rows.Source) error {
			s.ManifestSHA256 = strings.Repeat("0", 64)
			return nil
		}, "the source was changed, add it as a new version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, cache := t.TempDir(), t.TempDir()
			s := source(t, dir, 4, []string{"abcdefgh"})
			if err := c.change(dir, &s); err != nil {
				t.Fatal(err)
			}
			if _, err := rows.Prepare(context.Background(), cache, s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if _, err := rows.Open(cache, s); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("rows of a refused source: got %v, want none", err)
			}
		})
	}
}

func TestPrepare_OneOfManyDoesTheWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t, dir, 8, rowstest.Prose(1, 500, "配", "合", " mix", "\n"))
	results := make(chan int64)
	for range 4 {
		go func() {
			n, err := rows.Prepare(context.Background(), dir, s)
			if err != nil {
				t.Error(err)
			}
			results <- n
		}()
	}
	first := <-results
	for range 3 {
		if n := <-results; n != first {
			t.Errorf("got %d rows and %d", n, first)
		}
	}
}

func TestPrepare_StopsWhenAsked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t, dir, 8, []string{"abcdefghijklm"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := rows.Prepare(ctx, dir, s); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestRead_RefusesRowsThatAreNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t, dir, 4, []string{"abcdefgh"})
	mustPrepare(t, dir, s)
	r, err := rows.Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, i := range []int64{-1, r.Count} {
		if err := r.Read(i, make([]uint16, 5)); err == nil {
			t.Errorf("row %d was read", i)
		}
	}
}
