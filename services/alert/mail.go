package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
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

func (s MailServer) policy() (mail.Option, bool) {
	switch s.TLS {
	case "", "starttls":
		return mail.WithTLSPolicy(mail.TLSMandatory), true
	case "tls":
		return mail.WithSSL(), true
	case "none":
		return mail.WithTLSPolicy(mail.NoTLS), true
	}
	return nil, false
}

// send mails a message. The id makes the same alert the same mail, however often it is sent.
func (s MailServer) send(ctx context.Context, to, id string, m Message) error {
	if s.Server == "" {
		return errors.New("no mail server is set up in " + SettingsFile)
	}
	msg := mail.NewMsg()
	if err := msg.From(s.From); err != nil {
		return fmt.Errorf("read mail.from: %w", err)
	}
	if msg.To(to) != nil { // its words would hold the address
		return errors.New("the recipient's address can't be read")
	}
	_, domain, _ := strings.Cut(s.From, "@")
	msg.SetMessageIDWithValue(id + "@" + strings.Trim(domain, ">"))
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetBodyString(mail.TypeTextPlain, m.Text())
	client, err := s.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return mailTrouble(err)
	}
	return nil
}

func (s MailServer) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	policy, _ := s.policy()
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(15 * time.Second), policy}
	if s.User != "" {
		password, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read mail.password_file: %w", err)
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(strings.TrimSpace(string(password))))
	}
	return mail.NewClient(host, options...)
}
