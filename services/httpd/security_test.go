package httpd_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/httpd"
)

const token = "0123456789abcdef0123456789abcdef"

func TestNew_refusesOpenAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options httpd.Options
		want    string // in the error; empty: it starts
	}{
		{"loopback needs no token", httpd.Options{Listen: "127.0.0.1:8080"}, ""},
		{"loopback of IPv6 needs no token", httpd.Options{Listen: "[::1]:8080"}, ""},
		{"all addresses need a token", httpd.Options{Listen: "0.0.0.0:8080"}, "HAIGO_ADMIN_TOKEN"},
		{"all addresses of IPv6 need a token", httpd.Options{Listen: "[::]:8080"}, "HAIGO_ADMIN_TOKEN"},
		{"another machine's view needs a token", httpd.Options{Listen: "192.0.2.7:8080"}, "HAIGO_ADMIN_TOKEN"},
		{"a token opens other addresses", httpd.Options{Listen: "0.0.0.0:8080", AdminToken: token}, ""},
		{"a short token is none", httpd.Options{Listen: "0.0.0.0:8080", AdminToken: "secret"}, "too short"},
		{"a link needs a whole address", httpd.Options{Listen: "127.0.0.1:8080", URL: "haigo.example"}, "no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := httpd.New(tt.options)
			if tt.want == "" && err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{Hosts: []string{"haigo.example"}, URL: "https://shares.example/"})
	for host, status := range map[string]int{
		"haigo.example": 200, "HAIGO.example:443": 200, "localhost:1": 200, "[::1]:80": 200, "shares.example": 200,
		"evil.example": 421, "haigo.example.evil.example": 421, "127.0.0.1.nip.example": 421,
	} {
		s.get("/", "Host", host).want(t, status)
		s.get("/api/v1/sweeps", "Host", host).want(t, status)
	}
	s.get("/healthz", "Host", "10.0.0.7:8080").want(t, 200) // a container's health check knows no names
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("talk")
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
		for _, path := range []string{"/sweeps/talk/stop", "/api/v1/sweeps/talk/stop", "/logout"} {
			s.do(http.MethodPost, path, nil, header...).want(t, 403)
		}
	}
	s.get("/sweeps/talk", "Sec-Fetch-Site", "cross-site").want(t, 200)
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{AdminToken: token})
	t.Run("everything but health and shares asks for the token", func(t *testing.T) {
		s.get("/healthz").want(t, 200)
		s.get("/s/nothing").want(t, 404)
		for _, path := range []string{"/", "/new", "/sources", "/shares", "/sweeps/x", "/runs/x"} {
			if to := s.get(path).want(t, 303).Header.Get("Location"); !strings.HasPrefix(to, "/login") {
				t.Errorf("%s leads to %s", path, to)
			}
		}
		for _, path := range []string{"/api/v1/sweeps", "/api/v1/events", "/api/v1/openapi.json", "/api/v1/nothing"} {
			s.get(path).want(t, 401)
		}
		s.send("/sweeps/x/stop").want(t, 303)
	})
	t.Run("the API takes the token", func(t *testing.T) {
		s.get("/api/v1/sweeps", "Authorization", "Bearer "+token).want(t, 200)
		s.get("/api/v1/sweeps", "Authorization", "Bearer "+token+"x").want(t, 401)
		s.get("/api/v1/sweeps", "Authorization", "Bearer ").want(t, 401)
	})
	t.Run("the form makes a session, which ends with log-out", func(t *testing.T) {
		s.get("/login?next=/sources&lang=en").want(t, 200, `value="/sources"`)
		s.send("/login", "token", "wrong", "next", "/sources").want(t, 403, "That is not the token.")
		a := s.send("/login", "token", token, "next", "/sources").want(t, 303)
		if to := a.Header.Get("Location"); to != "/sources" {
			t.Errorf("log-in leads to %s", to)
		}
		cookie := a.Header.Get("Set-Cookie")
		for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("the cookie %q lacks %s", cookie, want)
			}
		}
		s.get("/sources").want(t, 200)
		s.get("/api/v1/sweeps").want(t, 200)
		s.send("/logout").want(t, 303)
		s.get("/sources").want(t, 303)
	})
	t.Run("log-in never leads elsewhere", func(t *testing.T) {
		for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "evil", ""} {
			if to := s.send("/login", "token", token, "next", next).Header.Get("Location"); to != "/" && to != "" {
				t.Errorf("next %q leads to %q", next, to)
			}
		}
	})
	t.Run("a session can't be made up", func(t *testing.T) {
		s := open(t, httpd.Options{AdminToken: token})
		for _, session := range []string{"", "9999999999", "9999999999.", "9999999999.AAAA", "."} {
			s.get("/", "Cookie", "haigo_session="+session).want(t, 303)
		}
	})
	t.Run("guessing is slowed down", func(t *testing.T) {
		s := open(t, httpd.Options{AdminToken: token})
		for range 5 {
			s.send("/login", "token", "wrong").want(t, 403)
		}
		if a := s.send("/login", "token", token).want(t, 429); a.Header.Get("Retry-After") == "" {
			t.Error("nothing says when to try again")
		}
	})
}

func TestLogs_holdNoSecrets(t *testing.T) {
	t.Parallel()
	log := &text{}
	s := open(t, httpd.Options{AdminToken: token, Log: log.logger()})
	s.send("/login", "token", token)
	s.text()
	s.sweep("talk")
	for range 4 {
		s.train("completed")
	}
	link := s.share("talk")
	s.get(link).want(t, 200)
	s.get(link+"/chart.json").want(t, 200)
	if log := log.String(); strings.Contains(log, token) || strings.Contains(log, strings.TrimPrefix(link, "/s/")) || !strings.Contains(log, "/s/{secret}") {
		t.Errorf("the log says\n%s", log)
	}
}
