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
	if want := []string{"data folder", "postgres", "clocks", "trainer cpu", "trainer gpu", "engine local", "alerts"}; !slices.Equal(names, want) {
		t.Errorf("looked at %v, want %v", names, want)
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
	for _, want := range []string{"no   postgres", "check DATABASE_URL", "yes  trainer cpu", "no   devices", "A100.yen: unknown key yen", "yes  engine local", "no   alerts", "HOST:PORT"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q isn't said:\n%s", want, out)
		}
	}
}
