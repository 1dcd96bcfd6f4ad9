package ablation

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (r *reader) text(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	return n.text
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// name is a name that is safe as a folder, a metric's part and an argument.
func (r *reader) name(n *node) string {
	if !r.is(n, kindScalar) || !r.named(n) {
		return ""
	}
	return n.text
}

func (r *reader) named(n *node) bool {
	if namePattern.MatchString(n.text) {
		return true
	}
	r.problem(n, say("%s is no name; use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first",
		"%s は名前に使えません。英小文字、数字、. _ - で 64 字まで、先頭は英小文字か数字にしてください", strconv.Quote(n.text)))
	return false
}

func (r *reader) choice(n *node, otherwise string, options ...string) string {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	if !slices.Contains(options, n.text) {
		r.problem(n, say("%s isn't one of the choices; choose %s", "%s は選べません。%s から選んでください", strconv.Quote(n.text), strings.Join(options, ", ")))
		return otherwise
	}
	return n.text
}

var (
	wholePattern  = regexp.MustCompile(`^[0-9]+$`)
	numberPattern = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)
)

// whole is an integer from low to high.
func (r *reader) whole(n *node, otherwise, low, high int64) int64 {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if n.quoted || !wholePattern.MatchString(n.text) || err != nil || v < low || v > high {
		r.problem(n, say("is %s; give a whole number from %d to %d", "%s です。%d から %d までの整数を書いてください", n.shown(), low, high))
		return otherwise
	}
	return v
}

// span is the numbers from low to high; above leaves low itself out.
type span struct {
	low, high float64
	above     bool
}

func (s span) holds(v float64) bool { return v >= s.low && v <= s.high && !(s.above && v == s.low) }

func (s span) words() Label {
	switch {
	case s.above && math.IsInf(s.high, 1):
		return say("a number above %v", "%v より大きい数", s.low)
	case math.IsInf(s.high, 1):
		return say("a number of at least %v", "%v 以上の数", s.low)
	case s.above:
		return say("a number above %v and at most %v", "%v より大きく %v 以下の数", s.low, s.high)
	}
	return say("a number from %v to %v", "%v から %v までの数", s.low, s.high)
}

// number is a decimal within a span.
func (r *reader) number(n *node, otherwise float64, s span) float64 {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if n.quoted || !numberPattern.MatchString(n.text) || err != nil || !s.holds(v) {
		r.problem(n, say("is %s; give %s", "%s です。%sを書いてください", n.shown(), s.words()))
		return otherwise
	}
	return v
}

// share is a decimal from 0 to 1.
func (r *reader) share(n *node) float64 {
	if !r.is(n, kindScalar) {
		return 0
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if n.quoted || !numberPattern.MatchString(n.text) || err != nil || v < 0 || v > 1 {
		r.problem(n, say("is %s; give a share from 0 to 1, such as 0.57", "%s です。0.57 のように 0 から 1 までの割合を書いてください", n.shown()))
		return 0
	}
	return v
}

// shown is a scalar as a message shows it: text that was quoted stays so.
func (n *node) shown() string {
	if n.quoted {
		return strconv.Quote(n.text)
	}
	return n.text
}
