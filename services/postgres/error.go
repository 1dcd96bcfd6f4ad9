package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
)

// ErrLost says that a claim is no longer its holder's: stop writing for the run, somebody else does.
var ErrLost = errors.New("the claim was lost")

// Classes of errors that Postgres names by code.
const (
	codeUnique        = "23505"
	codeNoText        = "22021" // NUL in a text
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
)

// conflicts are the constraints that a caller can run into without a defect of ours, and what to say then.
var conflicts = map[string]string{
	"sweeps_name_once":     "a sweep of this name exists",
	"attempts_one_open":    "the run has an attempt that isn't proved ended",
	"attempts_pkey":        "the run has an attempt of this number",
	"sources_version_once": "a source of this name and version exists with other text",
	"tasks_version_once":   "a task of this name and version exists with other items",
}

// known turns what Postgres says into the errors of ablation, by the constraint's name.
func known(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ablation.ErrNotFound
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if pg.Code == codeNoText {
		return ablation.ErrNotFound // a name that no text can be names nothing
	}
	if text, ok := conflicts[pg.ConstraintName]; ok && pg.Code == codeUnique {
		return fmt.Errorf("%s: %w", text, ablation.ErrConflict)
	}
	return err
}

// Away reports whether an error is no answer: the connection broke, or the server as a whole failed. The same may succeed later.
func Away(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	if pgconn.SafeToRetry(err) || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.SeverityUnlocalized != "ERROR" || slices.Contains(failing, pg.Code[:2]))
}

// Refused reports whether an error is of what was to be written, whenever it is written: it is too large, out of range or against a rule.
func Refused(err error) bool {
	var pg *pgconn.PgError
	var unwritable *json.UnsupportedValueError
	return errors.As(err, &unwritable) || errors.As(err, &pg) && slices.Contains([]string{"22", "23", "54"}, pg.Code[:2])
}

// failing are the classes of what a server can't do now: connections, rollbacks, resources, what others hold, an operator, the system.
var failing = []string{"08", "40", "53", "55", "57", "58"}

// victim reports whether the database gave up a transaction that may succeed when it is run again.
func victim(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}
