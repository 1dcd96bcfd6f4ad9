package main_test

import (
	"net"
	"os/exec"
	"syscall"
	"testing"

	"github.com/haigo-lab/haigo/services/porttest"
)

// A container's health check asks a worker, which serves no pages.
func TestWork_health(t *testing.T) {
	t.Parallel()
	data := folder(t)
	taken, err := net.Listen("tcp", porttest.Free(t))
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	says(t, refused(t, nil, data, "work", "--health", address), "--health", "give an address of this machine that nothing listens on")
	taken.Close()
	worker := start(t, command(t, data, "work", "--health", address))
	worker.await(t, "the worker to be well", func() bool {
		return exec.CommandContext(t.Context(), program(t), "healthy", "--url", "http://"+address+"/healthz").Run() == nil
	})
	worker.end(syscall.SIGTERM)
}
