// Package runner holds the program in Python that trains, and puts it where Python finds it. It is a part of the Go
// program, so that the digest of that one covers both. Start with main.py, then pack.py and step.py:
//
//	cut, learn ─▶ tokenizer, corpus
//	main ─▶ pack (slots) ─▶ step (the compiled program) ─▶ model
//	             ├▶ members (runs that come and go; their locks)
//	             └▶ session (one run: spec, plan, events, checkpoints) ─▶ sampler, material, exam ─▶ tokenizer
package runner

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed *.py
var sources embed.FS

// The program's entries: one trains, one cuts rows with a tokenizer, one makes tokenizers.
const (
	Main  = "main.py"
	Cut   = "cut.py"
	Learn = "learn.py"
)

// Unpack makes the program's files appear in a folder of their own inside cache, once, and returns the path of main.py, beside
// which the other entries are.
func Unpack(cache string) (string, error) {
	names, err := fs.Glob(sources, "*.py")
	if err != nil {
		return "", fmt.Errorf("unpack runner: %w", err)
	}
	sum := sha256.New()
	for _, name := range names {
		content, _ := sources.ReadFile(name) // it is there
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	dir := filepath.Join(cache, "runner-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	main := filepath.Join(dir, Main)
	if _, err := os.Stat(main); err == nil {
		return main, nil
	}
	return main, unpack(names, cache, dir)
}

func unpack(names []string, cache, dir string) error {
	hidden, err := os.MkdirTemp(cache, ".runner-")
	if err != nil {
		return fmt.Errorf("unpack runner: %w", err)
	}
	defer os.RemoveAll(hidden)
	for _, name := range names {
		content, _ := sources.ReadFile(name)
		if err := os.WriteFile(filepath.Join(hidden, name), content, 0o644); err != nil {
			return fmt.Errorf("unpack runner: %w", err)
		}
	}
	if err := os.Rename(hidden, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("unpack runner: %w", err)
	}
	return nil
}
