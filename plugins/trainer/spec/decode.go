package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
)

// DecodeSpec reads spec.json strictly and checks every rule of the run directory that the file alone can break. The
// error is an *[Invalid] that names all problems by field path.
func DecodeSpec(data []byte) (*Spec, error) {
	if err := checkVersion(data); err != nil {
		return nil, err
	}
	var s Spec
	if p := decodeStrict(data, &s); len(p) > 0 {
		return nil, p.err()
	}
	if p := s.Problems(); len(p) > 0 {
		return nil, &Invalid{Problems: p}
	}
	return &s, nil
}

// checkVersion comes first: a file of another version may differ in every other field. What isn't a version at all is
// left to the strict pass.
func checkVersion(data []byte) error {
	var v struct {
		SpecVersion json.Number `json:"spec_version"`
	}
	err := json.Unmarshal(data, &v)
	var p problems
	p.need(err != nil || v.SpecVersion == "" || v.SpecVersion.String() == strconv.Itoa(Version), "spec_version",
		"this program reads version %d, the file is version %s; use programs of one release", Version, v.SpecVersion)
	return p.err()
}

// Encode writes spec.json: indented, one final newline, empty lists as [] and never null. It doesn't check the rules.
func Encode(s *Spec) ([]byte, error) {
	c := *s
	c.Sources, c.Weights = list(c.Sources), list(c.Weights)
	c.Eval.Sets, c.Eval.Tasks = list(c.Eval.Sets), list(c.Eval.Tasks)
	c.Interventions, c.Resources.Devices = list(c.Interventions), list(c.Resources.Devices)
	if c.Extra = maps.Clone(c.Extra); c.Extra == nil {
		c.Extra = map[string]any{}
	}
	data, err := encodeFile(c)
	if err != nil {
		return nil, fmt.Errorf("encode spec: %w", err)
	}
	return data, nil
}

// Digest is the SHA-256 of a file's bytes in lower-case hex, as all digests of the run directory are.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// list is a copy of s that JSON never writes as null.
func list[T any](s []T) []T { return append([]T{}, s...) }

// encodeFile writes v as an indented JSON file for people to read: no escapes of < and &.
func encodeFile(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
