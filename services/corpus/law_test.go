package corpus_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
)

func hashOf(text string) uint64 {
	digest := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(digest[:8])
}

func textsOf(documents []spec.Document) []string {
	var texts []string
	for _, d := range documents {
		texts = append(texts, d.Text)
	}
	return texts
}

// drawTexts are some texts, with repetitions now and then.
func drawTexts(rt *rapid.T, label string) []string {
	return rapid.SliceOfN(rapid.StringMatching(`[a-z あ-ん]{1,12}x`), 1, 40).Draw(rt, label)
}

func TestLaw_SplitIsAPartitionByHash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		texts := drawTexts(rt, "texts")
		share := rapid.Float64Range(1e-6, 0.6).Draw(rt, "share")
		dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts...)})
		result := add(t, corpus.Options{Paths: []string{dir}, Share: share})
		held, trained := textsOf(heldout(t, result.Dir)), textsOf(training(t, result.Dir))

		// Together they are the distinct texts in reading order; apart they keep it.
		want := map[string]bool{}
		smallest := uint64(math.MaxUint64)
		for _, text := range texts {
			want[text] = true
			smallest = min(smallest, hashOf(text))
		}
		got := slices.Sorted(slices.Values(append(slices.Clone(held), trained...)))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
			rt.Fatalf("documents (-want +got):\n%s", diff)
		}
		below := func(text string) bool { return float64(hashOf(text)) < share*(1<<64) }
		for _, text := range trained {
			if below(text) {
				rt.Fatalf("%q is trained on", text)
			}
		}
		for _, text := range held {
			if !below(text) && (len(held) > 1 || hashOf(text) != smallest) {
				rt.Fatalf("%q is held out", text)
			}
		}
		if len(held) == 0 {
			rt.Fatalf("nothing is held out")
		}
	})
}

func TestLaw_GrownSourceKeepsItsHeldoutDocuments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		before, more := drawTexts(rt, "before"), drawTexts(rt, "more")
		o := corpus.Options{Share: 0.3, Data: t.TempDir()}
		dir := files(t, map[string]string{"m.jsonl": lines(t, "text", before...)})
		o.Paths = []string{dir}
		small := add(t, o)
		name := rapid.SampledFrom([]string{"a.jsonl", "z.jsonl"}).Draw(rt, "name")
		grown := files(t, map[string]string{"m.jsonl": lines(t, "text", before...), name: lines(t, "text", more...)})
		o.Paths = []string{grown}
		large := add(t, o)

		// Only where the share held out nothing does the one smallest hash stand in for it.
		held := textsOf(heldout(t, small.Dir))
		if len(held) == 1 && float64(hashOf(held[0])) >= 0.3*(1<<64) {
			return
		}
		for _, text := range held {
			if !slices.Contains(textsOf(heldout(t, large.Dir)), text) {
				rt.Fatalf("%q was held out and is trained on in the grown source", text)
			}
		}
	})
}

func TestLaw_SameTextSameVersion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		contents := map[string]string{}
		for i := range rapid.IntRange(1, 4).Draw(rt, "files") {
			contents[fmt.Sprintf("f%d/a.jsonl", i)] = lines(t, "text", drawTexts(rt, "texts")...)
		}
		o := corpus.Options{Data: t.TempDir(), Origin: []spec.Origin{{Package: "p"}}}
		o.Paths = []string{files(t, contents)}
		first := add(t, o)
		o.Paths = []string{files(t, contents)} // elsewhere
		second := add(t, o)
		if first.ManifestSHA256 != second.ManifestSHA256 || !second.Existed {
			rt.Fatalf("versions %s and %s of the same text", first.Version, second.Version)
		}
		if err := verify(second.Dir); err != nil {
			rt.Fatal(err)
		}
	})
}
