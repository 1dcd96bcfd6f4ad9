package spec

import "regexp"

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	metricPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._/-]{0,255}$`)
	runPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	langPattern   = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// nameRule is the rule of ValidName in words.
const nameRule = "a name is lower-case letters, digits, '.', '_' and '-', at most 64, the first a letter or digit"

// ValidName says whether s may name a source, a set or a task: lower-case letters, digits, '.', '_' and '-', at most 64,
// the first a letter or digit. Such a name is safe as a folder and as an argument.
func ValidName(s string) bool { return namePattern.MatchString(s) }

// ValidMetric says whether s may name a metric: like a name, with '/' allowed after the first character (bpb/ja,
// rows/web-ja). Its parts may each be a name, so it may be longer.
func ValidMetric(s string) bool { return metricPattern.MatchString(s) }

// ValidDigest says whether s is a SHA-256 in 64 lower-case hex digits.
func ValidDigest(s string) bool { return digestPattern.MatchString(s) }
