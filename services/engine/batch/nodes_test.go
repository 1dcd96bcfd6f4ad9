package batch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
