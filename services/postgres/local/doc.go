// Package local runs a private Postgres: for haigo dev, haigo demo and tests, where no database was named.
//
// It finds binaries on the machine or in the npm packages under web/, makes a cluster in the data folder and starts a
// server that listens on a Unix socket only, in a session of its own, so that Ctrl-C never reaches it. Several programs
// may use one data folder at once: the last to leave stops the server, one that was left behind is used again, and one that
// dies in use is launched anew. It never touches a server that it was not the one to start, and never the network. Start
// with [Start].
//
// What lies in the data folder:
//
//	postgres/cluster     the database
//	postgres/socket      the folder of the socket, for its owner alone
//	postgres.json        where cluster, socket and binaries really are
//	postgres.log         what the server says
//	postgres.lock        held while somebody starts or stops the server
//	postgres.users       held, shared, by everybody who uses it
//
// Postgres refuses to run as root. Root's server runs as the user postgres, else nobody: in the data folder where that
// user can enter it, else in a folder of its own under /var/lib/haigo.
package local
