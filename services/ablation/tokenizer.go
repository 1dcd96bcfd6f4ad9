package ablation

import (
	"fmt"
	"strconv"
	"strings"
)

// TokenizerBytes is the tokenizer that every trainer has: the text's UTF-8 bytes and a separator. A recipe may name another one of
// its trainer's, which is learnt from the sweep's sources, or the absolute path of a tokenizer's file.
const TokenizerBytes = "bytes"

// Tokenized is what the tokenizer of a sweep was found to be at its start, where that isn't bytes.
type Tokenized struct {
	Key        string           `json:"key"`        // names its folder in the data folder
	SHA256     string           `json:"sha256"`     // of its file
	Vocab      int64            `json:"vocab"`      // with the separator
	Reversible bool             `json:"reversible"` // a text comes back as it was
	Tokens     map[string]int64 `json:"tokens"`     // of each source's training documents and their separators, by measure of a part
	// Pending says that it is still being made: the rest is what to expect of it.
	Pending bool `json:"pending,omitempty"`
}

// BytesPerToken of a source's training text, its separators left out; 0 where it has none.
func (t Tokenized) BytesPerToken(s Source) float64 {
	n := t.Tokens[s.Name] - s.Documents
	if n <= 0 {
		return 0
	}
	return float64(s.Bytes) / float64(n)
}

// text is how long a token is, source by source.
func (t Tokenized) text(sources []Source) string {
	var parts []string
	for _, s := range sources {
		if per := t.BytesPerToken(s); per > 0 {
			parts = append(parts, fmt.Sprintf("%s %.2f", s.Name, per))
		}
	}
	return strings.Join(parts, ", ")
}

// Lengths is how many bytes of each source a token is, for a person: "ja 3.91, en 3.38".
func (p *Plan) Lengths() string {
	if p.Tokenized == nil {
		return ""
	}
	return p.Tokenized.text(p.Sources)
}

// warnTokenizer tells of a tokenizer that isn't there yet, and of one under which bits per byte mean something else.
func (p *Plan) warnTokenizer(s Sweep) {
	switch t := p.Tokenized; {
	case t == nil:
	case t.Pending:
		p.warning(say("tokenizer %s is being made ready, once for these sources; until it is there tokens, epochs and rows are an estimate",
			"トークナイザー %s を、これらのデータソースのために用意しています（1 回だけ）。できるまで、トークン数・エポック数・行数は見積もりです", s.Recipe.Tokenizer))
	case !t.Reversible:
		p.warning(say("the tokenizer changes text before it encodes it: bits per byte are of what it leaves, and compare only among runs with this tokenizer",
			"このトークナイザーは符号化の前にテキストを書き換えます。bits per byte は書き換え後のテキストについての値で、同じトークナイザーのラン同士でだけ比べられます"))
	}
}

func (r *reader) tokenizer(n *node) string {
	if !r.is(n, kindScalar) {
		return TokenizerBytes
	}
	if !strings.HasPrefix(n.text, "/") && !namePattern.MatchString(n.text) {
		r.problem(n, say("%s is no tokenizer; give bytes, a trainer's such as unigram-8k, or the path of a tokenizer's file from / on",
			"%s はトークナイザーとして読めません。bytes、unigram-8k のようなトレーナーのもの、またはトークナイザーのファイルを / から書いてください", strconv.Quote(n.text)))
		return TokenizerBytes
	}
	return n.text
}
