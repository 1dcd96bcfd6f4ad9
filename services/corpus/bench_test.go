package corpus_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/haigo-lab/haigo/services/corpus"
)

// benchmarkBytes is the text of the benchmark: more than any buffer, so that peak memory says whether Add streams.
const benchmarkBytes = 200 << 20

// writeCorpus writes one .jsonl.zst of about benchmarkBytes of text, a line at a time.
func writeCorpus(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	file, err := os.Create(filepath.Join(dir, "a.jsonl.zst"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	compressed, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(compressed)
	paragraph := strings.Repeat("配合は日本語と英語の文章の割合です。 A mixture is weights over sources.\\n", 40)
	for written, i := 0, 0; written < benchmarkBytes; i++ {
		n, err := fmt.Fprintf(out, "{\"text\":\"%d %s\",\"meta\":{\"n\":%d}}\n", i, paragraph, i)
		if err != nil {
			b.Fatal(err)
		}
		written += n
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkAdd reports text per second and the largest heap seen while reading one 200 MB shard.
func BenchmarkAdd(b *testing.B) {
	dir := writeCorpus(b)
	for b.Loop() {
		peak := uint64(0)
		var stats runtime.MemStats
		result := add(b, corpus.Options{Paths: []string{dir}, Progress: func(corpus.Progress) {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapInuse)
		}})
		b.SetBytes(result.Bytes + result.HeldoutBytes)
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	}
}
