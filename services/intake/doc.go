// Package intake makes a sweep of finished runs that were trained elsewhere, so that they are charted and decided about as
// one's own: from a pair of CSVs, and from TensorBoard event files.
//
// It is pure: files are bytes that somebody else has read, and package postgres stores what comes out. Their text isn't here:
// it becomes sources of a role of their own, which no sweep can train on. Nothing is recomputed: metrics keep their values,
// and their names unless they are told others. Start with [Make]; [ReadEvents] reads an event file.
package intake
