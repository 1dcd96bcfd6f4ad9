package table

import (
	"regexp"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Pair says that a metric is scored on text of a source's kind: Japanese held-out text with a Japanese source.
type Pair struct{ Source, Metric string }

// ParsePair reads SOURCE=METRIC; either name may hold an equals sign.
func (t Table) ParsePair(text string) (Pair, error) {
	for i, c := range text {
		p := Pair{text[:i], strings.TrimPrefix(text[i:], "=")}
		if c == '=' && slices.Contains(t.Sources, p.Source) && slices.Contains(t.Metrics, p.Metric) {
			return p, nil
		}
	}
	return Pair{}, &ablation.Invalid{Problems: []ablation.Problem{{Field: "pair", Text: text, Message: ablation.Said(
		"%s joins no source with a metric: write SOURCE=METRIC; sources are %s; metrics are %s",
		"%s はデータソースと指標の組ではありません。データソース=指標 と書いてください。データソース: %s。指標: %s", text, some(t.Sources), some(t.Metrics))}}}
}

var wordPattern = regexp.MustCompile(`[\p{L}\p{N}]+`)

// chaff are words of names of sources and metrics that say what kind of number it is, not which text.
var chaff = []string{
	"bpb", "loss", "nll", "ppl", "perplexity", "metric", "metrics", "val", "valid", "validation", "eval", "heldout", "test", "train", "training",
	"data", "source", "text",
}

// gist is what is left of a name without words of form.
func gist(name string) string {
	words := wordPattern.FindAllString(strings.ToLower(name), -1)
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return slices.Contains(chaff, w) }), " ")
}

// Pairs are the pairs that names make obvious: what is left of both, without words such as train and loss, is the same.
func (t Table) Pairs() []Pair {
	var pairs []Pair
	for _, metric := range t.Metrics {
		for _, source := range t.Sources {
			if g := gist(source); g != "" && g == gist(metric) {
				pairs = append(pairs, Pair{source, metric})
			}
		}
	}
	return pairs
}

// Lang is the language that a name of a source or metric speaks of: ja, en or code; "" where it speaks of none, or of several.
func Lang(name string) string {
	out := ""
	for _, w := range wordPattern.FindAllString(strings.ToLower(name), -1) {
		lang := languages[w]
		if lang != "" && out != "" && lang != out {
			return ""
		}
		if lang != "" {
			out = lang
		}
	}
	return out
}

var languages = map[string]string{
	"ja": "ja", "japanese": "ja", "jpn": "ja", "en": "en", "english": "en", "eng": "en", "code": "code", "github": "code", "stack": "code", "starcoder": "code",
}
