// Package alert turns alerts into words and sends them: by mail, to Slack, Discord and Teams, and as signed JSON to any
// other program. It decides nothing about when and to whom: the store's outbox and the orchestrator do, and they try again.
// Start with [Sender].
//
// Addresses of channels come from people with a browser, so that nothing is dialled that the machine alone can reach: a
// [Guard] looks at the address of every connection, redirects are not followed, and no answer is ever shown: why something
// didn't arrive is said in words of our own. What signs or leads somewhere is kept in a [Box], encrypted under a key that
// lies beside the data and not in the database.
package alert
