// Package storage says what takes space, in the database and in the data folder, and frees it: bulk of runs whose time is
// over, what nothing refers to any more, and whole sweeps when somebody deletes them.
//
// It never removes a source's text, a task, a score or a share, and nothing of a run that hasn't ended. Rows of the
// database go before the files that they tell of, so that what breaks off leaves files that the next collection finds.
// Start with [Keeper].
package storage
