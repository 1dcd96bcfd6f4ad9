package ablation

import (
	"cmp"
	"slices"
	"time"
)

// Source is one immutable version of a named body of text in one language. Its manifest's digest is its identity.
type Source struct {
	Name             string           `json:"name"`
	Version          string           `json:"version"` // first 8 hex digits of ManifestSHA256
	Lang             string           `json:"lang"`    // BCP 47, or "code", "other"
	Role             SourceRole       `json:"role"`
	ManifestSHA256   string           `json:"manifest_sha256"`
	Dir              string           `json:"-"`                // folder of the version, absolute
	Bytes            int64            `json:"bytes"`            // UTF-8 bytes of the training documents' texts
	Documents        int64            `json:"documents"`        // training documents
	Tokens           int64            `json:"tokens,omitempty"` // training tokens and separators under the sweep's tokenizer; 0: over bytes
	HeldoutBytes     int64            `json:"heldout_bytes"`
	HeldoutDocuments int64            `json:"heldout_documents"`
	Rejected         map[string]int64 `json:"rejected"` // documents left out, by reason
	Origin           []Origin         `json:"origin"`
	CreatedAt        time.Time        `json:"created_at"`
}

// Rows is how many rows of rowTokens the source makes: every training document and its separator, cut into pieces of
// rowTokens + 1 that don't overlap, the tail dropped.
func (s Source) Rows(rowTokens int) int64 { return s.All() / int64(rowTokens+1) }

// All is how many tokens the source's training documents and their separators are.
func (s Source) All() int64 { return cmp.Or(s.Tokens, s.Bytes+s.Documents) }

// ID names the version: NAME@VERSION.
func (s Source) ID() string { return s.Name + "@" + s.Version }

// PartOf reports whether the source is a sample of another's training text.
func (s Source) PartOf(whole Source) bool { return slices.Contains(s.Origin, Origin{Path: whole.ID()}) }

// SourceRole says what a source may be used for.
type SourceRole string

// Roles of sources: to train on (its held-out part is scored), for evaluation only, or read by runs that were trained elsewhere
// and not here.
const (
	RoleTrain     SourceRole = "train"
	RoleHeldout   SourceRole = "heldout"
	RoleElsewhere SourceRole = "elsewhere"
)

// Origin says where the text of a source came from.
type Origin struct {
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	Licence string `json:"licence,omitempty"`
	Path    string `json:"path,omitempty"`
}

// SourceRef names a source in a sweep file; an empty version is the newest at the start.
type SourceRef struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Task is one immutable version of an evaluation task.
type Task struct {
	Name    string  `json:"name"`
	Version string  `json:"version"` // first 8 hex digits of SHA256
	Lang    string  `json:"lang"`
	Kind    string  `json:"kind"` // multiple_choice, cloze, extractive, generation
	Items   int64   `json:"items"`
	Norm    string  `json:"norm,omitempty"` // bytes or sum: what accuracy compares choices by; "" without choices
	Chance  float64 `json:"chance"`         // accuracy of a guess, a fraction
	// Majority is the accuracy of giving the most frequent right answer to every item, a fraction.
	Majority float64 `json:"majority"`
	Source   string  `json:"source,omitempty"`
	// SourceSHA256 is the manifest of the source version that the items were held out from; "" where not known.
	SourceSHA256 string    `json:"source_sha256,omitempty"`
	SHA256       string    `json:"sha256"` // of the items file
	Path         string    `json:"-"`      // of the items file, absolute
	CreatedAt    time.Time `json:"created_at"`
}

// Floor is the accuracy that knowing nothing of an item gets: of a guess, or of the most frequent answer.
func (t Task) Floor() float64 { return max(t.Chance, t.Majority) }
