package spec

import (
	"encoding/json"
	"path/filepath"
)

// Files of a tokenizer's folder. It appears at once, whole.
const (
	TokenizerName  = "tokenizer" // the tokenizer's own file, in whatever format
	TokenizerAbout = "about.json"
)

// TokenizerOrder is what a trainer's program that makes tokenizers is asked for, as a JSON file: to learn one of Vocab tokens
// from the sources, or to check the one at Path; and to say how long the sources' text is in it. It makes the folder Dir, which
// several processes may order at once.
type TokenizerOrder struct {
	Sources []Source `json:"sources"`
	Vocab   int      `json:"vocab,omitempty"` // 0: the tokenizer at Path
	Path    string   `json:"path,omitempty"`
	SHA256  string   `json:"sha256,omitempty"` // of the file at Path
	Dir     string   `json:"dir"`
}

// TokenizerMade is about.json: what is known of a tokenizer.
type TokenizerMade struct {
	SHA256 string `json:"sha256"` // of its file
	Vocab  int    `json:"vocab"`  // ids of the file, and the separator, which is the last
	// Reversible: a text comes back as it was. Of one that changes text before it encodes, bits per byte are of what it left.
	Reversible bool                         `json:"reversible"`
	Sources    map[string]TokenizerMeasured `json:"sources"` // by the manifest's digest
}

// TokenizerMeasured is how long a part of a source's training text is in a tokenizer, without separators.
type TokenizerMeasured struct {
	Bytes  int64 `json:"bytes"`
	Tokens int64 `json:"tokens"`
}

// Of is about how many tokens so many bytes in so many documents have, a separator each.
func (m TokenizerMeasured) Of(bytes, documents int64) int64 {
	if m.Bytes == 0 {
		return bytes + documents
	}
	return int64(float64(bytes)*float64(m.Tokens)/float64(m.Bytes)) + documents
}

// TokenizerKey names the folder of what was ordered: the same tokenizer, measured on the same sources.
func TokenizerKey(o TokenizerOrder) string {
	about := struct {
		Vocab   int      `json:"vocab"`
		SHA256  string   `json:"sha256"`
		Sources []string `json:"sources"`
	}{Vocab: o.Vocab, SHA256: o.SHA256}
	for _, s := range o.Sources {
		about.Sources = append(about.Sources, s.ManifestSHA256)
	}
	key, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings and an int always encode
	}
	return Digest(key)
}

// TokenizerDir is the folder of a tokenizer in the data folder.
func TokenizerDir(data, key string) string { return filepath.Join(data, "tokenizers", key) }
