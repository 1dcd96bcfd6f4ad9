// Package backup writes everything that a database holds into one file, with the manifests of sources, evaluation items
// and the specs of attempts from the data folder, and reads such a file back into an empty database.
//
// The file is a ZIP archive that any tool opens: tables/NAME.copy as Postgres' COPY writes text, files/… as in the data
// folder, and haigo.json, which says what it is. It holds neither text nor checkpoints nor the key that alert channels are
// encrypted with. It never changes what it backs up. Start with [Write] and [Restore].
package backup
