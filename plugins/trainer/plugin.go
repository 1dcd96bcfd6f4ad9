package trainer

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/haigo-lab/haigo/plugins/trainer/trainerpb"
)

// ProtocolVersion is the version of the wire between host and trainer.
const ProtocolVersion = 1

// PluginName is the name under which a trainer is dispensed.
const PluginName = "trainer"

// MaxMessageBytes bounds a message in either direction. A table of weights that changes at every one of a million steps
// stays below.
const MaxMessageBytes = 64 << 20

// Handshake keeps a trainer from being run by hand or by another program's plugin host. It is no secret.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		MagicCookieKey:   "HAIGO_TRAINER",
		MagicCookieValue: "6bb0a6b3c8f04d4e9f1d52f6e36fd0ef",
	}
}

// Plugins is the plugin sets by protocol version: implementation is nil on the host's side.
func Plugins(implementation Trainer) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{
		ProtocolVersion: {PluginName: &grpcPlugin{implementation: implementation}},
	}
}

// Register serves a trainer on a gRPC server.
func Register(s *grpc.Server, t Trainer) {
	trainerpb.RegisterTrainerServer(s, &server{trainer: t})
}

// NewClient is the trainer at the other end of a connection, which stays the caller's to close.
func NewClient(conn grpc.ClientConnInterface) Trainer {
	return &client{rpc: trainerpb.NewTrainerClient(conn)}
}

// ServerOptions and DialOptions bound messages on either side.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.MaxRecvMsgSize(MaxMessageBytes), grpc.MaxSendMsgSize(MaxMessageBytes)}
}

// DialOptions is the client's half of [ServerOptions].
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(MaxMessageBytes), grpc.MaxCallSendMsgSize(MaxMessageBytes))}
}

// grpcPlugin joins the two halves for go-plugin: gRPC only, no broker.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	implementation Trainer
}

// GRPCServer is called in the trainer's process.
func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	Register(s, p.implementation)
	return nil
}

// GRPCClient is called in the host's process and returns a Trainer.
func (p *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}
