// Package sampler is sampler v1: the rule by which a run turns its integer table of weights into the rows that it reads.
//
// Integers only, counter-based, without stored permutations, so that any step can be computed from seeds and table alone
// and every implementation, whatever its language, gives the same digests. The package reads no text and knows no float;
// the control plane turns schedules into tables. Start with [New], which makes a [Plan], and [Plan.At], which walks it.
//
//	weights of a step ──apportion──▶ rows per source ──permute──▶ row numbers ──SHA-256──▶ plan digest
//	                  (residual carried)           (epoch by epoch)
//
// Arms with one data seed read the same rows of each source in the same order; only the interleaving differs.
package sampler
