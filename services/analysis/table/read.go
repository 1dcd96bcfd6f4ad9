package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/services/ablation"
)

// File is a CSV file that somebody has read.
type File struct {
	Name string // for messages
	Data []byte
}

// Most rows and columns that a file may have.
const (
	mostRows    = 100_000
	mostColumns = 2_000
	mostShown   = 20 // problems of one file, before "and more"
)

// sheet is a CSV file cut into an id and cells.
type sheet struct {
	file     string
	columns  []string // without those that only name rows
	ids      []string
	lines    []int
	cells    [][]string
	problems []ablation.Problem
}

// olmix are the columns in front of an Olmix file; rows are joined on name.
var olmix = []string{"", "run", "name", "index"}

func open(f File) *sheet {
	s := &sheet{file: f.Name}
	data := bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))
	if s.foreign(data) {
		return s
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	var head []string
	for {
		row, err := r.Read()
		if err != nil {
			s.broken(err)
			break
		}
		line, _ := r.FieldPos(0)
		switch {
		case head == nil:
			head = row
			s.header(head, line)
		case len(row) == 1 && strings.TrimSpace(row[0]) == "":
		case len(row) != len(head):
			s.problem(line, "", ablation.Said("has %d cells, the header has %d: write one for each column", "セルが %d 個ありますが、見出しは %d 列です。列と同じ数にしてください", len(row), len(head)))
		default:
			s.row(head, row, line)
		}
		if len(s.ids) > mostRows {
			s.problem(line, "", ablation.Said("is beyond %d rows, the most that are read", "%d 行を超えています。これより多くは読めません", mostRows))
			break
		}
	}
	if head == nil && len(s.problems) == 0 {
		s.problem(0, "", ablation.Said("is empty: write a header and a row a run", "空です。見出しと、ランごとに 1 行を書いてください"))
	}
	return s
}

// foreign notes a form in which spreadsheets save text, and that this reader doesn't take.
func (s *sheet) foreign(data []byte) bool {
	head, _, _ := bytes.Cut(data, []byte("\n"))
	form := ablation.Label{}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		form = ablation.Label{EN: "is UTF-16", JA: "UTF-16 です"}
	case !utf8.Valid(data):
		form = ablation.Label{EN: "isn't UTF-8 (Shift_JIS, perhaps)", JA: "UTF-8 ではありません (Shift_JIS かもしれません)"}
	case bytes.ContainsRune(head, ','):
	case bytes.ContainsRune(head, '\t'):
		form = ablation.Label{EN: "cells stand between tabs", JA: "セルがタブで区切られています"}
	case bytes.ContainsRune(head, ';'):
		form = ablation.Label{EN: "cells stand between semicolons", JA: "セルがセミコロンで区切られています"}
	}
	if form == (ablation.Label{}) {
		return false
	}
	s.problem(0, "", ablation.Said("%s; save it as CSV UTF-8, with commas between the cells", "%s。カンマ区切りの CSV (UTF-8) で保存し直してください", form))
	return true
}

// broken notes what ended the reading, unless it is the end of the file.
func (s *sheet) broken(err error) {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		s.problem(bad.Line, "", ablation.Said("is no CSV: %v", "CSV として読めません: %v", bad.Err))
	}
}

func (s *sheet) problem(line int, field string, message ablation.Label) {
	s.problems = append(s.problems, ablation.Problem{File: s.file, Line: line, Field: field, Message: message})
}

func isOlmix(head []string) bool {
	if len(head) < len(olmix) {
		return false
	}
	for i, name := range olmix {
		if strings.TrimSpace(head[i]) != name {
			return false
		}
	}
	return true
}

// named is how many columns name the rows, and which of them is the id.
func named(head []string) (columns, id int) {
	if isOlmix(head) {
		return len(olmix), 2
	}
	return 1, 0
}

func (s *sheet) header(head []string, line int) {
	skip, _ := named(head)
	seen := map[string]bool{}
	for _, name := range head[min(skip, len(head)):] {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			s.problem(line, "", ablation.Said("a column has no name", "名前のない列があります"))
		case seen[name]:
			s.problem(line, name, ablation.Said("stands twice in the header: rename or remove one", "見出しに 2 度あります。どちらかを直してください"))
		}
		seen[name] = true
		s.columns = append(s.columns, name)
	}
	if len(s.columns) == 0 {
		s.problem(line, "", ablation.Said("the header has no column behind the id: write one column a source or metric", "見出しに ID のほかの列がありません。データソースや指標ごとに 1 列を書いてください"))
	}
	if len(s.columns) > mostColumns {
		s.problem(line, "", ablation.Said("has %d columns; %d are the most that are read", "%d 列あります。読めるのは %d 列までです", len(s.columns), mostColumns))
	}
}

func (s *sheet) row(head, row []string, line int) {
	skip, id := named(head)
	s.ids = append(s.ids, strings.TrimSpace(row[id]))
	s.lines = append(s.lines, line)
	s.cells = append(s.cells, row[skip:])
}

// index is the row of each id; one that is missing or stands twice is a problem.
func (s *sheet) index() map[string]int {
	at := map[string]int{}
	for i, id := range s.ids {
		first, twice := at[id]
		switch {
		case id == "":
			s.problem(s.lines[i], "", ablation.Said("the row has no id in its first column", "最初の列に ID がありません"))
		case twice:
			s.problem(s.lines[i], "", ablation.Said("the id %s stands on line %d already: give each run its own (equal mixtures under different ids are replicates)",
				"ID %s は %d 行目にもあります。ランごとに別の ID にしてください (同じ配合で別の ID なら反復とみなします)", strconv.Quote(id), s.lines[first]))
		default:
			at[id] = i
		}
	}
	return at
}

// number reads a cell; missing values are NaN where they may be.
func (s *sheet) number(i, column int, missing bool) float64 {
	text := strings.TrimSpace(s.cells[i][column])
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case missing && absent(text):
		return math.NaN()
	case err != nil && !errors.Is(err, strconv.ErrRange):
		s.problem(s.lines[i], s.columns[column], ablation.Said("is %s; write a number, or leave the column out", "%s です。数値を書くか、この列を除いてください", strconv.Quote(clip(text))))
		return math.NaN()
	}
	return v
}

// absent reports whether a cell says that there is no value.
func absent(text string) bool {
	return text == "" || strings.EqualFold(text, "na") || strings.EqualFold(text, "null") || strings.EqualFold(text, "none")
}

func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// invalid is everything wrong in the files, or nil.
func invalid(sheets ...*sheet) error {
	var out ablation.Invalid
	for _, s := range sheets {
		problems := s.problems
		if more := len(problems) - mostShown; more > 0 {
			problems = append(problems[:mostShown:mostShown], ablation.Problem{
				File: s.file, Message: ablation.Said("and %d more like these", "ほかに %d 件あります", more),
			})
		}
		out.Problems = append(out.Problems, problems...)
	}
	if len(out.Problems) == 0 {
		return nil
	}
	return &out
}

// number of things, for messages.
func rowsOf(n int) ablation.Label {
	if n == 1 {
		return ablation.Said("1 row", "1 行")
	}
	return ablation.Label{EN: fmt.Sprintf("%d rows", n), JA: fmt.Sprintf("%d 行", n)}
}
