// Package migrations holds the database's history as numbered SQL files, embedded.
//
// A file is one idea and is never edited once landed; each is written to run while the program before it still runs.
// Package postgres applies them. Start with 00001_sources.sql.
package migrations

import "embed"

// FS holds the numbered files, in the form that goose reads.
//
//go:embed *.sql
var FS embed.FS
