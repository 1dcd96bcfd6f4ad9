// Package spec is the run directory, version 1: the files by which Haigo and training code talk.
//
// Whatever reads spec.json and writes events.jsonl is a runner, in any language; this package holds those files as Go
// types, decodes them strictly on both sides and names their paths. It starts nothing, trains nothing and keeps no
// state. Start with [Spec], what a runner is told, and [Event], what it says.
//
// 64-bit seeds travel as 16 hex digits ([Seed]), reals that aren't finite as "NaN", "Infinity" and "-Infinity"
// ([Real]), times as RFC 3339 in UTC. Paths are absolute or relative to the attempt's folder.
//
// A line of events.jsonl that breaks a rule stops the run, which then fails with file, line and what to mend. The rules:
//   - One JSON object in UTF-8 a line, whole, of at most 16 MiB, with exactly the fields of its type; seq goes up by one. A
//     line that repeats an earlier seq is passed over. The last line counts without its newline once the process has ended.
//   - A segment begins once, by started, with a number above those before; metrics, scores, usage and checkpoint come
//     after a started, and none after finished.
//   - Steps, tokens, rows, bytes, parameters and resumed_from are whole numbers from 0; segment, devices and threads from 0
//     to 2^31 - 1. No step lies past the spec's steps.
//   - Values of metrics and scores may be any real; NaN and the infinities may also stand without quotes, as Python's
//     json.dumps writes them. In flops_per_token, unigram_nats and peak_flops what isn't a finite
//     number above 0 counts as not known.
//   - Names have no control characters and at least one byte: metrics at most 256, sources 64. What is to be compared
//     with runs of other trainers has their names: loss, grad_norm, lr, tokens_per_s, bpb/SET, task/TASK/VALUE.
//   - Paths, digests and names of devices and programs have at most 4096 bytes, none of them NUL.
//   - outcome is completed, stopped, diverged or failed; completed needs step to be the spec's steps.
package spec
