package corpus

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"golang.org/x/text/language"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Defaults of Options.
const (
	DefaultShare       = 0.01
	DefaultFileBytes   = 64 << 20
	DefaultMaxProblems = 1000
)

// Options say what Add reads and what it makes of it. Data, Name, Lang and Paths are required.
type Options struct {
	Data  string   // the data folder
	Name  string   // as spec.ValidName wants it
	Lang  string   // a BCP 47 tag, "code" or "other"
	Paths []string // files, folders (searched to the bottom, hidden files left out) and globs

	// Within bounds what may be read: files below one of these folders, links followed, that are neither hidden nor in the data
	// folder or the system's own. nil is no bound.
	Within []string
	// Column is the field of JSON lines and the column of parquet that holds the text; names joined by full stops reach
	// into nested ones. "" takes the first of text, content and raw_content that there is; a JSON object without any
	// that has a prompt and an answer (prompt, instruction with input, or question; answer, output, response or completion) becomes
	// one text, with spec.AnswerAfter between them.
	Column string
	// By, for AddAll, is a field like Column that says which source a document belongs to.
	By string
	// Bytes and Documents bound how much is kept, of all languages' UTF-8 bytes and of documents: a sample by Seed, of
	// which a smaller bound keeps a part if it could hold the longest document; longer ones than Bytes are passed over. 0 is
	// no bound.
	Bytes, Documents int64
	Seed             spec.Seed
	// DropNearDuplicates leaves out training documents that hold a held-out document, of this source or of the newest version of
	// another in the data folder, or a task's item, as Measure counts them.
	DropNearDuplicates bool
	// Split says where plain text files are cut into documents.
	Split Split
	// Role is RoleTrain unless set; RoleHeldout holds everything out.
	Role ablation.SourceRole
	// Share of the documents that is held out, between 0 and 1; 0 is DefaultShare.
	Share float64
	// Origin is recorded with the source; nil records Paths as they were given.
	Origin []spec.Origin
	// FileBytes is the size at which a training file ends and the next begins; 0 is DefaultFileBytes.
	FileBytes int64
	// MaxProblems bounds how many problems of each reason are reported in full; all are counted. 0 is
	// DefaultMaxProblems.
	MaxProblems int
	// Progress, where set, is called from Add's goroutine about once a megabyte of input and after each file.
	Progress func(Progress)
}

// Progress says how far Add has come. Bytes are counted on disk, before decompression.
type Progress struct {
	File      string // being read
	Files     int    // read to the end
	FilesAll  int
	Bytes     int64
	BytesAll  int64
	Documents int64 // kept
	Rejected  int64
}

// Split is a way to cut plain text files into documents.
type Split string

const (
	// SplitAuto makes one document of a file of up to 4 MiB (a long novel) and cuts larger files at blank lines,
	// which is how large dumps of text separate their documents.
	SplitAuto Split = ""
	// SplitFile makes one document of each file.
	SplitFile Split = "file"
	// SplitParagraphs cuts at blank lines.
	SplitParagraphs Split = "paragraphs"
	// SplitLines makes each line a document.
	SplitLines Split = "lines"
)

// checked fills in the defaults and returns *ablation.Invalid with every problem that the options have.
func (o Options) checked() (Options, error) {
	o.Role = cmp.Or(o.Role, ablation.RoleTrain)
	o.Share = cmp.Or(o.Share, DefaultShare)
	o.FileBytes = cmp.Or(o.FileBytes, DefaultFileBytes)
	o.MaxProblems = cmp.Or(o.MaxProblems, DefaultMaxProblems)
	var problems []ablation.Problem
	problems = append(problems, checkName(o.Name)...)
	o.Lang, problems = parseLang(o.Lang, problems)
	problems = append(problems, o.checkPaths()...)
	problems = append(problems, o.checkShare()...)
	problems = append(problems, o.checkSplit()...)
	problems = append(problems, o.checkQuota()...)
	if len(problems) > 0 {
		return Options{}, &ablation.Invalid{Problems: problems}
	}
	return o, nil
}

func invalid(field, text, en, ja string) []ablation.Problem {
	return []ablation.Problem{{Field: field, Text: text, Message: ablation.Label{EN: en, JA: ja}}}
}

func checkName(name string) []ablation.Problem {
	if spec.ValidName(name) {
		return nil
	}
	return invalid("name", name,
		fmt.Sprintf("%q is no name: use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first", name),
		fmt.Sprintf("「%s」は名前にできません。英小文字、数字、. _ - で 64 文字まで、先頭は英小文字か数字にしてください", name))
}

// parseLang brings a language tag to its usual case; it doesn't replace deprecated tags.
func parseLang(lang string, problems []ablation.Problem) (string, []ablation.Problem) {
	if lang == "code" || lang == "other" {
		return lang, problems
	}
	if lang == "" {
		return "", append(problems, invalid("lang", "", "say the text's language: ja, en, zh-Hant (BCP 47), or one of code and other",
			"文章の言語を指定してください。ja、en、zh-Hant など（BCP 47）か、code、other です")...)
	}
	tag, err := language.Raw.Parse(lang)
	if err != nil {
		return "", append(problems, invalid("lang", lang,
			fmt.Sprintf("%q is no language tag: use BCP 47, such as ja, en or zh-Hant, or one of code and other", lang),
			fmt.Sprintf("「%s」は言語タグではありません。BCP 47（ja、en、zh-Hant など）か、code、other にしてください", lang))...)
	}
	return tag.String(), problems
}

func (o Options) checkPaths() []ablation.Problem {
	if len(o.Paths) > 0 && !slices.Contains(o.Paths, "") {
		return nil
	}
	return invalid("paths", "", "name at least one file, folder or glob to read", "ファイル、フォルダー、グロブのどれかを指定してください")
}

func (o Options) checkShare() []ablation.Problem {
	if o.Share > 0 && o.Share < 1 {
		return nil
	}
	return invalid("share", fmt.Sprint(o.Share),
		fmt.Sprintf("a held-out share of %v: it must lie between 0 and 1, as in 0.01; to keep everything for evaluation, add the source with --heldout", o.Share),
		fmt.Sprintf("評価用の割合が %v です。0 より大きく 1 より小さくしてください。0.01 のように書きます。すべてを評価用にするには --heldout を付けます", o.Share))
}

func (o Options) checkSplit() []ablation.Problem {
	switch o.Split {
	case SplitAuto, SplitFile, SplitParagraphs, SplitLines:
		return nil
	}
	return invalid("split", string(o.Split),
		fmt.Sprintf("%q is no split: use file, paragraphs or lines", o.Split),
		fmt.Sprintf("「%s」という区切り方はありません。file、paragraphs、lines のどれかにしてください", o.Split))
}

// heldOutTo is the largest hash that is held out.
func (o Options) heldOutTo() uint64 {
	if o.Role == ablation.RoleHeldout {
		return math.MaxUint64
	}
	return uint64(math.Ceil(o.Share*(1<<64))) - 1
}
