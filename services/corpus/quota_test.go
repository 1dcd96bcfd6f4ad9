package corpus_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

// essays are texts of different lengths that have no sentence in common.
func essays(seed uint64, n int) []string {
	random, texts := rand.New(rand.NewPCG(seed, 7)), make([]string, n)
	for i := range texts {
		var b strings.Builder
		for range 20 + random.IntN(200) {
			fmt.Fprintf(&b, "w%x ", random.Uint32())
		}
		texts[i] = strings.TrimSpace(b.String())
	}
	return texts
}

func sorted(t testing.TB, dir string) []string {
	t.Helper()
	return slices.Sorted(slices.Values(textsOf(everything(t, dir))))
}

func TestAdd_Quota(t *testing.T) {
	t.Parallel()
	texts := essays(1, 400)
	dir := files(t, map[string]string{"a.jsonl": lines(t, "text", texts[:250]...), "b.jsonl": lines(t, "text", texts[250:]...)})
	reversed := slices.Clone(texts)
	slices.Reverse(reversed)
	other := files(t, map[string]string{"a.jsonl": lines(t, "text", reversed...)})
	quota := func(dir string, o corpus.Options) corpus.Result {
		o.Paths = []string{dir}
		return add(t, o)
	}
	hundred := quota(dir, corpus.Options{Documents: 100, Seed: 1})
	if n := hundred.Documents + hundred.HeldoutDocuments; n != 100 || hundred.Rejected[corpus.NotSampled] != 300 || hundred.HeldoutDocuments == 0 {
		t.Errorf("%d documents, %d held out, rejected %v, want 100 and 300 not sampled", n, hundred.HeldoutDocuments, hundred.Rejected)
	}
	if got := sorted(t, quota(other, corpus.Options{Documents: 100, Seed: 1}).Dir); !slices.Equal(got, sorted(t, hundred.Dir)) {
		t.Error("the same text in another order gave another sample")
	}
	if got := sorted(t, quota(dir, corpus.Options{Documents: 100, Seed: 2}).Dir); slices.Equal(got, sorted(t, hundred.Dir)) {
		t.Error("another seed gave the same sample")
	}
	bytes := quota(dir, corpus.Options{Bytes: 50_000, Seed: 1})
	if n := bytes.Bytes + bytes.HeldoutBytes; n > 50_000 || n < 47_000 {
		t.Errorf("%d bytes of at most 50,000", n)
	}
	all := sorted(t, hundred.Dir)
	for _, text := range sorted(t, quota(dir, corpus.Options{Documents: 40, Seed: 1}).Dir) {
		if _, ok := slices.BinarySearch(all, text); !ok {
			t.Fatal("a smaller sample isn't part of a larger one")
		}
	}
	if whole := quota(dir, corpus.Options{Documents: 1000}); len(whole.Rejected) != 0 || whole.Documents+whole.HeldoutDocuments != 400 {
		t.Errorf("a quota above all of it left out %v", whole.Rejected)
	}
	_, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}, Bytes: 10})
	if bad := (*ablation.Invalid)(nil); !errors.As(err, &bad) {
		t.Errorf("error %v, want *ablation.Invalid", err)
	}
}

// TestAdd_CoresDontMatter: the manifest is the same on one core and on several, from one file and with damage in it.
func TestAdd_CoresDontMatter(t *testing.T) { // not parallel: it sets GOMAXPROCS
	texts := essays(2, 3010)
	contents := map[string]string{"z.txt": "after all of it\n"}
	for i := range 6 {
		contents[fmt.Sprintf("%d.jsonl.zst", i)] = zst(t, lines(t, "text", texts[i*500:i*500+500+i]...)+"{broken\n")
	}
	dir := files(t, contents)
	var digests []string
	for _, cores := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(cores)
		result := add(t, corpus.Options{Paths: []string{dir}, FileBytes: 200_000, Documents: 2500})
		runtime.GOMAXPROCS(before)
		digests = append(digests, result.ManifestSHA256)
	}
	if digests[0] != digests[1] || digests[0] != digests[2] {
		t.Errorf("manifests %v on 1, 2 and 7 cores", digests)
	}
}

// TestAdd_GrownSourceKeepsItsHeldout: what was held out stays held out when text is added, in any sample of it.
func TestAdd_GrownSourceKeepsItsHeldout(t *testing.T) {
	t.Parallel()
	texts := essays(3, 600)
	small := add(t, corpus.Options{Share: 0.05, Paths: []string{files(t, map[string]string{"a.jsonl": lines(t, "text", texts[:300]...)})}})
	grown := add(t, corpus.Options{Share: 0.05, Paths: []string{files(t, map[string]string{
		"0.jsonl": lines(t, "text", texts[300:]...), "a.jsonl": lines(t, "text", texts[:300]...),
	})}})
	held := textsOf(heldout(t, grown.Dir))
	for _, text := range textsOf(heldout(t, small.Dir)) {
		if !slices.Contains(held, text) {
			t.Errorf("%.30q was held out and is trained on", text)
		}
	}
	if len(held) <= int(small.HeldoutDocuments) {
		t.Errorf("%d held out of the grown source, %d of the small one", len(held), small.HeldoutDocuments)
	}
}
