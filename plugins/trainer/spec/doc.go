// Package spec is the run directory, version 1: the files by which Haigo and training code talk.
//
// Whatever reads spec.json and writes events.jsonl is a runner, in any language; this package holds those files as Go
// types, decodes them strictly on both sides and names their paths. It starts nothing, trains nothing and keeps no
// state. Start with [Spec], what a runner is told, and [Event], what it says.
//
// 64-bit seeds travel as 16 hex digits ([Seed]), reals that aren't finite as "NaN", "Infinity" and "-Infinity"
// ([Real]), times as RFC 3339 in UTC. Paths are absolute or relative to the attempt's folder.
package spec
