package demotext

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// codeBytes is how much code is taken: an eighth of the mixture needs no more.
const codeBytes = 6 << 20

// fetchCode copies files of the installed Go's standard library. Which ones follows from their names alone, spread over
// all packages.
func fetchCode(ctx context.Context, into string, say func(string)) (Text, error) {
	say("copying the standard library of the installed Go")
	root, err := run(ctx, ".", "go", "env", "GOROOT")
	if err != nil {
		return Text{}, fmt.Errorf("no code (give your own: haigo demo --text code=DIR): %w", err)
	}
	version, err := run(ctx, ".", "go", "env", "GOVERSION")
	if err != nil {
		return Text{}, err
	}
	src := filepath.Join(root, "src")
	names, err := sourceFiles(src)
	if err != nil {
		return Text{}, fmt.Errorf("read the standard library: %w", err)
	}
	code := folder{Text: Text{Lang: "code", Dir: filepath.Join(into, "code")}}
	for _, name := range names {
		if code.Bytes >= codeBytes {
			break
		}
		if err := code.copySource(src, name); err != nil {
			return Text{}, fmt.Errorf("copy code: %w", err)
		}
	}
	code.Origin = []spec.Origin{{Package: "go", Version: strings.TrimPrefix(version, "go"), Licence: "BSD-3-Clause"}}
	return code.Text, nil
}

// sourceFiles lists Go files below src in an order drawn from their names.
func sourceFiles(src string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "vendor") {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			name, err := filepath.Rel(src, path)
			names = append(names, name)
			return err
		}
		return nil
	})
	slices.SortFunc(names, func(a, b string) int {
		x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
		return bytes.Compare(x[:], y[:])
	})
	return names, err
}

// copySource leaves out tables and generated files: they are data.
func (f *folder) copySource(src, name string) error {
	data, err := os.ReadFile(filepath.Join(src, name))
	if err != nil {
		return err
	}
	head := data[:min(len(data), 1<<10)]
	if len(data) < 500 || len(data) > 60<<10 || !utf8.Valid(data) || bytes.Contains(head, []byte("DO NOT EDIT")) {
		return nil
	}
	return f.write(name+".txt", strings.TrimSpace(string(data)))
}
