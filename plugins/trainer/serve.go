package trainer

import (
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Serve answers a plugin host until it lets go or is gone; a trainer's main calls it and writes nothing to standard
// output before. Run by hand, the program says that it is a plugin and exits with status 1.
func Serve(t Trainer) {
	go leaveWithParent(os.Getppid())
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  Handshake(),
		VersionedPlugins: Plugins(t),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, ServerOptions()...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	})
}

// leaveWithParent ends the process once its parent is another: a host killed outright can't say goodbye. Polling works on
// every system; Linux's parent-death signal follows the thread that started us, not the process.
func leaveWithParent(parent int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			os.Exit(0)
		}
	}
}
