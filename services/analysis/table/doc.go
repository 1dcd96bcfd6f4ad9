// Package table holds finished runs as numbers: what each read of every source, phase by phase, and what it scored.
//
// It reads and writes the pair of CSV files in which proxy runs are exchanged, one of mixtures and one of metrics, in the
// plain form (an id, then a column a source or metric) and as Olmix writes them. Everything wrong is found at once and
// named with its file and line. It is pure: files are bytes that somebody else has read. It fits nothing: package
// surrogate does. Start with [Read].
package table
