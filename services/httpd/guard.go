package httpd

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	sessionCookie = "haigo_session"
	sessionTime   = 7 * 24 * time.Hour
)

// guard decides who may ask at all: which host names are answered, and who has shown the admin token.
type guard struct {
	hosts  []string
	token  string // empty: nobody logs in
	secure bool   // cookies over TLS only
	logins *limiter
}

func newGuard(o Options) (guard, error) {
	listen, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return guard{}, fmt.Errorf("address %q: %w", o.Listen, err)
	}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" {
		return guard{}, fmt.Errorf("address %q is no URL: write it like https://haigo.example.com", o.URL)
	}
	if !loopback(listen) && o.AdminToken == "" {
		return guard{}, fmt.Errorf("%s can be reached from other machines: set HAIGO_ADMIN_TOKEN to a long random text, or listen on 127.0.0.1", o.Listen)
	}
	if o.AdminToken != "" && len(o.AdminToken) < 16 {
		return guard{}, errors.New("the admin token is too short: take at least 16 characters, best from openssl rand -hex 32")
	}
	hosts := append([]string{"localhost", "127.0.0.1", "::1", listen, base.Hostname()}, o.Hosts...)
	if !loopback(listen) {
		hosts = append([]string{listen, base.Hostname()}, o.Hosts...)
	}
	return guard{hosts: hosts, token: o.AdminToken, secure: base.Scheme == "https", logins: newLimiter(5, time.Minute)}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answersTo reports whether a request was sent to one of our names: no foreign page can then reach us by its own.
func (g guard) answersTo(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.ContainsFunc(g.hosts, func(h string) bool { return h != "" && strings.EqualFold(h, strings.Trim(host, "[]")) })
}

// knownHost refuses requests sent to names that aren't ours.
func (s *Server) knownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.guard.answersTo(r.Host) {
			s.unknownHost(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownOrigin refuses changes that pages of other sites ask for.
func (s *Server) ownOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(s.foreign))
	return protection.Handler(next)
}

// admitted reports whether the request may see pages and API.
func (g guard) admitted(r *http.Request) bool {
	if g.token == "" {
		return true
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return g.isToken(bearer)
	}
	cookie, err := r.Cookie(sessionCookie)
	return err == nil && g.isSession(cookie.Value, time.Now())
}

// isToken compares digests, so that neither content nor length shows in the time it takes.
func (g guard) isToken(s string) bool {
	given, want := sha256.Sum256([]byte(s)), sha256.Sum256([]byte(g.token))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// session is a cookie's value: when it ends, signed with the token, so that a new token ends all sessions.
func (g guard) session(ends time.Time) string {
	stamp := strconv.FormatInt(ends.Unix(), 10)
	return stamp + "." + g.sign(stamp)
}

func (g guard) isSession(value string, now time.Time) bool {
	stamp, signature, _ := strings.Cut(value, ".")
	if subtle.ConstantTimeCompare([]byte(signature), []byte(g.sign(stamp))) != 1 {
		return false
	}
	ends, err := strconv.ParseInt(stamp, 10, 64)
	return err == nil && now.Before(time.Unix(ends, 0))
}

func (g guard) sign(stamp string) string {
	mac := hmac.New(sha256.New, []byte(g.token))
	mac.Write([]byte("session until " + stamp))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// logIn gives the browser a session.
func (g guard) logIn(w http.ResponseWriter, now time.Time) {
	ends := now.Add(sessionTime)
	http.SetCookie(w, g.cookie(g.session(ends), ends))
}

// logOut takes it back.
func (g guard) logOut(w http.ResponseWriter) { http.SetCookie(w, g.cookie("", time.Unix(1, 0))) }

func (g guard) cookie(value string, ends time.Time) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Value: value, Path: "/", Expires: ends, HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteLaxMode}
}
