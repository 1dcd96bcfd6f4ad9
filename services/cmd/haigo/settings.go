package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Settings are the flags that every command takes. HAIGO_NAME sets --name where the flag isn't given.
type Settings struct {
	Data        string        `help:"Data folder (default: the user's data folder)." placeholder:"DIR"`
	DatabaseURL string        `name:"database-url" help:"Postgres to use instead of a private one (or DATABASE_URL)." placeholder:"URL"`
	Trainers    string        `help:"Folder with plugins.yaml (default: beside the program)." placeholder:"DIR"`
	Engine      string        `help:"Where runs train: local, or an engine that engines.yaml in the data folder describes (default: what that file names, else local)." placeholder:"NAME"`
	RunsAtOnce  int           `name:"runs-at-once" help:"Runs side by side on this machine (default: one a core)." placeholder:"N"`
	Pack        int           `help:"Runs of a sweep in one process, at most, with a trainer that packs runs (default: as many as it says are fastest)." placeholder:"N"`
	YenPerHour  float64       `name:"yen-per-hour" help:"Price of an hour of one device: by it plans tell a cost, and budget.yen stops a sweep." default:"300" placeholder:"YEN"`
	SilentAfter time.Duration `name:"silent-after" help:"Metrics of a running run may be silent for so long before that is an alert; 0: forever." default:"10m" placeholder:"TIME"`
	Verbose     bool          `short:"v" help:"Log what happens, not only what went wrong."`
}

// environment resolves flags from HAIGO_… and the database from DATABASE_URL.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := "HAIGO_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if flag.Name == "database-url" {
			name = "DATABASE_URL"
		}
		if v := getenv(name); v != "" {
			return v, nil
		}
		return nil, nil
	})
}

// dataDir is the data folder, absolute and there.
func (s Settings) dataDir(getenv func(string) string) (string, error) {
	dir := s.Data
	if dir == "" {
		base, err := userData(getenv)
		if err != nil {
			return "", err
		}
		dir = filepath.Join(base, "haigo")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

func userData(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("there is no home folder: name a data folder with --data or HAIGO_DATA")
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return filepath.Join(home, ".local", "share"), nil
}

// side is how many runs go side by side and how many threads each has: together the cores there are.
func (s Settings) side() (runs, threads int) {
	cores := runtime.GOMAXPROCS(0)
	runs = s.RunsAtOnce
	if runs <= 0 {
		runs = cores
	}
	return runs, max(1, cores/runs)
}
