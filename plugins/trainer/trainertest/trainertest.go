// Package trainertest joins a trainer and its caller inside one process, over real gRPC, for tests of either. It starts
// no process; package conformance tests the whole program.
package trainertest

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/haigo-lab/haigo/plugins/trainer"
)

// Open serves t and returns a client to it. Both ends close with the test.
func Open(tb testing.TB, t trainer.Trainer) trainer.Trainer {
	tb.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(trainer.ServerOptions()...)
	trainer.Register(server, t)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:trainer", append(trainer.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := conn.Close(); err != nil {
			tb.Error(err)
		}
		server.Stop()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return trainer.NewClient(conn)
}
