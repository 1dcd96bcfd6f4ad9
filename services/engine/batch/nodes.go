package batch

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// nodes remembers which nodes are bad, in a file, so that a restart forgets nothing. Other settings forget everything: what
// failed may have been they.
type nodes struct {
	path     string
	after    int           // failures within lasts that exclude a node
	lasts    time.Duration // how long a failure counts
	settings string        // their digest

	mu sync.Mutex
}

// lockWithin is how long another worker may hold the file; then one goes on without, for a failure that is lost is a warning.
const lockWithin = 30 * time.Second

// lock keeps this process's others out, and other workers of the data folder, until it is released.
func (n *nodes) lock() (release func()) {
	n.mu.Lock()
	file, err := os.OpenFile(n.path+".lock", os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return n.mu.Unlock
	}
	for until := time.Now().Add(lockWithin); ; time.Sleep(time.Millisecond) {
		if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil || time.Now().After(until) {
			break
		}
	}
	return func() {
		file.Close()
		n.mu.Unlock()
	}
}

// record is the file.
type record struct {
	Settings string                 `json:"settings"`
	Failures map[string][]time.Time `json:"failures"` // by node
	Scripts  map[string]outcome     `json:"scripts"`  // by node: how the last one went there
	Ends     map[string][]badEnd    `json:"ends"`     // by node: the attempts that ended badly there since one ended well
}

// badEnd is an attempt that began and ended badly, by itself: a device may be broken, or the training.
type badEnd struct {
	Run     string    `json:"run"`
	Attempt string    `json:"attempt"`
	At      time.Time `json:"at"`
}

// outcome is how a job's script went: until exec began, or not as far as that.
type outcome struct {
	Began bool      `json:"began"`
	At    time.Time `json:"at"`
}

// digest is the same for the same settings.
func digest(settings any) string {
	data, err := json.Marshal(settings)
	if err != nil {
		return "" // settings are read from YAML: JSON can hold them
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// read forgets what is old. What is lost with a damaged file is a warning, no run.
func (n *nodes) read() record {
	var r record
	data, err := os.ReadFile(n.path)
	if err != nil || json.Unmarshal(data, &r) != nil || r.Settings != n.settings || r.Failures == nil || r.Scripts == nil || r.Ends == nil {
		return record{n.settings, map[string][]time.Time{}, map[string]outcome{}, map[string][]badEnd{}}
	}
	for node, times := range r.Failures {
		r.Failures[node] = slices.DeleteFunc(times, n.old)
	}
	for node, ends := range r.Ends {
		r.Ends[node] = slices.DeleteFunc(ends, func(e badEnd) bool { return n.old(e.At) })
	}
	maps.DeleteFunc(r.Scripts, func(_ string, s outcome) bool { return n.old(s.At) })
	return r
}

func (n *nodes) old(t time.Time) bool { return time.Since(t) > n.lasts }

// write keeps a record. Where it can't be written down, the next failure is the first.
func (n *nodes) write(r record) { _ = spec.WriteFile(n.path, r) }

// blame counts a failure of a node that lost a job, and says whether it is one more: jobs that ran already when the node failed
// last were lost with it.
func (n *nodes) blame(node string, since time.Time) bool {
	defer n.lock()()
	r := n.read()
	if !r.blame(node, since) {
		return false
	}
	n.write(r)
	return true
}

func (r record) blame(node string, since time.Time) bool {
	times := r.Failures[node]
	if len(times) > 0 && !since.After(times[len(times)-1]) {
		return false
	}
	r.Failures[node] = append(times, time.Now().UTC())
	return true
}

// refused counts a script that failed before exec began, and says whether its node was blamed: where the last thing known of all
// other nodes is that one of them began. A script that fails elsewhere too, or never went well, is at fault itself.
func (n *nodes) refused(node string, since time.Time) bool {
	defer n.lock()()
	r := n.read()
	var last outcome
	for other, s := range r.Scripts {
		if other != node && s.At.After(last.At) {
			last = s
		}
	}
	r.Scripts[node] = outcome{At: time.Now().UTC()}
	blamed := last.Began && r.blame(node, since)
	n.write(r)
	return blamed
}

// began notes a script that went well.
func (n *nodes) began(node string) {
	defer n.lock()()
	r := n.read()
	r.Scripts[node] = outcome{Began: true, At: time.Now().UTC()}
	n.write(r)
}

// endedWell forgets the bad ends on a node.
func (n *nodes) endedWell(node string) {
	defer n.lock()()
	if r := n.read(); len(r.Ends[node]) > 0 {
		delete(r.Ends, node)
		n.write(r)
	}
}

// endedBadly counts an attempt against its node, unless its run ended badly on another as well: then the run is at fault, and nothing
// of it counts against any.
func (n *nodes) endedBadly(node string, e badEnd) {
	defer n.lock()()
	r := n.read()
	same := func(other badEnd) bool { return other.Run == e.Run }
	elsewhere := false
	for other, ends := range r.Ends {
		elsewhere = elsewhere || other != node && slices.ContainsFunc(ends, same)
	}
	switch {
	case elsewhere:
		for other, ends := range r.Ends {
			r.Ends[other] = slices.DeleteFunc(ends, same)
		}
	case !slices.ContainsFunc(r.Ends[node], func(other badEnd) bool { return same(other) && other.Attempt == e.Attempt }):
		r.Ends[node] = append(r.Ends[node], e)
	}
	n.write(r)
}

// excluded are the nodes that failed too often, or on which too many attempts in a row ended badly, in the order of their names.
func (n *nodes) excluded() (bad []string) {
	defer n.lock()()
	r := n.read()
	for node, times := range r.Failures {
		if len(times) >= n.after {
			bad = append(bad, node)
		}
	}
	for node, ends := range r.Ends {
		if len(ends) >= n.after {
			bad = append(bad, node)
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}
