package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"syscall"

	"github.com/wneessen/go-mail"
)

// trouble says in our own words what went wrong with a connection. Errors of libraries hold the address, which may be a token,
// and quote what the other side said, which is nobody's business: an address may lead anywhere.
func trouble(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var refused tls.AlertError
	switch {
	case errors.Is(err, ErrPrivate):
		return ErrPrivate
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &dns):
		return errors.New("its name can't be resolved")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens there")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("it doesn't answer in time")
	case errors.As(err, &certificate):
		return errors.New("its certificate isn't one that this machine trusts")
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &notTLS), errors.As(err, &refused):
		return errors.New("it doesn't speak TLS as this program does")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errors.New("it ends the connection without an answer")
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fmt.Errorf("it can't be reached: %w", errno)
	}
	return errors.New("it answers with something else than it should")
}

// refusals are what a mail server may refuse.
var refusals = map[mail.SendErrReason]string{
	mail.ErrSMTPMailFrom: "the sender (mail.from)", mail.ErrSMTPRcptTo: "the recipient", mail.ErrSMTPData: "the mail", mail.ErrSMTPDataClose: "the mail",
	mail.ErrWriteContent: "the mail", mail.ErrNoUnencoded: "mail that isn't ASCII",
}

// mailTrouble says in our own words why a mail didn't go out: the server's may hold the recipient's address.
func mailTrouble(err error) error {
	var send *mail.SendError
	var reply *textproto.Error
	switch what := ""; {
	case errors.As(err, &send) && send.ErrorCode() > 0:
		if what = refusals[send.Reason]; what == "" {
			what = "it"
		}
		return fmt.Errorf("the mail server refuses %s: %d", what, send.ErrorCode())
	case errors.As(err, &reply):
		return fmt.Errorf("the mail server answers %d", reply.Code)
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return errors.New("the mail server doesn't offer STARTTLS; mail.tls in alerts.yaml: tls encrypts from the first byte, none not at all")
	}
	return fmt.Errorf("the mail server: %w", trouble(err))
}
