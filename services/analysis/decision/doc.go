// Package decision turns fitted models into what a team decides by: which mixture or schedule to take, how sure that is,
// what needs no model and stands beside it, what a point of one metric costs in another, and what to run next.
//
// It is pure, and for one seed always says the same. It fits nothing: package surrogate does. What it recommends lies
// between tried mixtures, in their convex hull, never where no run speaks; batches may go a usual step beside that. Start with [Make]; [MakeFront] is the
// trade-off of two metrics, [Start] and [Propose] choose runs.
package decision
