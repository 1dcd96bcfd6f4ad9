package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Words of the suite's own small languages: enough regularity that a tiny model learns something in a few steps.
var (
	japanese = [][]string{
		{"朝の", "夜の", "静かな", "古い", "小さな"},
		{"港で", "山で", "町で", "駅で", "川で"},
		{"船が", "鳥が", "猫が", "人が", "風が"},
		{"待つ。", "歌う。", "眠る。", "走る。", "笑う。"},
	}
	english = [][]string{
		{"the quiet ", "the old ", "a small ", "the red ", "a cold "},
		{"river ", "garden ", "engine ", "letter ", "window "},
		{"waits for ", "turns to ", "belongs to ", "looks at ", "follows "},
		{"the sea. ", "the morning. ", "no one. ", "the road. ", "winter. "},
	}
)

// documents makes n documents of a language, always the same for a seed.
func documents(words [][]string, seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	texts := make([]string, n)
	for i := range texts {
		var b strings.Builder
		fmt.Fprintf(&b, "%d: ", i)
		for range 2 + r.IntN(6) {
			b.WriteString(sentence(words, r))
		}
		texts[i] = b.String()
	}
	return texts
}

func sentence(words [][]string, r *rand.Rand) string {
	var b strings.Builder
	for _, choice := range words {
		b.WriteString(choice[r.IntN(len(choice))])
	}
	return b.String()
}
