// Package batch is the engine of machines behind a batch system: it submits attempts as jobs, and drives the system by its
// commands, here or through a prefix such as ssh. A [dialect] speaks Slurm, PBS or Grid Engine; all else is common. It trains nothing
// and decides no retry: jobs are submitted not to be requeued, and what an attempt's end means is the orchestrator's to say.
//
//	Submit ──▶ a job named by the attempt's key: looked up before, so that none is submitted twice
//	job ─────▶ haigo exec --dir D (on the node; the files of package engine)
//	Poll ◀─── one look at all jobs now and then, in the background, each command behind a timeout
//
// What became of an attempt is read in this order: its exit.json; what the queue says of its job; what the accounting
// says; and, once nobody has known the job for a while, that it is lost. The system's word of an end counts only once
// the heartbeat in the folder has stopped as well: a node that the controller can't reach may train on. Attempts of a pack
// ([engine.Packer]) share the pack's job, which has the folder of the pack.
//
// Start with [Open]; engines.yaml in the data folder is read by [ReadSettings].
package batch
