package main_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/services/porttest"
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
	remembered, address := filepath.Join(data, "port"), once()
	if said, err := os.ReadFile(remembered); err != nil || "http://127.0.0.1:"+strings.TrimSpace(string(said)) != address {
		t.Errorf("served at %s and remembers %q, %v", address, said, err)
	}
	write(t, remembered, port(t)) // others may take the one that was free
	again := once()
	if address = once(); address != again {
		t.Errorf("serves at %s after %s, want the same", address, again)
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
		t.Fatal(err)
	}
	defer held.Close()
	if other := once(); other == again {
		t.Errorf("serves at %s, where another program listens", other)
	}
}

// port is one that stays free while nobody listens there.
func port(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(porttest.Free(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}
