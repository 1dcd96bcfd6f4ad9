package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ReadFile decodes one of the small files of the run directory strictly (T is [Launch], [Process], [Exit], [Rows], …). A
// file that isn't there is fs.ErrNotExist, one that breaks the rules an *[Invalid].
func ReadFile[T any](path string) (*T, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	v := new(T)
	if err := decodeStrict(data, v).err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return v, nil
}

// WriteFile writes v as JSON so that a reader sees all of it or nothing: to a file beside, synced, then renamed.
func WriteFile(path string, v any) error {
	data, err := encodeFile(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	return WriteBytes(path, data)
}

// WriteBytes is WriteFile for content that is already encoded, as spec.json is.
func WriteBytes(path string, data []byte) error {
	if err := writeBeside(path, data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func writeBeside(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// syncDir puts a folder's names on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// DigestFile is the SHA-256 of a file and its length, read as a stream.
func DigestFile(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("digest: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	if err != nil {
		return "", 0, fmt.Errorf("digest %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// VerifyFile compares a file with the digest that names it; the error gives both.
func VerifyFile(path, digest string) error {
	got, _, err := DigestFile(path)
	if err != nil {
		return err
	}
	if got != digest {
		return Changed(path, got, digest)
	}
	return nil
}

// Changed is the error of a file whose digest is got and not want.
func Changed(path, got, want string) error {
	return Say("%s has SHA-256 %s, want %s; the file was changed or is damaged",
		"%s の SHA-256 は %s で、期待した値 %s と違います。書き換えられたか、壊れています", path, got, want)
}
