// Package trainerpb is the generated wire format between the plugin host and a trainer. Only package trainer uses it;
// everybody else sees the Go interface. Change trainer.proto, then run generate.sh (protoc on the PATH, nothing else).
package trainerpb

//go:generate sh generate.sh
