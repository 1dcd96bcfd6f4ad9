package main_test

import (
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDemo kills the quick demo, interrupts it, lets it finish, and starts it once more when all is done.
func TestDemo(t *testing.T) {
	data, words := folder(t), t.TempDir()
	text(t, words)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	args := []string{
		"demo", "--quick", "--once", "--json", "--listen", address,
		"--text", "ja=" + filepath.Join(words, "ja"), "--text", "en=" + filepath.Join(words, "en"), "--text", "code=" + filepath.Join(words, "code"),
	}
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		seen := lines(data)
		cmd := exec.Command(program(t), append([]string{"--data", data}, args...)...)
		log := &lockedBuffer{}
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "further events", func() bool { return lines(data) > seen+50 })
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err := cmd.Wait()
		if signal == syscall.SIGINT && err != nil {
			t.Errorf("after Ctrl-C: %v\n%s", err, log.String())
		}
	}

	first, again := demoDocument(t, haigo(t, data, args...)), demoDocument(t, haigo(t, data, args...))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the document of a second start (-first +second):\n%s", diff)
	}
	runs := first["runs"].([]any)
	if len(runs) != 4 {
		t.Fatalf("the document has %d runs, want 2 arms × 2 seeds", len(runs))
	}
	for _, r := range runs {
		run := r.(map[string]any)
		if run["state"] != "completed" || len(run["bits_per_byte"].(map[string]any)) != 3 || len(run["tasks"].(map[string]any)) != 2 {
			t.Errorf("run %v: want it completed, with three sets and two tasks", run)
		}
	}
	if link := first["share_url"].(string); !strings.HasPrefix(link, "http://"+address+"/s/") {
		t.Errorf("share link is %q", link)
	}
}

// demoDocument leaves out what depends on the clock.
func demoDocument(t *testing.T, stdout string) map[string]any {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	for _, r := range d["runs"].([]any) {
		delete(r.(map[string]any), "tokens_per_s")
	}
	return d
}
