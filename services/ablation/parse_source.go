package ablation

import (
	"regexp"
	"strconv"
)

func (r *reader) sources(n *node) []SourceRef {
	if n == nil {
		return nil
	}
	var out []SourceRef
	seen := map[string]bool{}
	for _, item := range r.list(n) {
		ref, place := r.source(item)
		if ref.Name == "" {
			continue
		}
		if seen[ref.Name] {
			r.twice(place)
			continue
		}
		seen[ref.Name] = true
		out = append(out, ref)
	}
	return out
}

// source is a name, or a name with a version.
func (r *reader) source(n *node) (SourceRef, *node) {
	if n.kind != kindMapping {
		return SourceRef{Name: r.name(n)}, n
	}
	f := r.fields(n, "name", "version")
	r.require(n, f, "name")
	return SourceRef{Name: r.name(f["name"]), Version: r.version(f["version"])}, f["name"]
}

var versionPattern = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func (r *reader) version(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if !versionPattern.MatchString(n.text) {
		r.problem(n, say("%s is no version; give the 8 hex digits that the sources page shows", "%s は版として読めません。データソースの一覧にある 16 進 8 桁を書いてください", strconv.Quote(n.text)))
		return ""
	}
	return n.text
}

func (r *reader) twice(n *node) {
	r.problem(n, say("%s stands here a second time; keep one", "%s が 2 回あります。1 つだけ残してください", n.text))
}
