package backup

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/haigo-lab/haigo/services/postgres"
)

const (
	aboutFile = "haigo.json"
	format    = 1
)

// About is what a backup says of itself.
type About struct {
	Format  int           `json:"format"`
	Program string        `json:"program"` // version of what wrote it
	Data    string        `json:"data"`    // the data folder that its database names
	Folder  string        `json:"folder"`  // that folder's id; "" in backups of earlier versions
	Files   int           `json:"files"`   // from that folder
	Dump    postgres.Dump `json:"dump"`
}

// Rows are all rows of all tables.
func (a About) Rows() (n int64) {
	for _, t := range a.Dump.Tables {
		n += t.Rows
	}
	return n
}

// small are the files of a data folder that a backup holds, whatever became of them since they were written.
var small = []string{
	"sources/*/*/manifest.json", "sources/*/*/report.json", "sources/*/*/problems.jsonl", "tasks/*/*/*", "runs/*/attempt-*/spec.json",
}

// Write writes the store and the data folder's small files to file, which must not exist; it appears when it is whole.
func Write(ctx context.Context, store *postgres.Store, data, program, file string) (about About, err error) {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return about, errors.Join(err, fmt.Errorf("%s is there already; choose another name, or remove it first", file))
	}
	removeLeft(filepath.Dir(file))
	part, err := os.CreateTemp(filepath.Dir(file), unfinished+"*") // for its owner alone
	if err != nil {
		return about, err
	}
	defer os.Remove(part.Name()) // gone where all went well
	buffer := bufio.NewWriterSize(part, 1<<20)
	about, err = write(ctx, store, data, program, buffer)
	if err := errors.Join(err, buffer.Flush(), part.Sync(), part.Close()); err != nil {
		return about, fmt.Errorf("write the backup: %w", err)
	}
	return about, os.Rename(part.Name(), file)
}

// unfinished begins the names of files that backups are being written to. One that nobody wrote to for a day is of a program
// that was killed.
const unfinished = ".haigo-backup-"

// removeLeft removes from a folder what backups that were killed left there. A file that can't go is no reason not to back up.
func removeLeft(dir string) {
	files, _ := os.ReadDir(dir) // where there is none, writing will say so
	for _, f := range files {
		info, err := f.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasPrefix(f.Name(), unfinished) && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

func write(ctx context.Context, store *postgres.Store, data, program string, w io.Writer) (a About, err error) {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	a = About{Format: format, Program: program, Data: data, Folder: folderID(data)}
	if a.Dump, err = store.Dump(ctx, func(table string) (io.Writer, error) { return z.Create(tableFile(table)) }); err != nil {
		return a, err
	}
	if a.Files, err = addFiles(ctx, z, data); err != nil {
		return a, err
	}
	about, err := z.Create(aboutFile)
	if err != nil {
		return a, err
	}
	out := json.NewEncoder(about)
	out.SetIndent("", "  ")
	return a, errors.Join(out.Encode(a), z.Close())
}

// folderID is a data folder's id, "" where it has none.
func folderID(data string) string {
	text, _ := os.ReadFile(filepath.Join(data, postgres.FolderFile)) // without one, the path has to tell
	return strings.TrimSpace(string(text))
}

func tableFile(table string) string { return path.Join("tables", table+".copy") }

// addFiles adds the small files. One that vanishes meanwhile is left out.
func addFiles(ctx context.Context, z *zip.Writer, data string) (n int, err error) {
	root := os.DirFS(data)
	for _, pattern := range small {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			return n, err
		}
		for _, name := range names {
			switch err := addFile(z, root, name); {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return n, err
			default:
				n++
			}
		}
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
	}
	return n, nil
}

func addFile(z *zip.Writer, root fs.FS, name string) error {
	content, err := root.Open(name)
	if err != nil {
		return err
	}
	defer content.Close()
	to, err := z.Create(path.Join("files", name))
	if err != nil {
		return err
	}
	_, err = io.Copy(to, content)
	return err
}
