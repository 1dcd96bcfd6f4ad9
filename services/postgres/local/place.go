package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// system is where the clusters of data folders lie that the server's user can't enter. Tests have one of their own.
var system = "/var/lib/haigo"

// longest is how long a socket folder's path may be, so that the socket's stays below 90 bytes.
const longest = 90 - len("/.s.PGSQL.5432") - 1

// place is where a data folder's Postgres lies; postgres.json says it to people and to the next start.
type place struct {
	Cluster string `json:"cluster"`
	Socket  string `json:"socket"`
	Bin     string `json:"bin"`
}

// locate decides where cluster, socket and binaries are, and makes the folders.
func locate(o Options) (c cluster, err error) {
	c = cluster{data: o.Data, fast: o.Fast}
	home, err := c.settle()
	if err != nil {
		return c, err
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return c, err
	}
	c.Cluster, c.Socket = filepath.Join(home, "cluster"), socketFolder(home)
	if dir := c.serving(); dir != "" {
		c.Socket = dir // started under another TMPDIR
	}
	if err := c.account.own(c.Socket); err != nil {
		return c, err
	}
	if c.bin, err = c.chooseBinaries(o.Bin, home); err != nil {
		return c, err
	}
	c.Bin = c.bin.dir
	return c, nil
}

// socketFolder is in home where a socket's address can name it: it has to be short, and a comma would part it in two.
func socketFolder(home string) string {
	elsewhere := "haigo-" + digest(home)
	for _, dir := range []string{filepath.Join(home, "socket"), filepath.Join(os.TempDir(), elsewhere)} {
		if len(dir) <= longest && !strings.Contains(dir, ",") {
			return dir
		}
	}
	return filepath.Join("/tmp", elsewhere)
}

// settle finds the folder for everything, and whom the server runs as: the one that postgres.json names, else in the data
// folder where that user can enter it, else one that nobody has yet.
func (c *cluster) settle() (home string, err error) {
	if home, err = c.remembered(); err != nil {
		return "", err
	}
	if c.account, err = serverAccount(filepath.Join(home, "cluster")); err != nil || c.account.enters(filepath.Dir(home)) {
		return home, err
	}
	if exists(filepath.Join(home, "cluster")) {
		return "", fmt.Errorf("user %d runs the database in %s and can't enter it any more: let everybody enter the folders above it", c.account.uid, home)
	}
	home = filepath.Join(system, digest(c.data))
	for n := 2; exists(filepath.Join(home, "cluster")); n++ {
		home = fmt.Sprintf("%s-%d", filepath.Join(system, digest(c.data)), n)
	}
	return home, nil
}

// remembered is where the cluster is, or would be best. A data folder that was deleted and made anew begins anew, even
// where the cluster of the old one is still there.
func (c *cluster) remembered() (home string, err error) {
	home = filepath.Join(c.data, "postgres")
	data, err := os.ReadFile(c.file())
	if errors.Is(err, fs.ErrNotExist) || exists(filepath.Join(home, "cluster")) {
		return home, nil
	}
	if err != nil {
		return "", err
	}
	var p place
	if err := json.Unmarshal(data, &p); err != nil {
		return "", fmt.Errorf("read %s: %w", c.file(), err)
	}
	if !exists(p.Cluster) {
		return "", fmt.Errorf("the database in %s, which %s names, is gone: bring it back, or delete that file to begin anew", p.Cluster, c.file())
	}
	return filepath.Dir(p.Cluster), nil
}

func (c *cluster) file() string { return filepath.Join(c.data, "postgres.json") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// chooseBinaries copies binaries that the server's user can't reach into home.
func (c *cluster) chooseBinaries(bin, home string) (binaries, error) {
	major, err := c.major()
	if err != nil {
		return binaries{}, err
	}
	b, err := find(bin, major)
	if err != nil || c.account.command("/", b.program("postgres"), "--version").Run() == nil {
		return b, err
	}
	return b.copyTo(filepath.Join(home, "native-"+b.version))
}

// copyTo copies a whole installation that keeps its libraries beside its programs.
func (b binaries) copyTo(dir string) (binaries, error) {
	there := binaries{dir: filepath.Join(dir, "bin"), version: b.version}
	if _, err := os.Stat(dir); err == nil {
		return there, nil
	}
	half := dir + ".new"
	if err := os.RemoveAll(half); err != nil {
		return there, err
	}
	if err := os.CopyFS(half, os.DirFS(filepath.Dir(b.dir))); err != nil {
		return there, fmt.Errorf("copy Postgres to where its user can run it: %w", err)
	}
	return there, os.Rename(half, dir)
}

// major is the version of Postgres that made the cluster, 0 where there is none.
func (c *cluster) major() (int, error) {
	data, err := os.ReadFile(filepath.Join(c.Cluster, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}

// write says where the cluster is. Where that is said already nothing is written: the commands that free space have to work on a
// full disk.
func (c *cluster) write() error {
	data, err := json.MarshalIndent(c.place, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	path := c.file()
	if said, err := os.ReadFile(path); err == nil && bytes.Equal(said, data) {
		return nil
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func digest(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6])
}
