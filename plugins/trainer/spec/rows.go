package spec

import "encoding/json"

// Dtypes of rows.bin, little-endian: uint32 where the vocabulary is above 65,536.
const (
	DtypeUint16 = "uint16"
	DtypeUint32 = "uint32"
)

// Rows is rows.json: what rows.bin, of shape [Rows, RowTokens+1], was made of.
type Rows struct {
	ManifestSHA256 string    `json:"manifest_sha256"`
	Tokenizer      Tokenizer `json:"tokenizer"`
	RowTokens      int       `json:"row_tokens"`
	Rows           int64     `json:"rows"` // n_k
	Dtype          string    `json:"dtype"`
	SHA256         string    `json:"sha256"` // of rows.bin
	// AnswerAfter is that of a spec's Tune, nil for rows of all text. Rows with it are others, in another folder, and what a token
	// of them says is their trainer's own.
	AnswerAfter *string `json:"answer_after,omitempty"`
}

// RowsKey names the folder of a source's rows: the SHA-256 of the first three fields of rows.json as compact JSON in the
// order of [Rows], with the tokenizer's path left out (its digest identifies it).
func RowsKey(manifestSHA256 string, t Tokenizer, rowTokens int) string {
	t.Path = ""
	key, err := json.Marshal(struct {
		ManifestSHA256 string    `json:"manifest_sha256"`
		Tokenizer      Tokenizer `json:"tokenizer"`
		RowTokens      int       `json:"row_tokens"`
	}{manifestSHA256, t, rowTokens})
	if err != nil {
		panic(err) // strings and an int always encode
	}
	return Digest(key)
}
