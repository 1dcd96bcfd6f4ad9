package backup

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// Restored says what became of a backup.
type Restored struct {
	About
	Missing   []ablation.Source // whose text isn't in the data folder
	Elsewhere bool              // the data folder isn't the backup's own
	Detached  postgres.Detached // what no longer goes on by itself; nothing where the data folder is the backup's own
}

// Restore fills the store, which must be empty, and puts the backup's files into the data folder where they aren't there.
// Folders that the database names then lie in that data folder. In its own data folder it goes on with what runs there; in
// any other it touches nothing that runs, and everything waits to be resumed. What the store refuses is *ablation.Refusal.
func Restore(ctx context.Context, store *postgres.Store, data, file string) (r Restored, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return r, noBackup(file, err)
	}
	defer z.Close()
	if r.About, err = about(&z.Reader); err != nil {
		return r, noBackup(file, err)
	}
	if r.Elsewhere, err = r.elsewhere(&z.Reader, data); err != nil {
		return r, err
	}
	moved := postgres.Moved{From: r.Data, To: data, Elsewhere: r.Elsewhere}
	tables := func(table string) (io.ReadCloser, error) { return open(&z.Reader, tableFile(table)) }
	files := func() error { return putFiles(&z.Reader, data) }
	if r.Detached, err = store.Load(ctx, r.Dump, moved, tables, files); err != nil {
		return r, err
	}
	r.Missing, err = missing(ctx, store)
	return r, err
}

// elsewhere reports whether a data folder isn't the backup's own. Where that has no id, as in backups of earlier versions, it is
// the folder at its path that holds the specs of all its runs: another machine may have a folder of that name.
func (a About) elsewhere(z *zip.Reader, data string) (bool, error) {
	if a.Folder != "" || a.Data != data {
		return a.Folder == "" || a.Folder != folderID(data), nil
	}
	root, err := os.OpenRoot(data)
	if err != nil {
		return false, err
	}
	defer root.Close()
	for _, f := range z.File {
		name, ours := strings.CutPrefix(f.Name, "files/")
		if !ours || path.Base(name) != spec.SpecFile {
			continue
		}
		here, err := root.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if crc32.ChecksumIEEE(here) != f.CRC32 {
			return true, nil
		}
	}
	return false, nil
}

func noBackup(file string, err error) error {
	return fmt.Errorf("%s is no whole backup (%w); give a file that haigo backup wrote", file, err)
}

func about(z *zip.Reader) (a About, err error) {
	r, err := open(z, aboutFile)
	if err != nil {
		return a, err
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(&a); err != nil {
		return a, err
	}
	if a.Format != format {
		return a, fmt.Errorf("its format is %d, this program reads %d", a.Format, format)
	}
	return a, nil
}

func open(z *zip.Reader, name string) (io.ReadCloser, error) { return z.Open(name) }

// putFiles leaves files alone that are there: a data folder may be newer than its backup.
func putFiles(z *zip.Reader, data string) error {
	root, err := os.OpenRoot(data) // nothing in an archive gets out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range z.File {
		name, ours := strings.CutPrefix(f.Name, "files/")
		if !ours || strings.HasSuffix(name, "/") {
			continue
		}
		if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		if err := putFile(root, f, name); err != nil {
			return err
		}
	}
	return nil
}

func putFile(root *os.Root, f *zip.File, name string) error {
	from, err := f.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	to, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// missing are the sources whose folders hold no text.
func missing(ctx context.Context, store *postgres.Store) (none []ablation.Source, err error) {
	sources, err := store.Sources(ctx)
	for _, s := range sources {
		if !hasText(s) {
			none = append(none, s)
		}
	}
	return none, err
}

func hasText(s ablation.Source) bool {
	names, err := fs.Glob(os.DirFS(s.Dir), "train/*")
	if s.Role == ablation.RoleHeldout {
		names, err = fs.Glob(os.DirFS(s.Dir), "heldout.jsonl")
	}
	return err == nil && len(names) > 0
}
