// Package postgres is the store: SQL by noun, claims, metrics and notifications.
//
// An exported method is one transaction. Every time that is compared is the database's. Every write for a run names its
// claim's epoch; where the epoch is no longer the claim's own the write does nothing and says [ErrLost]. It never knows
// trainers, engines or pages. Start with [Store]; [Store.Claim] and [Store.Ingest] carry the correctness of the rest.
//
// A point counts when its step is not past its segment's counts_to. Points lie in points while a run lives and in
// chunks afterwards; roll-ups of 64 and 4,096 steps serve the charts.
package postgres
