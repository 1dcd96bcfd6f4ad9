package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDemo kills the quick demo while it reads its text and while it trains, interrupts it, lets it finish, and starts it
// once more when all is done.
func TestDemo(t *testing.T) {
	data := folder(t)
	args := demoArguments(t)

	reading := start(t, command(t, data, args...))
	reading.await(t, "the demo to read English", func() bool { return strings.Contains(reading.log.String(), "Reading en") })
	reading.end(syscall.SIGKILL)

	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		seen, training := lines(data), start(t, command(t, data, args...))
		training.await(t, "further events", func() bool { return lines(data) > seen+50 })
		training.end(signal)
		if code := training.cmd.ProcessState.ExitCode(); signal == syscall.SIGINT && code != 130 {
			t.Errorf("after Ctrl-C: status %d, want 130\n%s", code, training.log.String())
		}
	}

	first, _ := finishDemo(t, data, args)
	again, said := finishDemo(t, data, args)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the document of a second start (-first +second):\n%s", diff)
	}
	if !strings.Contains(said, "demo-quick is done") {
		t.Errorf("a start when all is done says %q, want it to say so", said)
	}
	checkDemo(t, first)
	table := haigo(t, data, "sweep", "show", "demo-quick")
	says(t, table, "ARM   JA BITS/BYTE", "EPOCHS JA / EN / CODE", "AGAINST GUESSING", "next-sentence-ja  ja57", "cannot be told apart")
	info, err := os.Stat(filepath.Join(data, "share-demo-quick"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the link: %v (%v), want it for its owner only", info, err)
	}
	checkNewLink(t, data, args, first["share_url"])
}

func checkDemo(t *testing.T, document map[string]any) {
	t.Helper()
	runs := document["runs"].([]any)
	if len(runs) != 4 {
		t.Fatalf("the document has %d runs, want 2 arms × 2 seeds", len(runs))
	}
	for _, r := range runs {
		run := r.(map[string]any)
		if run["state"] != "completed" || len(run["bits_per_byte"].(map[string]any)) != 3 || len(run["tasks"].(map[string]any)) != 2 {
			t.Errorf("run %v: want it completed, with three sets and two tasks", run)
		}
	}
	if link := document["share_url"].(string); !strings.HasPrefix(link, demoURL+"/s/") {
		t.Errorf("share link is %q", link)
	}
}

// demoURL begins the link, so that it is the same whichever port is free.
const demoURL = "http://haigo.example"

func demoArguments(t *testing.T) []string {
	t.Helper()
	words := t.TempDir()
	text(t, words)
	args := []string{"demo", "--quick", "--once", "--json", "--listen", "127.0.0.1:0", "--url", demoURL}
	for _, name := range []string{"ja", "en", "code"} {
		args = append(args, "--text", name+"="+filepath.Join(words, name))
	}
	return args
}

// finishDemo runs the demo to its end: its document without what depends on the clock, and what it said.
func finishDemo(t *testing.T, data string, args []string) (document map[string]any, said string) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := command(t, data, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("demo: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal([]byte(stdout.String()), &document); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	for _, r := range document["runs"].([]any) {
		delete(r.(map[string]any), "tokens_per_s")
	}
	return document, stderr.String()
}

// TestDemo_WithoutResult stops the demo's sweep before a run completes: there is a document all the same, and no link.
func TestDemo_WithoutResult(t *testing.T) {
	data := folder(t)
	args := demoArguments(t)
	training := start(t, command(t, data, args...))
	training.await(t, "events", func() bool { return lines(data) > 10 })
	held := hold(data)
	training.end(syscall.SIGKILL)
	haigo(t, data, "sweep", "stop", "demo-quick")
	signal(syscall.SIGKILL, held...) // or they might end before the next start asks them to leave

	document, _ := finishDemo(t, data, args)
	if document["share_url"] != nil {
		t.Errorf("share_url is %v, want none", document["share_url"])
	}
	if runs := document["runs"].([]any); len(runs) != 4 {
		t.Errorf("the document has %d runs, want 4", len(runs))
	}
	said := refused(t, nil, data, "demo", "--quick", "--once", "--text", "ja="+t.TempDir())
	if !strings.Contains(said, "has begun with other text for ja") || !strings.Contains(said, "--data") {
		t.Errorf("other text for a sweep that has begun: %s", said)
	}
}

// checkNewLink wants a new link where the old one was revoked.
func checkNewLink(t *testing.T, data string, args []string, old any) {
	t.Helper()
	haigo(t, data, "share", "revoke", "1")
	document, _ := finishDemo(t, data, args)
	if link := document["share_url"]; link == old || link == nil {
		t.Errorf("after its link was revoked the demo shows %v, want a new one", link)
	}
}
