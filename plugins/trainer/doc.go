// Package trainer is the contract between Haigo and a training stack.
//
// A trainer is a small program, started by the plugin host, that answers three questions over gRPC: what are you
// ([Trainer.Describe]), can this run start ([Trainer.Check]), and which processes train it ([Trainer.Plan]). It launches
// nothing: an engine runs the parts of the plan, and the training process talks through the files of package spec.
//
// A trainer's main calls [Serve]; start with the interface [Trainer]. Package conformance has the suite that every
// trainer passes, package trainertest a pair over real gRPC inside one process. Host and trainer see only the Go
// interface; the wire format stays behind the two files client.go and server.go.
package trainer
