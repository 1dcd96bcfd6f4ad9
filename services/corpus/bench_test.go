package corpus_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/haigo-lab/haigo/services/corpus"
)

// benchmarkBytes is the text of the benchmark: more than any buffer, so that peak memory says whether Add streams.
var benchmarkBytes = flag.Int64("corpus-bytes", 100<<20, "text that BenchmarkAdd reads")

// writeCorpus writes .jsonl.zst files of about size bytes of text together, half of them Japanese: words by Zipf's law,
// documents of log-normal length around two thousand bytes, with an url and a date beside, as crawls have.
func writeCorpus(b *testing.B, files int, size int64) string {
	b.Helper()
	dir := b.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	languages := [][]string{words(random, "abcdefghilmnoprstuwy", 4, 30_000), words(random, "あいうえおかきくけこさしすせそたちつてとなにのはまりるれん日本人国会社学生年時間配合割文章語", 2, 30_000)}
	for i := range files {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%02d.jsonl.zst", i)))
		if err != nil {
			b.Fatal(err)
		}
		compressed, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			b.Fatal(err)
		}
		out := bufio.NewWriter(compressed)
		for written := int64(0); written < size/int64(files); {
			n, err := writeRow(out, random, languages[random.IntN(2)])
			if err != nil {
				b.Fatal(err)
			}
			written += n
		}
		for _, close := range []func() error{out.Flush, compressed.Close, file.Close} {
			if err := close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	return dir
}

func words(random *rand.Rand, letters string, shortest, n int) []string {
	alphabet, all := []rune(letters), make([]string, n)
	for i := range all {
		for range shortest/2 + random.IntN(shortest*2) {
			all[i] += string(alphabet[random.IntN(len(alphabet))])
		}
	}
	return all
}

func writeRow(out io.Writer, random *rand.Rand, vocabulary []string) (int64, error) {
	zipf := rand.NewZipf(random, 1.1, 3, uint64(len(vocabulary)-1))
	var text strings.Builder
	for target := int(2000 * math.Exp(random.NormFloat64())); text.Len() < target; {
		text.WriteString(vocabulary[zipf.Uint64()])
		switch random.IntN(12) {
		case 0:
			text.WriteString(`, \"`)
		case 1:
			text.WriteString(`。\n`)
		default:
			text.WriteString(" ")
		}
	}
	_, err := fmt.Fprintf(out, "{\"text\":\"%s\",\"timestamp\":\"2026-11-24T00:00:00Z\",\"url\":\"https://example.org/%d\"}\n", text.String(), random.Uint64())
	return int64(text.Len()), err
}

// BenchmarkAdd reports text per second, measuring included, text per second of one core's time, which other load on the
// machine changes less, and the most memory that the process ever held, writing the corpus included.
func BenchmarkAdd(b *testing.B) {
	for _, files := range []int{1, 4} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := writeCorpus(b, files, *benchmarkBytes)
			data := b.TempDir()
			text, before := int64(0), usage(b)
			for b.Loop() {
				result := add(b, corpus.Options{Data: data, Paths: []string{dir}})
				b.SetBytes(result.Bytes + result.HeldoutBytes)
				text += result.Bytes + result.HeldoutBytes
				if err := os.RemoveAll(filepath.Join(data, "sources")); err != nil {
					b.Fatal(err)
				}
			}
			after := usage(b)
			b.ReportMetric(float64(text)/1e6/(cpuTime(after)-cpuTime(before)), "MB/core-s")
			b.ReportMetric(float64(after.Maxrss)/1024, "peak-MiB")
		})
	}
}

// BenchmarkMeasure is the part of BenchmarkAdd that looks through the training text.
func BenchmarkMeasure(b *testing.B) {
	result := add(b, corpus.Options{Paths: []string{writeCorpus(b, 1, *benchmarkBytes)}})
	b.SetBytes(result.Bytes)
	before, runs := usage(b), 0
	for b.Loop() {
		if _, err := corpus.Measure(b.Context(), result.Dir); err != nil {
			b.Fatal(err)
		}
		runs++
	}
	b.ReportMetric(float64(result.Bytes)*float64(runs)/1e6/(cpuTime(usage(b))-cpuTime(before)), "MB/core-s")
}

func usage(b *testing.B) (u syscall.Rusage) {
	b.Helper()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

// cpuTime is seconds of all cores together.
func cpuTime(u syscall.Rusage) float64 {
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
