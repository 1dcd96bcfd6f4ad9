// Package engine is where runners run: an [Engine] starts prepared attempts, looks at them, and asks them to leave. It
// trains nothing, reads no event and knows no run; what an attempt's end means is the orchestrator's to say.
//
// [Local] is the engine of this machine. It starts the detached wrapper, `haigo exec --dir D`, whose code is [Exec]:
//
//	worker ── Prepare ──▶ spec.json, launch.json
//	       ── Submit ───▶ exec (own session; takes lock; process.json, heartbeat)
//	                       └─▶ runner (inherits lock; events.jsonl, checkpoints)
//	       ── Stop ─────▶ stop file; exec passes it on as SIGTERM, and as SIGKILL after the grace
//	                      exec ──▶ exit.json
//
// Worker, exec and runner share files only, no pipe, so each may be killed without the others noticing. The lock is held
// as long as exec or runner lives: [Verdict] reads what became of an attempt from it, never from a pid.
//
// Several attempts may share a process, see [Packer]: exec runs the pack's folder as it would an attempt's, and the pack's
// runner takes the lock of each attempt that it trains.
//
// Start with [Engine].
package engine
