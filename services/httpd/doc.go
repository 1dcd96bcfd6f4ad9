// Package httpd is Haigo's face: pages in Japanese and English, the JSON API under /api/v1, live events, share links and
// the log-in that guards them.
//
// It decodes a request, asks the store or the sweeper one thing, and encodes the answer; it decides nothing about
// experiments, draws no chart (package chart says what to draw, the browser draws it) and keeps no state but who listens
// for events. Start with [New] and the routes in route.go.
//
// Pages are rendered from templates in package web; a page that changes while runs train carries its changing parts in
// elements marked data-live, which the browser replaces with those of a freshly fetched page when an event says so.
// No page holds an inline script or style, and the content policy allows neither.
package httpd
