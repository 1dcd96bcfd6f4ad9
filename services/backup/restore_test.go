package backup_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/services/backup"
	"github.com/haigo-lab/haigo/services/postgres"
)

// A backup of an earlier version says no id: its own folder is the one at its path that holds the specs of all its runs. One that
// says an id goes by that alone, wherever the folder lies.
func TestAbout_elsewhere(t *testing.T) {
	t.Parallel()
	const first, second = "runs/a/attempt-0001/spec.json", "runs/b/attempt-0002/spec.json"
	both := map[string]string{first: "1", second: "2"}
	for _, v := range []struct {
		name   string
		about  backup.About
		id     string            // of the folder
		holds  map[string]string // the folder
		others bool
	}{
		{"all its runs", backup.About{}, "", both, false},
		{"all its runs, and an id since", backup.About{}, "mine", both, false},
		{"a run too few", backup.About{}, "", map[string]string{first: "1"}, true},
		{"a run of that name with another spec", backup.About{}, "", map[string]string{first: "1", second: "3"}, true},
		{"nothing", backup.About{}, "", nil, true},
		{"another path", backup.About{Data: "/elsewhere"}, "", both, true},
		{"its id at another path, its runs gone", backup.About{Data: "/elsewhere", Folder: "mine"}, "mine", nil, false},
		{"another id at its path", backup.About{Folder: "mine"}, "other", both, true},
		{"no id at its path any more", backup.About{Folder: "mine"}, "", both, true},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			if v.about.Data == "" {
				v.about.Data = data
			}
			put(t, data, v.holds)
			if v.id != "" {
				put(t, data, map[string]string{postgres.FolderFile: v.id + "\n"})
			}
			got, err := backup.Elsewhere(v.about, archive(t, both), data)
			if err != nil || got != v.others {
				t.Errorf("elsewhere: %v, %v; want %v", got, err, v.others)
			}
		})
	}
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// archive is a backup's file with these files of its data folder, and one that isn't a run's spec.
func archive(t *testing.T, files map[string]string) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create("files/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := z.Create("files/sources/ja/1/manifest.json"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
