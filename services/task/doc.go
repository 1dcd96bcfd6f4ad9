// Package task keeps evaluation tasks: items that a model is asked, one folder a version, never changed once written:
//
//	DATA/tasks/NAME/VERSION/items.jsonl    one spec.Item a line; its SHA-256 is the identity, its first 8 digits the version
//	                        task.json      what the items are and where they came from
//
// [Add] reads a team's own JSON lines, or the published file of a known data set ([Layouts]), checks every item, prepends
// few-shot examples and stores the result. [Put] stores items that another package made. [Open], [List] and [Items]
// find them again, [Describe] says what a person wants to know of one. [ReadResults] reads what
// lm-evaluation-harness wrote of other models.
//
// Problems are *ablation.Invalid with file and line. The package scores nothing (plugins/trainer/score does), fetches
// nothing and keeps nothing in Postgres.
package task
