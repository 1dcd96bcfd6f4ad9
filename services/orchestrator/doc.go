// Package orchestrator turns sweep files into runs and drives the runs: it plans and applies documents, claims queued
// runs, asks a trainer what to start, hands that to an engine, stores what the runners say, and ends or requeues
// attempts once their end is proved.
//
// It never trains, never holds a pipe to a runner and keeps nothing in memory that matters: a worker may die at any
// moment, and the next one adopts its attempts and reads on from the stored cursors. Start with [Sweeper] (documents)
// and [Worker] (runs); [Worker.ClaimOnce] and the drive of one claim are where everything happens. Runs that share a process
// are driven one by one all the same; which pack one boards is in pack.go.
package orchestrator
