package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/haigo-lab/haigo/services/ablation"
)

// MailServer is the server that mail goes out through.
type MailServer struct {
	Server       string `yaml:"server"` // host:port
	From         string `yaml:"from"`
	User         string `yaml:"user"` // empty: it asks for no password
	PasswordFile string `yaml:"password_file"`
	TLS          string `yaml:"tls"` // starttls (default), tls or none
}

func (s MailServer) check(path string) error {
	if s == (MailServer{}) {
		return nil
	}
	_, port, err := net.SplitHostPort(s.Server)
	if _, bad := strconv.Atoi(port); err != nil || bad != nil {
		return fmt.Errorf("%s: mail.server: %q is no HOST:PORT, such as smtp.example.jp:587", path, s.Server)
	}
	if _, err := netmail.ParseAddress(s.From); err != nil {
		return fmt.Errorf("%s: mail.from: %q is no mail address", path, s.From)
	}
	if _, ok := s.policy(); !ok {
		return fmt.Errorf("%s: mail.tls: %q isn't one of the choices; choose starttls, tls or none", path, s.TLS)
	}
	return nil
}

// policy is when TLS begins. A connection that began with it needs no more, but only this policy looks whether it did.
func (s MailServer) policy() (mail.TLSPolicy, bool) {
	policies := map[string]mail.TLSPolicy{"": mail.TLSMandatory, "starttls": mail.TLSMandatory, "tls": mail.TLSOpportunistic, "none": mail.NoTLS}
	policy, ok := policies[s.TLS]
	return policy, ok
}

// sendMail mails a message. The id makes the same alert the same mail, however often it is sent.
func (s *Sender) sendMail(ctx context.Context, to, id string, m Message) error {
	if s.mail.Server == "" {
		return trouble("alerts.yaml にメールサーバーの設定がありません", "no mail server is set up in alerts.yaml")
	}
	msg := mail.NewMsg()
	if errors.Join(msg.From(s.mail.From), msg.To(to)) != nil {
		return trouble("差出人か宛先がメールアドレスとして読めません", "sender or recipient is no mail address")
	}
	_, domain, _ := strings.Cut(s.mail.From, "@")
	msg.SetMessageIDWithValue(id + "@" + strings.Trim(domain, ">"))
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetBodyString(mail.TypeTextPlain, m.Text())
	var open line
	defer open.hangUp()
	client, err := s.mail.client(s.limit, open.dialing(ctx, s.mail.TLS == "tls"))
	if err != nil {
		return trouble("メールサーバー: パスワードを読めません。alerts.yaml の password_file を確かめてください",
			"mail server: its password can't be read; check password_file in alerts.yaml")
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		words := refusal(errors.Join(ctx.Err(), err), s.limit).Words
		return trouble("メールサーバー: %s", "mail server: %s", words)
	}
	return nil
}

// line is a connection to the mail server that ends with its context, whatever go-mail does: it leaves open what it can't
// greet, and gives each command a time of its own.
type line struct{ end func() }

func (l *line) dialing(ctx context.Context, secure bool) mail.DialContextFunc {
	dial := new(net.Dialer).DialContext
	if secure {
		dial = new(tls.Dialer).DialContext
	}
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(dialing, network, address)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			l.end = func() { stop(); conn.Close() }
		}
		return conn, err
	}
}

func (l *line) hangUp() {
	if l.end != nil {
		l.end()
	}
}

// refusal says why a mail server didn't take a mail. Its own words are left out, for they repeat the recipient's address.
func refusal(err error, within time.Duration) *ablation.Trouble {
	var of *mail.SendError
	if errors.As(err, &of) && of.ErrorCode() > 0 {
		switch of.Reason {
		case mail.ErrSMTPMailFrom:
			return trouble("差出人を拒否されました (%d)", "it refuses the sender (%d)", of.ErrorCode())
		case mail.ErrSMTPRcptTo:
			return trouble("宛先を拒否されました (%d)", "it refuses the recipient (%d)", of.ErrorCode())
		}
		return trouble("メールを拒否されました (%d)", "it refuses the mail (%d)", of.ErrorCode())
	}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return trouble("応答は %d でした", "it answers %d", answer.Code)
	}
	return unreached(err, within, trouble("alerts.yaml のとおりに通信できません。tls、user、password_file を確かめてください",
		"it doesn't speak as alerts.yaml says; check tls, user and password_file"))
}

func (s MailServer) client(limit time.Duration, dial mail.DialContextFunc) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	policy, _ := s.policy()
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(limit), mail.WithTLSPolicy(policy), mail.WithDialContextFunc(dial)}
	if s.User != "" {
		password, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read mail.password_file: %w", err)
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(strings.TrimSpace(string(password))))
	}
	return mail.NewClient(host, options...)
}
