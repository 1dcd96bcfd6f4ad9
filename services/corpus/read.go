package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// autoSplit is the size above which SplitAuto takes a text file for a dump of many documents.
const autoSplit = 4 << 20

// cc100 is how CC-100 names its files, and nothing else is likely to: a language and .txt.xz. Blank lines part its
// documents.
var cc100 = regexp.MustCompile(`^[a-z]{2,3}([-_][A-Za-z]+)?\.txt\.xz$`)

// read sends all of an input to the feed, by the format that its name and, where that says nothing, its beginning tell.
func (o Options) read(f *feed) {
	switch extension := strings.ToLower(filepath.Ext(f.path)); {
	case extension == ".parquet":
		f.parquet(o)
	case extension == ".bin" && exists(indexOf(f.path)):
		f.megatron()
	case extension == ".bin":
		f.problem(f.rejected(0, Unsupported, noIndex))
	default:
		o.readStream(f)
	}
}

// readStream reads what is read from beginning to end: text and JSON lines, compressed or not.
func (o Options) readStream(f *feed) {
	a, err := openArchive(f.path)
	if err != nil {
		f.problem(*f.broken(0, err))
		return
	}
	defer a.close()
	f.disk = func() int64 { return a.file.bytes }
	if advice := unsupported(a.kind); advice != (ablation.Label{}) {
		f.problem(f.rejected(0, Unsupported, ablation.Label{
			EN: a.kind + " files aren't read: " + advice.EN, JA: a.kind + " のファイルは読めません。" + advice.JA,
		}))
		return
	}
	r := bufio.NewReaderSize(a, lineBuffer)
	switch kind := f.kind(a.kind, r); {
	case kind == kindJSON:
		f.lines(newLineReader(r), jsonObject)
	case kind == kindDump:
		f.problem(f.rejected(0, Unsupported, wikiDump))
	case kind == kindWiki:
		f.wikiDocuments(newLineReader(r))
	case o.Split == SplitFile:
		f.whole(r, maxDocument)
	case o.Split == SplitLines:
		f.blocks(r, func([]byte) bool { return true })
	case o.Split == SplitParagraphs, cc100.MatchString(filepath.Base(f.path)):
		f.blocks(r, isBlank)
	default:
		f.whole(r, autoSplit)
	}
}

// Kinds of streams.
const (
	kindText = iota
	kindJSON
	kindWiki
	kindDump
)

var (
	wikiStart = []byte(`<doc id="`)
	dumpStart = []byte("<mediawiki")
)

// kind tells files without an extension, such as WikiExtractor's wiki_00, by their beginning.
func (f *feed) kind(extension string, r *bufio.Reader) int {
	switch extension {
	case ".jsonl", ".ndjson", ".json":
		return kindJSON
	case "":
		start, _ := r.Peek(len(wikiStart)) // an error comes again when it is read
		switch {
		case bytes.HasPrefix(start, []byte(`{"`)):
			return kindJSON
		case bytes.Equal(start, wikiStart):
			return kindWiki
		}
	}
	if start, _ := r.Peek(len(dumpStart)); bytes.Equal(start, dumpStart) {
		return kindDump
	}
	return kindText
}

// whole sends a text file as one document, or, where it is longer than limit and limit isn't the bound of all
// documents, its paragraphs.
func (f *feed) whole(r io.Reader, limit int64) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		kept := data[:bytes.LastIndexByte(data, '\n')+1]
		if len(kept) == 0 || f.add(row{}, kept) {
			f.problem(*f.broken(int64(bytes.Count(data, []byte("\n"))), err))
		}
	case int64(len(data)) <= limit:
		f.add(row{}, data)
	case limit == maxDocument:
		f.problem(f.rejected(0, TooLong, longFile))
	default:
		f.blocks(io.MultiReader(bytes.NewReader(data), r), isBlank)
	}
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// blocks sends the runs of lines that end at an ending line or at the end of the file. Runs of nothing but white space
// aren't documents.
func (f *feed) blocks(r io.Reader, ends func(line []byte) bool) {
	lines, block := newLineReader(r), block{first: 1}
	for {
		line, err := lines.next()
		long := errors.Is(err, errTooLong)
		if !long && err != nil && !errors.Is(err, io.EOF) {
			f.problem(*f.broken(lines.number, err))
			return
		}
		block.add(line, long)
		if err == nil && !ends(line) {
			continue
		}
		if !block.empty() && !f.block(block) || errors.Is(err, io.EOF) {
			return
		}
		block = block.after(lines.number)
	}
}

// wikiDocuments sends the documents that WikiExtractor writes: <doc id=… url=… title=…>, the title, a blank line, the
// text, </doc>.
func (f *feed) wikiDocuments(lines *lineReader) {
	block := block{first: 1}
	for {
		line, err := lines.next()
		long := errors.Is(err, errTooLong)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && !long:
			f.problem(*f.broken(lines.number, err))
			return
		case bytes.HasPrefix(line, wikiStart):
			block = block.after(lines.number - 1)
		case bytes.Equal(bytes.TrimSpace(line), []byte("</doc>")):
			if !f.block(block) {
				return
			}
			block = block.after(lines.number)
		default:
			block.add(line, long)
		}
	}
}

// block is a run of lines on its way to become a document.
type block struct {
	first int64 // its first line's number
	text  []byte
	long  bool
}

func (b *block) add(line []byte, long bool) {
	b.long = b.long || long || len(b.text)+len(line) >= maxDocument
	if !b.long {
		b.text = append(append(b.text, line...), '\n')
	}
}

func (b *block) empty() bool { return !b.long && isBlank(b.text) }

func (b *block) after(line int64) block { return block{first: line + 1, text: b.text[:0]} }

func (f *feed) block(b block) bool {
	if b.long {
		return f.problem(f.rejected(b.first, TooLong, longBlock))
	}
	return f.add(row{line: b.first}, b.text)
}

// What to do about documents that are too long.
var (
	longFile = ablation.Label{
		EN: "the file is one document above 32 MiB: split it at paragraphs or lines",
		JA: "ファイル全体が 32 MiB を超える 1 つの文書です。段落か行で区切ってください",
	}
	wikiDump = ablation.Label{
		EN: "Wikimedia's own XML dump holds markup, not text: give what WikiExtractor makes of it, the CirrusSearch dump, or the published parquet files",
		JA: "ウィキメディアの XML ダンプはマークアップのままで、テキストではありません。WikiExtractor の出力か、CirrusSearch のダンプ、公開されている parquet を指定してください",
	}
	longBlock = ablation.Label{
		EN: "a document above 32 MiB: split the text at lines", JA: "32 MiB を超える文書です。行で区切ってください",
	}
	longLine = ablation.Label{
		EN: "a line above 32 MiB: cut the document into several", JA: "32 MiB を超える行です。文書をいくつかに分けてください",
	}
)
