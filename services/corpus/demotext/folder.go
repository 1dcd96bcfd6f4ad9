package demotext

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// part is what one package gives to one language.
type part struct {
	pkg     string
	licence string
	lang    string
	under   string                                          // folder inside the package
	prose   func(path string) (func([]byte) []string, bool) // how to read a file; false for files that hold no prose
}

// folder is the text of one language being written.
type folder struct {
	Text
	sieve *sieve
}

// in are the parts in some languages.
func in(langs []string, parts []part) []part {
	return slices.DeleteFunc(parts, func(p part) bool { return !slices.Contains(langs, p.lang) })
}

func newFolders(into string, langs ...string) []*folder {
	var folders []*folder
	for _, lang := range langs {
		text := Text{Lang: lang, Dir: filepath.Join(into, lang)}
		folders = append(folders, &folder{Text: text, sieve: newSieve(lang)})
	}
	return folders
}

// add writes the prose of an unpacked package's files, in the order of their paths, as LANG/PACKAGE/PATH.txt.
func (f *folder) add(p part, version, unpacked string) error {
	root := filepath.Join(unpacked, filepath.FromSlash(p.under))
	before := f.Bytes
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		read, ok := p.prose(path)
		if !ok {
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return f.addFile(path, filepath.Join(p.pkg, relative), read)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", p.pkg, err)
	}
	if f.Bytes > before {
		f.Origin = append(f.Origin, spec.Origin{Package: p.pkg, Version: version, Licence: p.licence})
	}
	return nil
}

func (f *folder) addFile(path, name string, read func([]byte) []string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, piece := range pieces(read(data)) {
		end := ".txt"
		if i > 0 {
			end = fmt.Sprintf("-%d.txt", i+1)
		}
		if err := f.write(name+end, f.sieve.keep(piece)); err != nil {
			return err
		}
	}
	return nil
}

// documentBytes is where a long page is cut, at the next paragraph: documents are held out whole, and one that is half of
// the source would take that half away.
const documentBytes = 16 << 10

func pieces(paragraphs []string) [][]string {
	var all [][]string
	start, size := 0, 0
	for i, p := range paragraphs {
		if size += len(p); size >= documentBytes {
			all = append(all, paragraphs[start:i+1])
			start, size = i+1, 0
		}
	}
	return append(all, paragraphs[start:])
}

// named reads only the files whose name ends in a suffix.
func named(suffix string, file func(string) (func([]byte) []string, bool)) func(string) (func([]byte) []string, bool) {
	return func(path string) (func([]byte) []string, bool) {
		if !strings.HasSuffix(path, suffix) {
			return nil, false
		}
		return file(path)
	}
}

// except passes over the files whose path holds a part.
func except(part string, file func(string) (func([]byte) []string, bool)) func(string) (func([]byte) []string, bool) {
	return func(path string) (func([]byte) []string, bool) {
		if strings.Contains(path, part) {
			return nil, false
		}
		return file(path)
	}
}

func (f *folder) write(name, text string) error {
	if text == "" {
		return nil
	}
	path := filepath.Join(f.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f.Bytes += int64(len(text))
	f.Documents++
	return os.WriteFile(path, []byte(text+"\n"), 0o644)
}

func texts(folders []*folder) []Text {
	var all []Text
	for _, f := range folders {
		all = append(all, f.Text)
	}
	return all
}

func folderOf(folders []*folder, lang string) *folder {
	return folders[slices.IndexFunc(folders, func(f *folder) bool { return f.Lang == lang })]
}
