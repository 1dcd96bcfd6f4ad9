// Package conformance is the suite that every trainer passes: it asks the plugin, runs what the plugin plans, and holds
// the run directory that comes out against the contract, event by event.
//
// It trains a tiny model on text of its own, several times: undisturbed, stopped, killed, resumed, from a damaged
// checkpoint, with updates skipped, and until it diverges. Rows and digests must be the sampler's; what a deterministic
// trainer continues must be the undisturbed run to the last bit. Start with [Run].
//
// The suite starts no process itself: [Config] is given the trainer, as a plugin host hands it out, and an [Engine].
package conformance
