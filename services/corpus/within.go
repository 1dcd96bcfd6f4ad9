package corpus

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// systemFolders hold what the machine says of itself, of its programs and of who may use it, never text.
var systemFolders = []string{"/proc", "/sys", "/dev", "/etc", "/run", "/boot"}

// withinRoots refuses paths that lie elsewhere than below o.Within, before anything is said of whether they exist.
func (o Options) withinRoots() error {
	if o.Within == nil {
		return nil
	}
	for _, path := range o.Paths {
		if !o.allows(path) {
			return o.elsewhere(path)
		}
	}
	return nil
}

// inputsWithin refuses files that lie elsewhere once links are followed, or that are hidden, Haigo's own or the machine's.
func (o Options) inputsWithin(inputs []input) error {
	if o.Within == nil {
		return nil
	}
	for _, in := range inputs {
		resolved, err := filepath.EvalSymlinks(in.path)
		if err != nil || !o.allows(resolved) {
			return o.elsewhere(in.path)
		}
	}
	return nil
}

// allows reports whether a path lies below a root with no hidden folder on the way, and in no folder of Haigo's own or the
// machine's.
func (o Options) allows(path string) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if slices.ContainsFunc(append([]string{o.Data}, systemFolders...), func(dir string) bool { return below(path, resolve(dir)) || below(path, dir) }) {
		return false
	}
	for _, root := range o.Within {
		for _, root := range []string{root, resolve(root)} {
			if below(path, root) && !hidden(strings.TrimPrefix(path, root)) {
				return true
			}
		}
	}
	return false
}

// below reports whether a path is a folder, or lies in it.
func below(path, dir string) bool {
	return dir != "" && (path == dir || strings.HasPrefix(path, withSeparator(dir)))
}

func hidden(path string) bool {
	return slices.ContainsFunc(strings.Split(path, string(filepath.Separator)), func(part string) bool { return strings.HasPrefix(part, ".") })
}

// resolve is a folder's own path, as it is where it can't be told.
func resolve(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		return resolved
	}
	return dir
}

func (o Options) elsewhere(path string) error {
	roots := strings.Join(o.Within, ", ")
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: "paths", Text: path, Message: ablation.Label{
		EN: "text may be read below " + roots + " only, and not from hidden folders, the data folder or the system's; move or copy it there, or start Haigo with --text-roots FOLDER",
		JA: "読めるのは " + roots + " の中だけです（隠しフォルダー、データフォルダー、システムのフォルダーを除く）。そこへ移すかコピーするか、--text-roots フォルダー を付けて Haigo を起動してください",
	}}}}
}
