// Package ablation is the vocabulary of Haigo and its rules: sources, mixtures, schedules, recipes, sweeps, arms, runs,
// attempts, metrics and shares.
//
// It is pure: it parses and validates documents, expands sweeps into runs, quantises schedules into the sampler's
// integer weights and says what a state may become. It never does I/O, never reads a clock and knows no technology;
// every other package of services points here and none is imported.
//
// Besides the schedules that it lists, a sweep's [Design] makes arms: a grid, a simplex lattice, a Dirichlet swarm, one
// factor at a time, and the product of all of them with token budgets and shapes. What an arm has of its own is its
// [Variant]; [Recipe.For] is the recipe that its runs follow. An [Adaptive] design makes arms while the sweep runs: each [Round]
// of them is kept with the sweep, and expanded with it.
//
// A sweep file becomes runs in three steps: [ParseSweep] reads the document and says everything that is wrong with it,
// [Sweep.Expand] makes arms and runs, [Sweep.Plan] says what they read and cost. [Grow] decides what a second document of
// the same name may change. Start with [Sweep], [Schedule] and [Run].
//
// Runs begin with fresh weights, or go on from what others have trained: from a [Trunk] of their own sweep, which changes
// nothing of what they come to, or from the [Parent] that their recipe's [StartRef] names, of which they take the state or
// the weights alone.
//
// A run's life:
//
//	queued ──claim──▶ running ──▶ completed | diverged | failed
//	   ▲                │ └─stop─▶ stopping ──▶ stopped
//	   └──left unasked──┘
//
// A person's retry queues a run again that ended without being completed; a queued run is stopped at once.
//
// Shares of a source are shares of training tokens. Tokens count target tokens seen since the start of the run.
package ablation
