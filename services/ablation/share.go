package ablation

import (
	"encoding/json"
	"time"
)

// Share is a chart behind a secret link: frozen, or live. The secret itself is never stored, only its hash.
type Share struct {
	ID           int64             `json:"id"`
	Hint         string            `json:"hint"` // the secret's first four characters
	Sweep        string            `json:"sweep"`
	Question     string            `json:"question"`
	Kind         string            `json:"kind"`  // which chart
	Live         bool              `json:"live"`  // it shows its sweep as it stands, not what Chart and CSV hold
	Chart        json.RawMessage   `json:"chart"` // option JSON and its caption, exactly as shared
	CSV          string            `json:"-"`     // exactly the shared points
	Fingerprints map[string]string `json:"fingerprints"`
	Version      string            `json:"version"` // of the program that froze it
	CreatedAt    time.Time         `json:"created_at"`
	ExpiresAt    time.Time         `json:"expires_at"`
	RevokedAt    *time.Time        `json:"revoked_at,omitempty"`
	EmbedIn      []string          `json:"embed_in"` // origins whose pages may show it in a frame: https://wiki.example.com
	Views        int64             `json:"views"`
}
