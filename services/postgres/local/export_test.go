package local

import (
	"testing"
	"time"
)

// BePatient has a server that says it is ready answer within d.
func BePatient(t testing.TB, d time.Duration) {
	was := patience
	patience = d
	t.Cleanup(func() { patience = was })
}

// UseSystem puts what root's server can't have in its data folder below dir, in place of /var/lib/haigo.
func UseSystem(t testing.TB, dir string) {
	was := system
	system = dir
	t.Cleanup(func() { system = was })
}

// Find looks for binaries on PATH, below root as distributions put them, and in the npm packages of folder.
func Find(root, folder string, major int) (dir, version string, err error) {
	b, err := choose(places(root, folder), major)
	return b.dir, b.version, err
}

// GoesOn reports whether a child of this program has yet to end.
func GoesOn(child int) bool { return goesOn(child) }
