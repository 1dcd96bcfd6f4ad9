// Package porttest finds ports of loopback for tests that leave one and come back to it. It holds none, and tells nothing of other
// addresses. Start at [Free].
package porttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Free is the address, host and port, of a port that is free, and that the system gives by itself neither to a listener that takes any
// nor to a connection: it stays free while nobody asks for this very one.
func Free(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(10_000))
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port of loopback is free")
	return ""
}
