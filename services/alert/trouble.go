package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// ErrPrivate is a connection to an address that is none of a channel's business.
var ErrPrivate = trouble("プライベートなアドレスです。管理者は alerts.yaml に allow: [10.0.0.0/8] のように書いて許可できます",
	"the address is private; an administrator can allow it in alerts.yaml: allow: [10.0.0.0/8]")

func trouble(ja, en string, args ...any) *ablation.Trouble {
	return &ablation.Trouble{Words: say(ja, en, args...)}
}

// unreached says in our own words why a connection led to no answer. The error itself is shown to nobody: those of the
// network's packages quote addresses, which may hold a token, and what was answered. otherwise is what is left to say.
func unreached(err error, within time.Duration, otherwise *ablation.Trouble) *ablation.Trouble {
	if errors.Is(err, ErrPrivate) {
		return ErrPrivate
	}
	if t := insecure(err); t != nil {
		return t
	}
	var dns *net.DNSError
	var slow net.Error
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return trouble("名前を解決できません", "its name can't be resolved")
	case errors.Is(err, context.Canceled):
		return trouble("途中で中断されました", "it was interrupted")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return trouble("%s 以内に応答がありません", "it doesn't answer within %s", within)
	case errors.Is(err, syscall.ECONNREFUSED):
		return trouble("接続を拒否されました", "it refuses the connection")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return trouble("経路がなく、到達できません", "no route leads to it")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return trouble("応答せずに接続が切られました", "it hangs up without an answer")
	}
	return otherwise
}

// insecure is what is wrong with TLS, nil where nothing is.
func insecure(err error) *ablation.Trouble {
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		bad     *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		refused tls.AlertError
	)
	switch {
	case errors.As(err, &name):
		return trouble("証明書の名前が一致しません", "its certificate is for another name")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return trouble("証明書の有効期間外です", "its certificate has expired, or isn't valid yet")
	case errors.As(err, &bad):
		return trouble("証明書を信頼できません", "its certificate isn't trusted here")
	case errors.As(err, &record), errors.As(err, &refused), errors.Is(err, http.ErrSchemeMismatch):
		return trouble("安全な接続 (TLS) を確立できません", "no secure connection can be made with it")
	}
	return nil
}
