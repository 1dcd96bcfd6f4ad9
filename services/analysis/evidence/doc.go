// Package evidence is what a decision about a sweep is made from: its finished runs as a table, which text each metric is
// scored on, what is decided by, and within which limits. Pages, the command line and sweeps that plan themselves decide by
// the same evidence, and so say the same.
//
// It is pure: it reads nothing and keeps nothing. Packages surrogate and decision do the work. Start with [New].
package evidence
