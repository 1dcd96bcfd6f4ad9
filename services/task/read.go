package task

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// maxFile bounds what a file holds once it is decompressed: far more than any published set of items.
const maxFile = 1 << 30

// readFile reads a file whole; .gz, .zst and .xz are told by their first bytes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, 4)
	n, _ := io.ReadFull(file, head)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	in, closeIn, err := decompressed(file, head[:n])
	if err != nil {
		return nil, cutOff(path, err)
	}
	defer closeIn()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, cutOff(path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s holds more than 1 GiB, which is no file of items", path)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// cutOff is an error of reading a file: of its archive, unless the disk is to blame.
func cutOff(path string, err error) error {
	if disk := (*fs.PathError)(nil); errors.As(err, &disk) {
		return err
	}
	return &ablation.Invalid{Problems: []ablation.Problem{{File: filepath.Base(path), Message: ablation.Label{
		EN: fmt.Sprintf("the archive is damaged or ends in the middle (%v): make or fetch it again", err),
		JA: fmt.Sprintf("圧縮ファイルが壊れているか、途中で切れています（%v）。作り直すか、取得し直してください", err),
	}}}}
}

func decompressed(file io.Reader, head []byte) (io.Reader, func(), error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		in, err := gzip.NewReader(file)
		return in, func() {}, err
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		in, err := zstd.NewReader(file)
		if err != nil {
			return nil, nil, err
		}
		return in, in.Close, nil
	}
	return unpackedXZ(file, head)
}

func unpackedXZ(file io.Reader, head []byte) (io.Reader, func(), error) {
	if !bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X'}) {
		return file, func() {}, nil
	}
	in, err := xz.NewReader(bufio.NewReader(file))
	return in, func() {}, err
}

// row is one value of a file and where it begins.
type row struct {
	line int
	raw  json.RawMessage
}

// rowsOf are the values of a file: one a line, the elements of one list, or one object over several lines.
func rowsOf(file string, data []byte) ([]row, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	inList := len(bytes.TrimSpace(data)) > 0 && bytes.TrimSpace(data)[0] == '['
	if inList {
		if _, err := decoder.Token(); err != nil {
			return nil, broken(file, data, decoder, err)
		}
	}
	var rows []row
	line, counted := 1, 0
	for decoder.More() {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, broken(file, data, decoder, err)
		}
		begin := int(decoder.InputOffset()) - len(raw)
		line += bytes.Count(data[counted:begin], []byte{'\n'})
		counted = begin
		rows = append(rows, row{line, raw})
	}
	if inList {
		if _, err := decoder.Token(); err != nil {
			return nil, broken(file, data, decoder, err)
		}
	}
	return rows, nil
}

// broken says where a file stops being JSON.
func broken(file string, data []byte, decoder *json.Decoder, err error) error {
	at := decoder.InputOffset()
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		at = max(at, syntax.Offset-1)
	}
	end := min(int(at), len(data))
	for end < len(data) && (data[end] == ' ' || data[end] == '\n' || data[end] == '\r') {
		end++
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		end = len(bytes.TrimRight(data, " \r\n"))
	}
	return &ablation.Invalid{Problems: []ablation.Problem{{
		File: file, Line: 1 + bytes.Count(data[:end], []byte{'\n'}), Message: ablation.Label{
			EN: fmt.Sprintf("isn't JSON here: %v", err), JA: fmt.Sprintf("ここで JSON として読めません（%v）", err),
		},
	}}}
}

var stringType = reflect.TypeFor[string]()

// text is a JSON string; a number counts as its digits.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '"' {
		var n json.Number
		if err := json.Unmarshal(data, &n); err != nil {
			return &json.UnmarshalTypeError{Value: string(data[:min(len(data), 20)]), Type: stringType}
		}
		*t = text(n)
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// line is an item as people write it; what isn't there is nil. Other fields are left alone.
type line struct {
	Task    *string  `json:"task"`
	ID      *text    `json:"id"`
	Lang    *string  `json:"lang"`
	Kind    *string  `json:"kind"`
	Context *string  `json:"context"`
	Sep     *string  `json:"sep"`
	Choices []string `json:"choices"`
	Gold    *int     `json:"gold"`
	Labels  []int    `json:"labels"`
	Answers []string `json:"answers"`
	Norm    string   `json:"norm"`
}

// itemsIn reads items out of rows, with a problem for each row that is none.
func itemsIn(file string, rows []row) (items []Placed, problems []ablation.Problem) {
	for _, r := range rows {
		at := Placed{File: file, Line: r.line}
		var l line
		if err := json.Unmarshal(r.raw, &l); err != nil {
			problems = append(problems, misread(at, err))
			continue
		}
		if l.ID != nil {
			at.ID = string(*l.ID)
		}
		missing := l.missing()
		for _, field := range missing {
			problems = append(problems, problem(at, field, "is missing", "ありません"))
		}
		if len(missing) == 0 {
			at.Item = l.item()
			items = append(items, at)
		}
	}
	return items, problems
}

func misread(at Placed, err error) ablation.Problem {
	field, want := "", ablation.Label{EN: "an object", JA: "オブジェクト"}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
		field, _, _ = strings.Cut(wrong.Field, ".") // an element of a list may have a number
		want = wanted(field)
	}
	return problem(at, field, "must be %[1]s", "%[2]s にしてください", want.EN, want.JA)
}

// wanted is what a field of an item is to be.
func wanted(field string) ablation.Label {
	switch field {
	case "choices", "answers":
		return ablation.Label{EN: "a list of strings", JA: "文字列の配列"}
	case "labels":
		return ablation.Label{EN: "a list of 0 and 1", JA: "0 と 1 の配列"}
	case "gold":
		return ablation.Label{EN: "a whole number", JA: "整数"}
	}
	return ablation.Label{EN: "a string", JA: "文字列"}
}

func (l line) missing() (fields []string) {
	for _, v := range []struct {
		field   string
		missing bool
	}{
		{"task", l.Task == nil},
		{"id", l.ID == nil},
		{"lang", l.Lang == nil},
		{"kind", l.Kind == nil},
		{"context", l.Context == nil},
		{"gold", l.Kind != nil && *l.Kind == spec.ItemMultipleChoice && l.Gold == nil},
	} {
		if v.missing {
			fields = append(fields, v.field)
		}
	}
	return fields
}

func (l line) item() spec.Item {
	item := spec.Item{
		Task: *l.Task, ID: string(*l.ID), Lang: *l.Lang, Kind: *l.Kind, Context: *l.Context, Choices: l.Choices, Labels: l.Labels,
		Answers: l.Answers, Norm: l.Norm,
	}
	if l.Gold != nil {
		item.Gold = *l.Gold
	}
	item.Sep = between(item)
	if l.Sep != nil {
		item.Sep = *l.Sep
	}
	return item
}

// between is the separator of an item that names none: nothing in Japanese, Chinese and code, and after an empty context;
// else a space.
func between(item spec.Item) string {
	for _, lang := range []string{"ja", "zh", "code"} {
		if item.Lang == lang || strings.HasPrefix(item.Lang, lang+"-") {
			return ""
		}
	}
	if item.Context == "" {
		return ""
	}
	return " "
}

// itemsOf reads and checks the items of one file, which a person knows as name.
func itemsOf(path, name string) ([]Placed, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("task items: %w", err)
	}
	rows, err := rowsOf(name, data)
	if err != nil {
		return nil, err
	}
	return checkedItems(name, rows)
}

// checkedItems are the items in the rows of a file, at least one, as Check wants them.
func checkedItems(file string, rows []row) ([]Placed, error) {
	found, problems := itemsIn(file, rows)
	if len(problems) == 0 {
		problems = Check(found)
	}
	if len(found) == 0 && len(rows) == 0 {
		problems[0].File = file
	}
	return found, refuse(problems)
}

// bare are items without their places.
func bare(list []Placed) []spec.Item {
	items := make([]spec.Item, len(list))
	for i, p := range list {
		items[i] = p.Item
	}
	return items
}
