// Package plugin is a trainer whose training command somebody else wrote: one YAML file ([File]) says what to start, what
// that can do and what it takes. The command reads spec.json and writes events.jsonl, as package spec says; nothing more
// is asked of it, in any language.
//
// The file is read anew at every call, so that what is corrected there counts at once. Words of the command may hold
// placeholders such as {spec}; each is replaced inside its word, which stays one word whatever it holds: no shell ever
// reads it. Start with [New].
package plugin
