package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Prepare makes the rows of a source unless whole ones are there, and says how many there are. Of several processes one
// does the work and the others wait for it. The manifest and every file that it names are verified on the way; an error
// names what is wrong. A damaged cache folder is made again.
func Prepare(ctx context.Context, cache string, s Source) (int64, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return 0, fmt.Errorf("prepare rows: %w", err)
	}
	unlock, err := lock(ctx, s.Dir(cache)+".lock")
	if err != nil {
		return 0, fmt.Errorf("prepare rows: %w", err)
	}
	defer unlock()
	if n, err := verify(cache, s); err == nil {
		return n, nil
	}
	return build(ctx, cache, s)
}

// verify reads the whole of what is in the cache.
func verify(cache string, s Source) (int64, error) {
	info, err := describe(cache, s)
	if err != nil {
		return 0, err
	}
	return info.Rows, spec.VerifyFile(filepath.Join(s.Dir(cache), spec.RowsBinFile), info.SHA256)
}

// build writes a hidden folder and renames it into place. The lock is held, so its name is free.
func build(ctx context.Context, cache string, s Source) (int64, error) {
	hidden := filepath.Join(cache, "."+filepath.Base(s.Dir(cache)))
	defer os.RemoveAll(hidden)
	if err := errors.Join(os.RemoveAll(hidden), os.Mkdir(hidden, 0o755)); err != nil {
		return 0, fmt.Errorf("prepare rows: %w", err)
	}
	n, err := write(ctx, hidden, s)
	if err != nil {
		return 0, fmt.Errorf("prepare rows of %s: %w", s.Manifest, err)
	}
	// What is there is damaged. Runs that have it open keep their file.
	if err := errors.Join(os.RemoveAll(s.Dir(cache)), os.Rename(hidden, s.Dir(cache))); err != nil {
		return 0, fmt.Errorf("prepare rows: %w", err)
	}
	return n, nil
}

// write fills a folder with rows.bin, rows.json and the counts.
func write(ctx context.Context, dir string, s Source) (int64, error) {
	m, digest, err := spec.ReadManifest(s.Manifest)
	if err != nil {
		return 0, err
	}
	if digest != s.ManifestSHA256 {
		return 0, spec.Say("the manifest has SHA-256 %s, want %s; the source was changed, add it as a new version",
			"目録の SHA-256 は %s で、期待した値 %s と違います。データソースが変わっています。新しい版として追加してください", digest, s.ManifestSHA256)
	}
	out, err := newCutter(filepath.Join(dir, spec.RowsBinFile), s.RowTokens+1)
	if err != nil {
		return 0, err
	}
	defer out.file.Close()
	for _, f := range m.Files {
		if err := cutFile(ctx, out, filepath.Dir(s.Manifest), f); err != nil {
			return 0, err
		}
	}
	if err := out.finish(); err != nil {
		return 0, err
	}
	return out.rows, errors.Join(
		spec.WriteFile(filepath.Join(dir, countsFile), counts{Tokens: out.counts}),
		spec.WriteFile(filepath.Join(dir, spec.RowsFile), spec.Rows{
			ManifestSHA256: digest, Tokenizer: bytesTokenizer(), RowTokens: s.RowTokens,
			Rows: out.rows, Dtype: spec.DtypeUint16, SHA256: out.digest(),
		}),
	)
}
