// Package trainers is the plugin host: it finds trainer plugins, starts them, asks them what the contract of package
// plugins/trainer allows, and stops them. It trains nothing and knows no run; engines launch what a trainer plans.
//
// Executables come from plugins.yaml beside the binary, which make build writes, and from plugins.yaml in the data
// folder, which can only add others; never from a request. A file is started only while its SHA-256 is the listed one,
// with a small environment of its own, and only gRPC is spoken with it. Trainers keep no state: one that hangs or dies is
// killed, and the next call starts another. Training commands of other people need no plugin of their own: each NAME.yaml
// in the data folder's folder trainers is the trainer NAME, run by the plugin command; one that can't be is left out, and is a
// [Fault]. Start with [Open].
package trainers
