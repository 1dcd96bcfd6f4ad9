package corpus_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/ulikunitz/xz"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

func xzed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// table is a parquet file of rows, two a row group.
func table[T any](t testing.TB, codec compress.Codec, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(codec), parquet.PageBufferSize(64))
	for i, row := range rows {
		if _, err := w.Write([]T{row}); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// megatron is an indexed data set of documents, as little-endian ids of 2 bytes, each ended by a separator.
func megatron(t testing.TB, documents ...string) (bin, idx string) {
	t.Helper()
	var data, index bytes.Buffer
	var lengths []int32
	var offsets []int64
	begins := []int64{0}
	for i, d := range documents {
		offsets = append(offsets, int64(data.Len()))
		for _, b := range []byte(d) {
			data.Write([]byte{b, 0})
		}
		data.Write([]byte{0, 1})
		lengths, begins = append(lengths, int32(len(d)+1)), append(begins, int64(i+1))
	}
	index.WriteString("MMIDIDX\x00\x00")
	for _, part := range []any{uint64(1), uint8(8), uint64(len(lengths)), uint64(len(begins)), lengths, offsets, begins} {
		if err := binary.Write(&index, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return data.String(), index.String()
}

type wikipediaRow struct {
	ID    string `parquet:"id"`
	URL   string `parquet:"url"`
	Title string `parquet:"title"`
	Text  string `parquet:"text"`
}

type refinedWebRow struct {
	Content   string     `parquet:"content"`
	URL       string     `parquet:"url"`
	Timestamp int64      `parquet:"timestamp,timestamp"`
	Dump      string     `parquet:"dump"`
	Segment   string     `parquet:"segment"`
	Images    [][]string `parquet:"image_urls,list" parquet-element:",list"`
}

type nestedRow struct {
	Meta struct {
		Source string `parquet:"source,dict"`
	} `parquet:"meta"`
	Document struct {
		Body       *string  `parquet:"body,optional"`
		Paragraphs []string `parquet:"paragraphs,list"`
	} `parquet:"document"`
}

func nested(source, body string, paragraphs ...string) (r nestedRow) {
	r.Meta.Source, r.Document.Paragraphs = source, paragraphs
	if body != "" {
		r.Document.Body = &body
	}
	return r
}

// TestAdd_Published reads corpora in the layouts in which they are published; the texts are invented.
func TestAdd_Published(t *testing.T) {
	t.Parallel()
	bin, idx := megatron(t, "最初の文書。\n二行目。", "The second.")
	tests := []struct {
		name    string
		files   map[string]string
		options corpus.Options
		want    map[string]string // text by id
	}{
		{
			name: "Wikipedia, parquet",
			files: map[string]string{
				"README.md": "---\nlicense: cc-by-sa-4.0\n---\n",
				"20231101.ja/train-00000-of-00002.parquet": table(t, &parquet.Snappy, wikipediaRow{"5", "https://ja.example.org/1", "配合", "配合とは割合である。"},
					wikipediaRow{"10", "https://ja.example.org/2", "土", "土は地面にある。\n\n脚注"}, wikipediaRow{"11", "", "", "三つ目。"}),
				"20231101.ja/train-00001-of-00002.parquet": table(t, &parquet.Snappy, wikipediaRow{"12", "", "", "四つ目。"}),
			},
			want: map[string]string{
				"train-00000-of-00002.parquet:1": "配合とは割合である。", "train-00000-of-00002.parquet:2": "土は地面にある。\n\n脚注",
				"train-00000-of-00002.parquet:3": "三つ目。", "train-00001-of-00002.parquet:1": "四つ目。",
			},
		},
		{
			name: "Wikipedia, WikiExtractor's documents and JSON",
			files: map[string]string{
				"AA/wiki_00": "<doc id=\"1\" url=\"https://example.org/?curid=1\" title=\"Ratio\">\nRatio\n\nA ratio is a quotient.\n\n</doc>\n<doc id=\"2\" url=\"\" title=\"Soil\">\nSoil\n\nSoil is ground.\n</doc>\n",
				"AB/wiki_00": `{"id": "3", "revid": "9", "url": "", "title": "Rain", "text": "Rain falls."}` + "\n",
			},
			want: map[string]string{"AA/wiki_00:1": "Ratio\n\nA ratio is a quotient.", "AA/wiki_00:7": "Soil\n\nSoil is ground.", "AB/wiki_00:1": "Rain falls."},
		},
		{
			name: "Wikipedia, CirrusSearch dump",
			files: map[string]string{
				"jawiki-20260101-cirrussearch-content.json.gz": gz(t, `{"index":{"_type":"_doc","_id":"5"}}`+"\n"+`{"title":"水","text":"水は流れる。","language":"ja"}`+"\n"),
			},
			want: map[string]string{"jawiki-20260101-cirrussearch-content.json.gz:2": "水は流れる。"},
		},
		{
			name: "mC4",
			files: map[string]string{
				"multilingual/c4-ja.tfrecord-00000-of-01024.json.gz": gz(t, `{"text":"\u65e5\u672c\u8a9e \ud83d\ude00 の\"頁\"","timestamp":"2019-04-20T00:00:00Z","url":"https://example.org"}`+"\n"),
				"multilingual/c4-ja.tfrecord-00001-of-01024.json.gz": gz(t, `{"text":"次の頁","timestamp":"2019-04-20T00:00:00Z","url":"https://example.org"}`+"\n"),
			},
			want: map[string]string{
				"c4-ja.tfrecord-00000-of-01024.json.gz:1": "日本語 😀 の\"頁\"", "c4-ja.tfrecord-00001-of-01024.json.gz:1": "次の頁",
			},
		},
		{
			name:  "CC-100",
			files: map[string]string{"ja.txt.xz": xzed(t, "一つ目の段落。\n二つ目の段落。\n\n次の文書。\n"), "zh-Hans.txt.xz": xzed(t, "第一。\n\n第二。\n\n")},
			want: map[string]string{
				"ja.txt.xz:1": "一つ目の段落。\n二つ目の段落。", "ja.txt.xz:4": "次の文書。", "zh-Hans.txt.xz:1": "第一。", "zh-Hans.txt.xz:3": "第二。",
			},
		},
		{
			name: "the Pile",
			files: map[string]string{
				"SHA256SUMS.txt":     "0  train/00.jsonl.zst\n",
				"train/00.jsonl.zst": zst(t, `{"text":"A page.","meta":{"pile_set_name":"Pile-CC"}}`+"\n"+`{"text":"int x;","meta":{"pile_set_name":"Github"}}`+"\n"),
			},
			want: map[string]string{"00.jsonl.zst:1": "A page.", "00.jsonl.zst:2": "int x;"},
		},
		{
			name: "RedPajama, both versions",
			files: map[string]string{
				"urls.txt":                         "https://example.org/arxiv.jsonl\n",
				"arxiv/arxiv_0.jsonl":              `{"text": "A theorem.", "meta": {"timestamp": "", "arxiv_id": "1"}}` + "\n",
				"c4/c4-train.00000-of-01024.jsonl": `{"text": "A crawl.", "meta": {"language": "en"}}` + "\n",
				"common_crawl/2023-06/en_head_0000.json.gz.dedup.classifier.jsonl.zst": zst(t, `{"text": "A head.", "pred_label": "__label__cc", "source": "cc/1"}`+"\n"),
				"documents/2023-06/0000/en_head.json.gz":                               gz(t, `{"url": "https://example.org", "raw_content": "A raw page.", "nlines": 1}`+"\n"),
				"quality_signals/2023-06/0000/en_head.signals.json.gz":                 gz(t, `{"id": "1", "quality_signals": {}}`+"\n"),
				"duplicates/2023-06/0000/en_head.duplicates.parquet":                   "PAR1",
				"minhash/2023-06/0000/en_head.minhash.parquet":                         "PAR1",
			},
			want: map[string]string{
				"arxiv/arxiv_0.jsonl:1": "A theorem.", "c4/c4-train.00000-of-01024.jsonl:1": "A crawl.",
				"common_crawl/2023-06/en_head_0000.json.gz.dedup.classifier.jsonl.zst:1": "A head.",
				"documents/2023-06/0000/en_head.json.gz:1":                               "A raw page.",
			},
		},
		{
			name: "RefinedWeb",
			files: map[string]string{
				"data/train-00000-of-05534-b8fc5348cbe605a5.parquet": table(t, &parquet.Gzip,
					refinedWebRow{"A refined page.", "https://example.org", 0, "CC-MAIN-2013-20", "1", [][]string{{"a", "b"}}},
					refinedWebRow{"Another.", "", 0, "", "2", nil}, refinedWebRow{"Third.", "", 0, "", "3", nil}),
			},
			want: map[string]string{
				"train-00000-of-05534-b8fc5348cbe605a5.parquet:1": "A refined page.", "train-00000-of-05534-b8fc5348cbe605a5.parquet:2": "Another.",
				"train-00000-of-05534-b8fc5348cbe605a5.parquet:3": "Third.",
			},
		},
		{
			name:  "Megatron's indexed data set, of bytes",
			files: map[string]string{"ja_text_document.bin": bin, "ja_text_document.idx": idx},
			want:  map[string]string{"ja_text_document.bin:1": "最初の文書。\n二行目。", "ja_text_document.bin:2": "The second."},
		},
		{
			name:  "JSON lines, xz",
			files: map[string]string{"a.jsonl.xz": xzed(t, lines(t, "text", "one", "two"))},
			want:  map[string]string{"a.jsonl.xz:1": "one", "a.jsonl.xz:2": "two"},
		},
		{
			name:    "a nested column",
			files:   map[string]string{"a.parquet": table(t, &parquet.Zstd, nested("x", "one"), nested("y", "two")), "b.jsonl": `{"document":{"body":"three"}}` + "\n"},
			options: corpus.Options{Column: "document.body"},
			want:    map[string]string{"a.parquet:1": "one", "a.parquet:2": "two", "b.jsonl:1": "three"},
		},
		{
			name: "a column of paragraphs",
			files: map[string]string{
				"a.parquet": table(t, &parquet.Zstd, nested("x", "", "one", "two"), nested("y", "", "three"), nested("y", "", strings.Repeat("four", 100), "five")),
				"b.jsonl":   `{"document":{"paragraphs":["six","seven"]}}` + "\n",
			},
			options: corpus.Options{Column: "document.paragraphs"},
			want: map[string]string{
				"a.parquet:1": "one\ntwo", "a.parquet:2": "three", "a.parquet:3": strings.Repeat("four", 100) + "\nfive", "b.jsonl:1": "six\nseven",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.options.Paths = []string{files(t, tt.files)}
			result := add(t, tt.options)
			got := map[string]string{}
			for _, d := range everything(t, result.Dir) {
				got[d.ID] = d.Text
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if len(result.Rejected) > 0 {
				t.Errorf("rejected %v: %v", result.Rejected, result.Problems)
			}
		})
	}
}

func TestAdd_ParquetCodecs(t *testing.T) {
	t.Parallel()
	var rows []wikipediaRow
	for i := range 60 {
		rows = append(rows, wikipediaRow{Text: fmt.Sprintf("%d: %s", i, strings.Repeat("文", i))})
	}
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Zstd, &parquet.Lz4Raw, &parquet.Brotli} {
		t.Run(codec.String(), func(t *testing.T) {
			t.Parallel()
			result := add(t, corpus.Options{Paths: []string{files(t, map[string]string{"a.parquet": table(t, codec, rows...)})}})
			texts := map[string]bool{}
			for _, d := range everything(t, result.Dir) {
				texts[d.Text] = true
			}
			for _, row := range rows {
				if !texts[strings.TrimSpace(row.Text)] {
					t.Fatalf("%.20q is missing of %d documents", row.Text, len(texts))
				}
			}
		})
	}
}

func TestAddAll_ByField(t *testing.T) {
	t.Parallel()
	rows := `{"text":"A page.","meta":{"pile_set_name":"Pile-CC"}}
{"text":"An article.","meta":{"pile_set_name":"Wikipedia (en)"}}
{"text":"Another page.","meta":{"pile_set_name":"Pile-CC"}}
{"text":"Of nothing.","meta":{}}
`
	dir := files(t, map[string]string{
		"00.jsonl.zst": zst(t, rows), "01.parquet": table(t, &parquet.Zstd, wikipediaRow{Text: "no group"}),
		"02.jsonl": `{"text":"A third page.","meta.pile_set_name":"pile cc"}` + "\n",
	})
	all, err := corpus.AddAll(t.Context(), corpus.Options{Data: t.TempDir(), Name: "pile", Lang: "en", Paths: []string{dir}, By: "meta.pile_set_name"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, result := range all.Results {
		got[result.Name] = result.Documents + result.HeldoutDocuments
	}
	if diff := cmp.Diff(map[string]int64{"pile-pile-cc": 3, "pile-wikipedia-en": 1}, got); diff != "" {
		t.Errorf("documents by source (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"no_group": 2}, all.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	want := []string{
		"00.jsonl.zst:4: no_group: no string in meta.pile_set_name, which the sources are divided by: choose another field with --by, or mend the row",
		"01.parquet: no_group: no column meta.pile_set_name to divide by; columns with text: id, url, title, text; choose one with --by",
	}
	if diff := cmp.Diff(want, relative(all.Problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAddAll_ByParquetColumn(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.parquet": table(t, &parquet.Zstd, nested("Web", "one"), nested("Books", "two"), nested("Web", "three"))})
	all, err := corpus.AddAll(t.Context(), corpus.Options{
		Data: t.TempDir(), Name: "mix", Lang: "en", Paths: []string{dir}, Column: "document.body", By: "meta.source",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Results) != 2 || all.Results[0].Name != "mix-books" || all.Results[1].Documents+all.Results[1].HeldoutDocuments != 2 {
		t.Errorf("sources %+v, want mix-books and mix-web of two documents", all.Results)
	}
}

// TestAddAll_MeasuresEachAgainstAll: sources of one reading are held against one another, whichever is made first.
func TestAddAll_MeasuresEachAgainstAll(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for _, site := range []string{"a", "b", "c", "d"} {
		for i := range 4 {
			fmt.Fprintf(&rows, "{\"text\":\"page %d of %s\",\"site\":%q}\n", i, site, site)
		}
	}
	dir := files(t, map[string]string{"a.jsonl": rows.String()})
	all, err := corpus.AddAll(t.Context(), corpus.Options{Data: t.TempDir(), Name: "mix", Lang: "en", Paths: []string{dir}, By: "site"})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range all.Results {
		report, err := corpus.ReadReport(result.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Overlap) != 4 {
			t.Errorf("overlap of %s %+v, want it with all four", result.Name, report.Overlap)
		}
	}
}

// TestAdd_BadFiles says in both languages what is wrong with files that can't be read whole, where, and what to do.
func TestAdd_BadFiles(t *testing.T) {
	t.Parallel()
	bin, idx := megatron(t, "first", "second", "third")
	_, idsIndex := megatron(t, "ab")
	whole := xzed(t, lines(t, "text", strings.Split(strings.Repeat("one two three. ", 3000), ".")...))
	type other struct {
		Body  string `parquet:"body"`
		Title string `parquet:"title"`
		N     int64  `parquet:"n"`
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string
		ja    string
	}{
		{
			"a parquet file without a text column",
			map[string]string{"a.parquet": table(t, &parquet.Snappy, other{"b", "t", 1})},
			"a.parquet: no_text: no text column text, content, raw_content; columns with text: body, title; others: n; choose one of them",
			"本文の列 text, content, raw_content がありません。文字列の列: body, title。その他の列: n。文字列の列から選んでください",
		},
		{
			"a parquet file cut off",
			map[string]string{"a.parquet": table(t, &parquet.Snappy, wikipediaRow{Text: "one"})[:60]},
			"a.parquet: damaged: the parquet file is damaged or cut off: its end, where the columns are described, can't be read; fetch it again",
			"parquet ファイルが壊れているか、途中で切れています。列の説明がある末尾を読めません。取得し直してください",
		},
		{
			"a truncated .bin",
			map[string]string{"a.bin": bin[:len(bin)-4], "a.idx": idx},
			"a.bin:3: truncated: the .bin ends at byte 34, but document 3 of 3 goes on to byte 38: fetch it again; the documents before it are kept",
			".bin が 34 バイトで終わっていますが、全 3 文書のうち 3 番目は 38 バイトまで続くはずです。取得し直してください。それより前の文書は取り込みました",
		},
		{
			"a truncated .idx",
			map[string]string{"a.bin": bin, "a.idx": idx[:60]},
			"a.idx: truncated: the .idx names 3 sequences and 3 documents but is only 60 bytes long: fetch it again",
			".idx は 3 系列、3 文書とありますが、60 バイトしかありません。取得し直してください",
		},
		{
			"ids of a learned tokenizer",
			map[string]string{"a.bin": "\x01\x00\x39\x30\x00\x01", "a.idx": idsIndex},
			"a.bin:1: token_ids: document 1 holds the token id 12345, so these are no bytes but ids of a tokenizer (bytes are 0 to 255, with 256 between documents): add the text that they were made from",
			"文書 1 にトークン ID 12345 があります。バイト（0〜255、文書の区切りは 256）ではなく、学習済みトークナイザーの ID です。元のテキストを追加してください",
		},
		{
			"an xz file that is none",
			map[string]string{"a.jsonl.xz": "{\"text\":\"plain text that is long enough\"}\n"},
			"a.jsonl.xz: damaged: the file isn't xz, whatever its name says: give it the right ending, or make or fetch it again",
			"名前と違い、xz のファイルではありません。正しい拡張子を付けるか、作り直すか、取得し直してください",
		},
		{
			"an xz file cut off",
			map[string]string{"a.jsonl.xz": whole[:len(whole)-20]},
			"a.jsonl.xz:3001: damaged: the xz archive ends in the middle, after this line: fetch it again; what came before is kept",
			"xz の圧縮ファイルがこの行のあとで途切れています。取得し直してください。ここまでの内容は取り込みました",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.files["good.txt"] = "the rest goes on"
			dir := files(t, tt.files)
			result := add(t, corpus.Options{Paths: []string{dir}})
			if diff := cmp.Diff([]string{tt.want}, relative(result.Problems, dir)); diff != "" {
				t.Fatalf("problems (-want +got):\n%s", diff)
			}
			if got := result.Problems[0].In("ja"); got != tt.ja {
				t.Errorf("in Japanese %q, want %q", got, tt.ja)
			}
		})
	}
}

// TestAdd_NothingReadable: the error itself names the file, its columns and what to do.
func TestAdd_NothingReadable(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.parquet": table(t, &parquet.Snappy, struct{ Body string }{"b"})})
	_, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web", Lang: "en", Paths: []string{dir}})
	var bad *ablation.Invalid
	if !errors.As(err, &bad) {
		t.Fatalf("error %v, want *ablation.Invalid", err)
	}
	for lang, want := range map[string]string{"en": "columns with text: Body", "ja": "文字列の列: Body"} {
		if got := bad.Problems[0].Message.In(lang); !strings.Contains(got, want) || !strings.Contains(got, filepath.Join(dir, "a.parquet")) {
			t.Errorf("in %s: %q, want the file and %q", lang, got, want)
		}
	}
}
