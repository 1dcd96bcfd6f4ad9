// Package surrogate fits what finished runs say about mixtures and schedules that nobody has run, with intervals that hold.
//
// It is pure: no I/O, no clock; the same table and seed give the same answer, on any number of cores and in any order of
// runs. It recommends nothing and says nothing in words but what the runs don't allow: package decision does. Start with
// [New], then [Fit.Predict] and [Fit.Draw].
//
// # Method
//
// Every metric is modelled by itself; scores are composed after the fit. A run is its exposures: shares of tokens by
// source and phase, scaled to what repeated text is worth where sizes are known, its epochs, parameters and tokens.
//
// A metric's model is a stack. Two members are an effective-data power law (see law.go), linearised around its most
// probable parameters so that its prior becomes a Gaussian process's kernel, and corrected by an ARD Matérn-5/2 process
// over roots, or over logs, of the exposures. One is such a process around a constant. One, where runs are few beside
// sources, is a ridge. Hyper-parameters are those of greatest evidence under a prior. The stack's weights are those that
// predict left-out runs best, drawn to 2:2:1 as ten runs would draw.
//
// A law has the own-domain prior where a metric is paired with a source: text of the same kind counts as itself, other
// text for a fiftieth, and the data have to speak against that.
//
// Noise between seeds comes from replicates, and may differ from mixture to mixture. An interval is the stack's predicted
// deviation times the factor that covers nine in ten left-out runs, each predicted by a fit without it; few such runs are
// drawn to those of all metrics, and these to the normal's. Deviations may grow with a metric's level and, where runs differ in
// size, with that: anchors are few, and more is missed beside them. Draws are curves of the stack's members, by Matheron's rule,
// stretched by the same factor.
package surrogate
