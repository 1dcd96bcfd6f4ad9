package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDoctor: a machine on which all works says so; what doesn't work is said without hiding the rest.
func TestDoctor(t *testing.T) {
	t.Parallel()
	data := folder(t)
	var found []struct {
		What, Detail string
		Works        bool
	}
	if err := json.Unmarshal([]byte(haigo(t, data, "doctor", "--json")), &found); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.What)
		if !f.Works {
			t.Errorf("%s doesn't work: %s", f.What, f.Detail)
		}
	}
	if again := haigo(t, data, "doctor"); !strings.Contains(again, "it has no tables yet") {
		t.Errorf("to look changed the database:\n%s", again)
	}
	if want := []string{"data folder", "postgres", "clocks", "trainer cpu", "trainer gpu", "engine local", "alerts"}; !slices.Equal(names, want) {
		t.Errorf("looked at %v, want %v", names, want)
	}

	for name, file := range map[string]string{"gone": "command: [torchrun-of-nobody, gpt.py]", "away": "command: [/apps/of/nodes/train]"} {
		if err := os.MkdirAll(filepath.Join(data, "trainers"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(data, "trainers", name+".yaml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(data, "devices")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "devices"), nil, 0o600); err != nil { // where locks ought to be
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "alerts.yaml"), []byte("mail: {server: smtp.example.jp, from: a@example.jp}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "devices.yaml"), []byte("A100: {yen: 3}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, data, "doctor")
	cmd.Env = append(cmd.Env, "DATABASE_URL=postgres://127.0.0.1:1/none")
	out, err := cmd.Output()
	if err == nil {
		t.Error("a machine without a database is well")
	}
	for _, want := range []string{"no   postgres", "check DATABASE_URL", "yes  trainer cpu", "no   devices", "A100.yen: unknown key yen", "no   engine local", "a disk that can be written to", "no   trainer gone", "there is no program torchrun-of-nobody on the PATH", "no   trainer away", "isn't a program on this machine", "no   alerts", "HOST:PORT"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q isn't said:\n%s", want, out)
		}
	}
}
