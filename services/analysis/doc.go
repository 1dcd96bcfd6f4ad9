// Package analysis is the statistics over finished runs: what arms score, how sure that is, which differences hold.
//
// It is pure: no I/O, no clock, no randomness; the order of its input never matters. It draws nothing and says nothing in
// words: package chart does. Start with [Of], then [Scores.Difference] and [Front].
//
// # Method
//
// Sweeps have few seeds, so noise is pooled over arms, and every interval is a 90% one from Student's t with the pooled
// degrees of freedom. Nothing has an interval that has no repeats.
//
// An arm's mean: within arm a, values over n seeds have the sample variance s². Pooled over arms it is
// Σ (n−1) s² ÷ Σ (n−1), with ν = Σ (n−1) degrees of freedom, and the half width of the mean's interval is t(0.95, ν) s ÷ √n.
//
// A difference of two arms: runs of one replicate share their data seed and their first weights, so arms are compared
// within replicates. Values follow arm + replicate + noise, the randomised block design; σ² of the noise comes from the
// least-squares residuals of all arms and replicates, with ν = cells − rank degrees of freedom, and the half width of a mean
// over n pairs is t(0.95, ν) σ √(2÷n). With two arms this is the paired t interval. Runs that are missing leave the
// method as it is. What it takes for granted: the noise is alike in all arms.
//
// An accuracy: Clopper and Pearson's interval of a binomial with the task's items, at the mean accuracy over seeds. All
// seeds answer the same items, so more seeds don't make more items.
//
// A task's difference of two arms, item by item: both arms answer the same items, so most of what makes an item hard falls
// out of the difference. It says whether other items of the kind would show it too, for these runs; whether other seeds
// would is what the difference within replicates says. Arms are told apart on a task where neither holds 0.
//
// Means, differences and fronts say what these runs showed; none of it says what a larger model would show.
package analysis
