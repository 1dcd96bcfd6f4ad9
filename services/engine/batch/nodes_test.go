package batch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// blamer is the environment variable that makes this test one of several workers.
const blamer = "HAIGO_TEST_BLAMER"

// TestNodes_shared: workers of one data folder, which are processes, lose none of each other's failures.
func TestNodes_shared(t *testing.T) {
	t.Parallel()
	const workers, failures = 4, 25
	of := func(path string) *nodes { return &nodes{path: path, after: 1, lasts: time.Hour, settings: "x"} }
	if path := os.Getenv(blamer); path != "" {
		for i := range failures {
			of(path).blame(fmt.Sprintf("n%d-%d", os.Getpid(), i), time.Now())
		}
		return
	}
	path := filepath.Join(t.TempDir(), "nodes.json")
	var others []*exec.Cmd
	for range workers {
		c := exec.Command(os.Args[0], "-test.run=^TestNodes_shared$")
		c.Env = append(os.Environ(), blamer+"="+path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		others = append(others, c)
	}
	for _, c := range others {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if bad := of(path).excluded(); len(bad) != workers*failures {
		t.Errorf("%d nodes are excluded, want %d", len(bad), workers*failures)
	}
}

// A node on which attempt after attempt ends badly is left out, until one ends well there; a run that ends badly elsewhere too is no
// node's fault.
func TestNodes_badEnds(t *testing.T) {
	t.Parallel()
	n := &nodes{path: filepath.Join(t.TempDir(), "nodes.json"), after: 2, lasts: time.Hour, settings: "x"}
	bad := func(node, run, attempt string) func() {
		return func() { n.endedBadly(node, badEnd{Run: run, Attempt: attempt, At: time.Now()}) }
	}
	for i, step := range []struct {
		do   func()
		want []string
	}{
		{bad("n1", "a", "1"), nil},
		{bad("n1", "a", "1"), nil}, // seen again, as by a service that was started anew
		{bad("n1", "a", "2"), []string{"n1"}},
		{func() { n.endedWell("n2") }, []string{"n1"}},
		{func() { n.endedWell("n1") }, nil},
		{bad("n1", "a", "3"), nil},
		{bad("n1", "b", "1"), []string{"n1"}},
		{bad("n2", "a", "4"), nil}, // a's fault
		{bad("n2", "b", "2"), nil},
		{bad("n2", "c", "1"), nil},
		{bad("n2", "d", "1"), []string{"n2"}},
	} {
		step.do()
		if got := n.excluded(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: %v are left out, want %v", i, got, step.want)
		}
	}
}
