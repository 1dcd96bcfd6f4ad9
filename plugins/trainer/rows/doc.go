// Package rows cuts the text of a source version into the fixed rows that training reads, and caches them.
//
// Documents in manifest order, each as its bytes and one separator, are cut into rows of row_tokens + 1 that don't
// overlap; the tail is dropped. A cache folder is immutable and shared by all runs: [Prepare] makes it once, whoever
// comes first, and [Open] reads rows by number in bounded memory. [Check] says before a run what its sources come to. For
// trainers written in Go; it knows the bytes tokenizer alone, and nothing of plans or models.
package rows
