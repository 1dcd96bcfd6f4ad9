// Package ablation is the vocabulary of Haigo and its rules: sources, mixtures, schedules, recipes, sweeps, arms, runs,
// attempts, metrics and shares.
//
// It is pure: it parses and validates documents, expands sweeps into runs, quantises schedules into the sampler's
// integer weights and says what a state may become. It never does I/O, never reads a clock and knows no technology;
// every other package of services points here and none is imported. Start with [Sweep], then [Sweep.Expand] and [Run].
//
// A run's life:
//
//	queued ──claim──▶ running ──▶ completed | diverged | failed
//	   ▲                │ └─stop─▶ stopping ──▶ stopped
//	   └──left unasked──┘
//
// Shares of a source are shares of training tokens. Tokens count target tokens seen since the start of the run.
package ablation
