// Package chart turns results into figures: data and meaning for the browser, the same points as a table and as CSV, and
// sentences that say what a figure shows.
//
// It is pure: no I/O, no clock. It renders nothing and owns no looks: a [Figure] holds an ECharts option of axes and data
// without functions, colours or texts, and beside every series what it means; the page's script (web/src/chart.ts) draws
// that in the page's language, colours and width. Every text stands in both languages, so that a frozen figure reads in
// either. Values that aren't finite survive as the strings "NaN", "Infinity" and "-Infinity".
//
// A [Data] is one sweep, a [Comparison] arms of any sweeps, which it also tells apart by their [Trait]s. Start with
// [Tradeoff] and [Comparison.Curve].
package chart
