// Package corpus turns a team's text into source versions, and source versions into what runs are judged on.
//
// [Add] reads folders, globs and files of text and JSON lines (plain, .gz, .zst), drops duplicates and what can't be
// read, splits the rest into training and held-out documents and writes an immutable folder:
//
//	DATA/sources/NAME/VERSION/manifest.json    its SHA-256 is the source's identity, its first 8 digits the version
//	                          train/000000.jsonl…  heldout.jsonl      one {"id","text"} a line
//	                          problems.jsonl       what was left out and why; no part of the identity
//
// [List], [Find] and [Open] find source versions again. [HeldoutSet] and [NextSentence] make what a run is scored on from
// a version's held-out documents: DATA/sets/SHA256.jsonl and a version of a task (package task). All formats are those of the
// run directory (package spec).
//
// The package never trains, never makes rows, keeps nothing in Postgres and never changes a version once written. It
// streams: memory grows by about 40 bytes a document (the digests that find duplicates), never with a file's size.
package corpus
