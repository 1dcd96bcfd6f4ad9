// Package runner trains one run in one attempt's folder: it reads spec.json, appends to events.jsonl and writes
// checkpoints, as the run directory has it, and nothing else.
//
// Start with [Run]. A run's points depend on its spec and the instruction set alone: resumed from a checkpoint it
// continues bit for bit, whatever the number of threads. [Unsupported] says what this trainer can't do, [Config] what
// model a spec asks for.
//
//	spec.json ─▶ rows ─▶ plan ─▶ [ step ─▶ metrics ─▶ scores ─▶ usage ─▶ checkpoint ]… ─▶ finished
package runner
