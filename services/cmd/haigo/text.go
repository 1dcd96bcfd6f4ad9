package main

import (
	"fmt"
	"strconv"
	"time"
)

// count writes an integer with thousands separated.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// many writes a number of things: 1 run, 2 runs, 1,200 documents.
func many(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// short writes tokens or parameters in the habit of English: 240M, 1.8M, 950k.
func short(n float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size {
			return strconv.FormatFloat(n/unit.size, 'f', precision(n/unit.size), 64) + unit.name
		}
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

func precision(x float64) int {
	if x < 10 {
		return 2
	}
	if x < 100 {
		return 1
	}
	return 0
}

// span writes a duration as a person says it: 41 s, 3 min 20 s, 1 h 36 min.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

// cut shortens a text to at most n runes.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n]) + "…"
}
