package task

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Shuffled is items by the hash of their ids: an order in which any first part is a fair sample, and which items that are
// added or taken away don't change.
func Shuffled(items []spec.Item) []spec.Item {
	shuffled := slices.Clone(items)
	slices.SortStableFunc(shuffled, func(a, b spec.Item) int {
		x, y := sha256.Sum256([]byte(a.ID)), sha256.Sum256([]byte(b.ID))
		return bytes.Compare(x[:], y[:])
	})
	return shuffled
}

// Part is a task of which so many items are asked at most, the first of [Shuffled]; 0 or at least as many as there are is
// the task itself. Its file is written beside the task's own, and is the same bytes whenever it is.
func Part(t ablation.Task, items int64) (ablation.Task, error) {
	if items == 0 || items >= t.Items {
		return t, nil
	}
	all, err := Items(t.Path)
	if err != nil {
		return t, fmt.Errorf("a part of task %s: %w", t.Name, err)
	}
	lines, err := encode(Shuffled(all)[:items])
	if err != nil {
		return t, fmt.Errorf("a part of task %s: %w", t.Name, err)
	}
	t.Items, t.SHA256 = items, spec.Digest(lines)
	t.Path = filepath.Join(filepath.Dir(t.Path), fmt.Sprintf("items-%d.jsonl", items))
	if err := spec.WriteBytes(t.Path, lines); err != nil {
		return t, fmt.Errorf("a part of task %s: %w", t.Name, err)
	}
	return t, nil
}
