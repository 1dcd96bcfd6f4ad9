// Package plugin is the GPU trainer as Haigo's plugin host sees it: what it is, whether a run can start, and which
// processes train it. It launches nothing and holds no state; the runner does the training. Start with [New].
package plugin
