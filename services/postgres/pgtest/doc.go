// Package pgtest gives every test a database of its own, migrated and empty, on a real Postgres.
//
// A test binary gets one private server, started when a test first asks for it, and a template that is migrated once;
// a test's database is a clone of the template and is dropped with the test. HAIGO_TEST_DATABASE_URL names a server to
// use instead, whose user may create databases. Nothing outlives the binary, not even one that is killed. It holds no
// data for tests. Start with [Main]:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestX(t *testing.T) { store := pgtest.Store(t) }
package pgtest
