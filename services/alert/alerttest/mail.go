// Package alerttest has a mail server for tests: a real listener that can go away and come back. It delivers nothing. Start
// at [NewMailServer].
package alerttest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/haigo-lab/haigo/services/porttest"
)

// MailServer takes mail over SMTP, one mail a connection, and keeps it in Mails.
type MailServer struct {
	Address string      // host:port, the same after Return
	Mails   chan string // headers and bodies as they came, with CRLF

	// Set by what NewMailServer is given.
	Answers map[string]string // what it says to a command instead, by its verb; "" hangs up
	TLS     *tls.Config       // what it answers STARTTLS with; nil: it has none
	Wrapped bool              // connections begin with TLS instead

	t        testing.TB
	mu       sync.Mutex
	listener net.Listener
	serving  sync.WaitGroup
}

// NewMailServer listens on a free port of loopback, which nobody takes while it is away, until the test ends, set up as it is told to.
func NewMailServer(t testing.TB, set ...func(*MailServer)) *MailServer {
	t.Helper()
	m := &MailServer{Address: porttest.Free(t), Mails: make(chan string, 10), t: t}
	for _, f := range set {
		f(m)
	}
	m.Return()
	t.Cleanup(m.Leave)
	return m
}

// Leave closes the port; whoever connects is refused.
func (m *MailServer) Leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listener != nil {
		m.listener.Close()
	}
	m.listener = nil
	m.serving.Wait()
}

// Return opens the port again.
func (m *MailServer) Return() {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	l, err := net.Listen("tcp", m.Address)
	if err != nil {
		m.t.Fatal(err)
	}
	m.listener = l
	m.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.take(c)
		}
	})
}

func (m *MailServer) take(c net.Conn) {
	defer func() { c.Close() }()
	secure := m.Wrapped
	if secure {
		c = tls.Server(c, m.TLS)
	}
	in := bufio.NewReader(c)
	fmt.Fprint(c, "220 mail\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		answer, ok := m.Answers[firstWord(verb)]
		if ok && (secure || m.TLS == nil) {
			if answer == "" {
				return
			}
			fmt.Fprint(c, answer+"\r\n")
			continue
		}
		switch {
		case strings.HasPrefix(verb, "EHLO") && m.TLS != nil && !secure:
			fmt.Fprint(c, "250-mail\r\n250 STARTTLS\r\n")
		case verb == "STARTTLS":
			fmt.Fprint(c, "220 go on\r\n")
			secure, c = true, tls.Server(c, m.TLS)
			in = bufio.NewReader(c)
		case strings.HasPrefix(verb, "EHLO"):
			fmt.Fprint(c, "250-mail\r\n250 8BITMIME\r\n")
		case verb == "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var mail strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				mail.WriteString(line)
			}
			m.Mails <- mail.String()
			fmt.Fprint(c, "250 taken\r\n")
		case verb == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// Header is a header of a mail, unfolded; empty where there is none of that name.
func Header(mail, name string) string {
	text := strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(mail)
	for line := range strings.SplitSeq(text, "\r\n") {
		if v, ok := strings.CutPrefix(line, name+": "); ok {
			return v
		}
	}
	return ""
}
