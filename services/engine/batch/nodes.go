package batch

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// nodes remembers which nodes jobs ended on without a word, in a file, so that a restart forgets none.
type nodes struct {
	path     string
	after    int           // failures within lasts that exclude a node
	lasts    time.Duration // how long a failure counts
	together time.Duration // within which several jobs' ends are one failure of their node

	mu sync.Mutex
}

func (n *nodes) read() map[string][]time.Time {
	failures := map[string][]time.Time{}
	data, err := os.ReadFile(n.path)
	if err != nil || json.Unmarshal(data, &failures) != nil {
		return map[string][]time.Time{} // what is lost with it is a warning, no run
	}
	for node, times := range failures {
		failures[node] = slices.DeleteFunc(times, func(t time.Time) bool { return time.Since(t) > n.lasts })
	}
	return failures
}

// blame counts a failure. Where it can't be written down, the next one is the first.
func (n *nodes) blame(node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	failures := n.read()
	if i := len(failures[node]) - 1; i >= 0 && time.Since(failures[node][i]) < n.together {
		return
	}
	failures[node] = append(failures[node], time.Now().UTC())
	_ = spec.WriteFile(n.path, failures)
}

// excluded are the nodes that failed too often, in the order of their names.
func (n *nodes) excluded() (bad []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	failures := n.read()
	for _, node := range slices.Sorted(maps.Keys(failures)) {
		if len(failures[node]) >= n.after {
			bad = append(bad, node)
		}
	}
	return bad
}
