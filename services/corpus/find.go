package corpus

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// input is one file to read. Its id is its path below the folder that all inputs share, with slashes, so that moving the
// whole changes nothing.
type input struct {
	path  string
	id    string
	bytes int64 // on disk
}

// find lists the files behind the paths, where they may be read.
func (o Options) find() ([]input, error) {
	if err := o.withinRoots(); err != nil {
		return nil, err
	}
	inputs, err := find(o.Paths)
	if err == nil {
		err = o.inputsWithin(inputs)
	}
	return inputs, err
}

// find lists the files behind paths, each once, in the order of their absolute paths.
func find(paths []string) ([]input, error) {
	var found []input
	for _, path := range paths {
		inputs, err := expand(path)
		if err != nil {
			return nil, err
		}
		found = append(found, inputs...)
	}
	slices.SortFunc(found, func(a, b input) int { return cmp.Compare(a.path, b.path) })
	found = slices.CompactFunc(found, func(a, b input) bool { return a.path == b.path })
	found = withoutAsides(found)
	if len(found) == 0 {
		return nil, missing(strings.Join(paths, ", "), "no files in it; name files, or a folder that holds some (hidden ones don't count)", "ファイルがありません。ファイルか、ファイルのあるフォルダーを指定してください（隠しファイルは数えません）")
	}
	nameInputs(found)
	return found, nil
}

func missing(path, en, ja string) error {
	return &ablation.Invalid{Problems: invalid("paths", path, path+": "+en, path+":"+ja)}
}

// expand takes a path that exists as it is, and any other as a glob.
func expand(path string) ([]input, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	if _, err := os.Stat(absolute); err == nil {
		return walk(absolute)
	}
	matches, err := filepath.Glob(absolute)
	if err != nil {
		return nil, missing(path, "there is no such file, and as a glob it has a [ that isn't closed; close or quote it",
			"ファイルがなく、グロブとしては [ が閉じていません。閉じるか、エスケープしてください")
	}
	if len(matches) == 0 {
		return nil, missing(path, "no such file or folder, and no file matches it as a glob; check the path",
			"ファイルもフォルダーもなく、グロブに合うものもありません。パスを確かめてください")
	}
	var found []input
	for _, match := range matches {
		inputs, err := walk(match)
		if err != nil {
			return nil, err
		}
		found = append(found, inputs...)
	}
	return found, nil
}

// walk lists the files at or below root. Links are followed at the root and to files, never into folders: no cycles.
func walk(root string) ([]input, error) {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	var found []input
	err = filepath.WalkDir(resolved, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != resolved && strings.HasPrefix(entry.Name(), ".") {
			return skip(entry)
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil //nolint:nilerr // a dangling link is no text
		}
		found = append(found, input{path: path, bytes: info.Size()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	return found, nil
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// nameInputs sets the ids of sorted inputs: the first and the last path share the fewest folders.
func nameInputs(inputs []input) {
	shared := filepath.Dir(inputs[0].path)
	last := inputs[len(inputs)-1].path
	for !strings.HasPrefix(last, withSeparator(shared)) {
		shared = filepath.Dir(shared)
	}
	for i, in := range inputs {
		inputs[i].id = filepath.ToSlash(strings.TrimPrefix(in.path, withSeparator(shared)))
	}
}

func withSeparator(dir string) string {
	return strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator)
}

// withoutAsides leaves out what published corpora hold beside their text: Megatron's indexes, which are read with their
// .bin, RedPajama's files of signals, and, where there are tables, the notes and listings that come with them.
func withoutAsides(inputs []input) []input {
	tables := slices.ContainsFunc(inputs, func(in input) bool { return tableFile.MatchString(in.path) })
	return slices.DeleteFunc(inputs, func(in input) bool {
		base := filepath.Base(in.path)
		return strings.HasSuffix(base, ".idx") && exists(strings.TrimSuffix(in.path, ".idx")+".bin") ||
			signalFile.MatchString(base) || tables && len(inputs) > 1 && noteFile.MatchString(base)
	})
}

var (
	tableFile  = regexp.MustCompile(`(?i)\.(parquet|bin|(jsonl|ndjson|json)(\.(gz|zst|zstd|xz|bz2))?)$`)
	signalFile = regexp.MustCompile(`\.(signals\.json\.gz|minhash\.parquet|duplicates\.parquet)$`)
	noteFile   = regexp.MustCompile(`(?i)^(readme(\.md|\.txt)?|licen[cs]e(\.md|\.txt)?|dataset_infos?\.json|dataset_dict\.json|state\.json|urls\.txt|(sha256|md5)sums?(\.txt)?)$`)
)
