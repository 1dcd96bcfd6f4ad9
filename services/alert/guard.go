package alert

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
)

// Guard lets connections reach public addresses only, and those private ones that the administrator allows. It looks at
// the address that is really dialled, after names were resolved: a name that resolves to loopback the second time it is
// asked gets no further.
type Guard struct{ Allow []netip.Prefix }

// shared are ranges that aren't private by name but don't lead into the public network either (RFC 6598, 6890, 8215).
var shared = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"), // Teredo, and site-local addresses of old
}

func (g Guard) check(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	if !g.allows(at.Addr().Unmap()) {
		return ErrPrivate
	}
	return nil
}

func (g Guard) allows(ip netip.Addr) bool {
	for _, p := range g.Allow {
		if p.Contains(ip) {
			return true
		}
	}
	for _, p := range shared {
		if p.Contains(ip) {
			return false
		}
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// Transport makes requests that the guard allows, each over a connection of its own; a proxy from the environment isn't
// used, for it would dial in the guard's place. How long one may take is its context's business.
func (g Guard) Transport() *http.Transport {
	dialer := &net.Dialer{Control: g.check}
	return &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
}
