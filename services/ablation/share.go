package ablation

import (
	"encoding/json"
	"time"
)

// Share is a frozen chart behind a secret link. The secret itself is never stored, only its hash.
type Share struct {
	ID           int64             `json:"id"`
	Hint         string            `json:"hint"` // the secret's first four characters
	Sweep        string            `json:"sweep"`
	Question     string            `json:"question"`
	Kind         string            `json:"kind"`  // which chart
	Chart        json.RawMessage   `json:"chart"` // option JSON and its caption, exactly as shared
	CSV          string            `json:"-"`     // exactly the shared points
	Fingerprints map[string]string `json:"fingerprints"`
	Version      string            `json:"version"` // of the program that froze it
	CreatedAt    time.Time         `json:"created_at"`
	ExpiresAt    time.Time         `json:"expires_at"`
	RevokedAt    *time.Time        `json:"revoked_at,omitempty"`
	Views        int64             `json:"views"`
}
