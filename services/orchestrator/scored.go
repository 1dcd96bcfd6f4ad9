package orchestrator

import (
	"slices"
	"sync"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

// scored is what an evaluation of the sweep takes. What its start has recorded stays.
func (s *Sweeper) scored(r *resolved) {
	if r.existing != nil {
		return
	}
	var e ablation.Exam
	bytes, tokens := int64(0), int64(0)
	for _, source := range r.Sources {
		n := min(source.HeldoutBytes, r.Sweep.Recipe.SetBytes)
		bytes, tokens = bytes+source.Bytes+source.Documents, tokens+source.All()
		e.Sets += n * source.All() / max(1, source.Bytes+source.Documents)
	}
	for _, t := range r.Tasks {
		n, err := s.items.tokens(t, r.Sweep.Recipe.RowTokens)
		if err != nil {
			continue // its run will say what is wrong with it
		}
		n = slices.Clone(n) // it is remembered for others
		for i := range n {
			n[i] = n[i] * tokens / max(1, bytes) // a token is as long as of the text that is trained on
		}
		e.Tasks = append(e.Tasks, n)
	}
	r.Sweep.Settle(e)
}

// items remembers what scoring the items of tasks takes. The zero value is ready, and safe for concurrent use.
type items struct {
	mu    sync.Mutex
	known map[measured][]int64
}

// measured is a task's items in rows of one length.
type measured struct {
	sha256    string
	rowTokens int
}

func (m *items) tokens(t ablation.Task, rowTokens int) ([]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := measured{t.SHA256, rowTokens}
	if n, there := m.known[key]; there {
		return n, nil
	}
	list, err := task.Items(t.Path)
	if err != nil {
		return nil, err
	}
	if m.known == nil {
		m.known = map[measured][]int64{}
	}
	m.known[key] = task.Tokens(task.Shuffled(list), rowTokens)
	return m.known[key], nil
}
