package main_test

import (
	"net"
	"strings"
	"syscall"
	"testing"
)

// TestListen wants the port that was free the last time again, so that links still lead here, and another one where
// somebody else has it.
func TestListen(t *testing.T) {
	data := folder(t)
	once := func() string {
		s := dev(t, data)
		s.end(syscall.SIGTERM)
		t.Logf("served at %s", s.URL)
		return s.URL
	}
	address, again := "", once()
	for tries := 0; tries < 5 && address != again; tries++ { // another process may take the port in between
		address, again = again, once()
	}
	if address != again {
		t.Errorf("serves at %s after %s, want the same", again, address)
	}
	first := dev(t, data)
	second := dev(t, data)
	if first.URL == second.URL {
		t.Fatalf("two serve at %s", first.URL)
	}
	second.end(syscall.SIGTERM)
	first.end(syscall.SIGTERM)
	if after := once(); after != first.URL {
		t.Errorf("serves at %s where two served before, want the first's %s", after, first.URL)
	}
	held, err := net.Listen("tcp", strings.TrimPrefix(again, "http://"))
	if err != nil {
		t.Skipf("not run: a start whose port somebody else has (%v)", err)
	}
	defer held.Close()
	if other := once(); other == again {
		t.Errorf("serves at %s, where another program listens", other)
	}
}
