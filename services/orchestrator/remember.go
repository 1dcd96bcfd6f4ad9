package orchestrator

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// remembered is how many answers of trainers are kept: those of a sitting at the editor.
const remembered = 512

// check asks a trainer about a spec.
type check func(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error)

// reports keeps what trainers said of specs, so that a plan that is drawn at every keystroke asks only about what changed.
// The zero value is ready, and safe for concurrent use.
type reports struct {
	mu    sync.Mutex
	said  map[[sha256.Size]byte]trainer.Report
	order [][sha256.Size]byte
}

// once is what a trainer says of a spec, or said of it before. Problems that a machine may get over are asked about again.
func (m *reports) once(ctx context.Context, name string, s *spec.Spec, check check) (trainer.Report, error) {
	key, err := digest(name, *s)
	if err != nil {
		return trainer.Report{}, err
	}
	if report, known := m.find(key); known {
		return report, nil
	}
	report, err := check(ctx, name, s)
	if err == nil && len(report.Problems) == 0 {
		m.keep(key, report)
	}
	return report, err
}

func (m *reports) find(key [sha256.Size]byte) (trainer.Report, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	report, known := m.said[key]
	return report, known
}

func (m *reports) keep(key [sha256.Size]byte, report trainer.Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil {
		m.said = map[[sha256.Size]byte]trainer.Report{}
	}
	if len(m.order) == remembered {
		delete(m.said, m.order[0])
		m.order = m.order[1:]
	}
	m.said[key] = report
	m.order = append(m.order, key)
}

// digest is of all that a trainer's word on a plan hangs on: not of the run's name and seeds, and of its mixture only what
// kind it is. A start asks about every number.
func digest(name string, s spec.Spec) ([sha256.Size]byte, error) {
	kind := outline(s.Weights)
	s.RunID, s.DataSeed, s.MixSeed, s.InitSeed, s.Weights = "", 0, 0, 0, nil
	text, err := json.Marshal(s)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("digest of a spec: %w", err)
	}
	return sha256.Sum256(append([]byte(name+"\x00"+kind+"\x00"), text...)), nil
}

// outline is what stays of a table while boundaries and shares are moved: its phases and ramps, and the sources of each.
func outline(table []spec.Weights) string {
	var phases []string
	for i, w := range table {
		phase := "phase"
		if i > 0 && w.FromStep-table[i-1].FromStep == 1 {
			phase = "ramp"
		}
		for _, weight := range w.W {
			phase += fmt.Sprintf(" %t", weight > 0)
		}
		phases = append(phases, phase)
	}
	return strings.Join(slices.Compact(phases), "\n")
}
