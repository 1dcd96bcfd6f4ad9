package corpus_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/corpus"
)

func TestParagraphs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, lang, text string
		want             [][]string
	}{
		{
			"japanese ends in a full stop", "ja", "雨が降った。傘はない！　どうしよう？\n次の段落です。",
			[][]string{{"雨が降った。", "傘はない！", "どうしよう？"}, {"次の段落です。"}},
		},
		{
			"a quotation belongs to its sentence", "ja", "彼は「行こう。早く。」と言った。私は頷いた。\n「そうだ。急げ。」\n",
			[][]string{{"彼は「行こう。早く。」と言った。", "私は頷いた。"}, {"「そうだ。急げ。」"}},
		},
		{
			"several marks end one sentence", "ja", "本当ですか！？信じられない……。そうか。",
			[][]string{{"本当ですか！？", "信じられない……。", "そうか。"}},
		},
		{
			"headings and names break the run", "ja-JP", "はじめに\n値を設定する。--output=FILE xyz。次に進む。",
			[][]string{{"値を設定する。"}, {"次に進む。"}},
		},
		{
			"english ends in a full stop before a capital", "en", "It rained. We had no\numbrella! What now? It was 3.14 metres.\n\nNext paragraph.",
			[][]string{{"It rained.", "We had no umbrella!", "What now?", "It was 3.14 metres."}, {"Next paragraph."}},
		},
		{
			"abbreviations end nothing", "en", "Mr. Smith saw J. Doe, e.g. Jane. She left (in No. 5). \"Why?\" he asked.",
			[][]string{{"Mr. Smith saw J. Doe, e.g. Jane.", "She left (in No. 5).", "\"Why?\" he asked."}},
		},
		{
			"what isn't prose breaks the run", "en", "This is one. A == 0x34 && 5 > 7 || 8 < 9. This is the last one.",
			[][]string{{"This is one."}, {"This is the last one."}},
		},
		{
			"a piece without an end is none", "en", "A whole one. And a heading without",
			[][]string{{"A whole one."}},
		},
		{
			"code is lines between blank lines", "code", "func f() {\n\treturn\n}\n\n \nvar x = 1\n",
			[][]string{{"func f() {", "\treturn", "}"}, {"var x = 1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, corpus.Paragraphs(tt.lang, tt.text)); diff != "" {
				t.Errorf("paragraphs (-want +got):\n%s", diff)
			}
		})
	}
}
