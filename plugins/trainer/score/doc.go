// Package score turns what a model makes of a task's items into the scores that Haigo shows. A trainer written in Go
// calls it; a trainer in another language does the same arithmetic, and the conformance suite holds it to that.
//
// A model reads separator, context, sep and answer, cut on the left to row_tokens; the bytes of sep and answer are
// scored. From their nats and bytes follow, per task:
//
//	task/NAME/bpb       nats of the gold answers ÷ ln 2 ÷ their bytes, both summed over items; lower is better
//	task/NAME/accuracy  mean over items with choices: 1 where the gold choice has strictly the highest log-likelihood
//	                    under the item's norm (per byte unless it says sum), else 0; where labels mark several right
//	                    choices, the share of probability on these among all choices, by sums of nats
//	task/NAME/margin    mean over items with choices of what the best wrong choice takes more than the gold one: bits
//	                    per byte, or bits where the norm is sum; above 0 the gold one is preferred
//	task/NAME/exact     mean over extractive items: 1 where the greedy answer equals an accepted one
//	task/NAME/f1        mean over extractive items of the best F1 of characters with an accepted answer
//
// The gold answer is choices[gold], answers[0], and for generation the reference that takes the fewest bits per byte: any
// of them would do. A greedy answer follows context and sep, cut on the left so that [AnswerTokens] fit; it ends before a
// line feed or a separator. It is compared after NFKC, in lower case, without white space and punctuation.
//
// The package reads no file and runs no model. Start with [Answers], then [Item] and [Values].
package score
