// Package corpus turns a team's text into source versions, and source versions into what runs are judged on.
//
// [Add] reads folders, globs and files: parquet, JSON lines and text (plain, .gz, .zst, .xz, .bz2), Megatron's indexed
// data sets of bytes, and the folders in which Wikipedia, mC4, CC-100, the Pile, RedPajama and RefinedWeb are published.
// It drops duplicates and what can't be read, takes a sample where there is a quota, splits the rest into training and
// held-out documents and writes an immutable folder; [AddAll] makes a source of each value of a field:
//
//	DATA/sources/NAME/VERSION/manifest.json    its SHA-256 is the source's identity, its first 8 digits the version
//	                          train/000000.jsonl…  heldout.jsonl      one {"id","text"} a line
//	                          problems.jsonl       what was left out and why; no part of the identity
//	                          report.json          what [Measure] found in the training text; no part of it either
//
// [Measure] counts characters, tokens, lengths and languages, and looks for held-out documents and task items in the
// training text.
//
// [List] and [Open] find source versions again. [HeldoutSet] and [NextSentence] make what a run is scored on from
// a version's held-out documents: DATA/sets/SHA256.jsonl and a version of a task (package task). All formats are those of the
// run directory (package spec).
//
// The package never trains, never makes rows, keeps nothing in Postgres and never changes a version once written. It
// streams: a goroutine reads each file (up to four at once), all cores clean documents, and one takes them in the files'
// order, so the same text gives the same version on any machine. Memory grows by about 40 bytes a document (the digests
// that find duplicates), never with a file's size; a zstd or xz file adds its window.
package corpus
