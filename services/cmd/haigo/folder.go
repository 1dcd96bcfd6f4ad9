package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// settle refuses to work in a data folder that isn't the database's: what one starts the other wouldn't find.
func (a *app) settle(e *env) error {
	id, err := folderID(a.data)
	if err != nil {
		return fmt.Errorf("identify the data folder: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name this machine: %w", err)
	}
	err = a.store.Settle(e.ctx, postgres.Folder{ID: id, Path: a.data, Host: host})
	if refused := (*ablation.Refusal)(nil); errors.As(err, &refused) {
		fmt.Fprintln(e.stderr, "haigo:", refused.Message.In("ja"))
	}
	return err
}

// folderID reads a data folder's id, and makes one where there is none.
func folderID(data string) (string, error) {
	path := filepath.Join(data, postgres.FolderFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolderID(path); err == nil {
			text, err = os.ReadFile(path)
		}
	}
	id := strings.TrimSpace(string(text))
	if err == nil && id == "" {
		err = fmt.Errorf("%s is empty; write into it what haigo serve says is the id of the database's folder, or remove it in a new folder", path)
	}
	return id, err
}

// makeFolderID never overwrites: of two programs that make one at once, the first wins.
func makeFolderID(path string) error {
	part := path + "-" + rand.Text()
	defer os.Remove(part) // gone or a second name
	if err := writeFile(part, []byte(rand.Text()+"\n")); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o644); err != nil { // workers of other users share the folder
		return err
	}
	if err := os.Link(part, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
