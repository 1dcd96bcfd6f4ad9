package corpus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/haigo-lab/haigo/services/ablation"
)

// parquet sends the text column of a parquet file, and nothing else of it is read.
func (f *feed) parquet(o Options) {
	file, err := os.Open(f.path)
	if err != nil {
		f.problem(*f.broken(0, err))
		return
	}
	defer file.Close()
	done := int64(0)
	defer func() {
		if recover() != nil { // the package panics on some broken pages
			f.problem(f.rejected(done, Damaged, brokenTable(done)))
		}
	}()
	table, err := parquet.OpenFile(file, f.bytes, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<20))
	if err != nil {
		f.problem(f.rejected(0, Damaged, noTable))
		return
	}
	leaves := leavesOf(table.Root())
	text := chosen(leaves, o.Column, textColumns)
	if text == nil {
		f.problem(f.rejected(0, NoText, noTextColumn(o.Column, leaves)))
		return
	}
	by := chosen(leaves, o.By, nil)
	if o.By != "" && by == nil {
		f.problem(f.rejected(0, NoGroup, noByColumn(o.By, leaves)))
		return
	}
	f.disk = func() int64 { return f.bytes * done / max(table.NumRows(), 1) }
	for _, group := range table.RowGroups() {
		if err := f.rowGroup(group, text, by, &done); err != nil {
			f.problem(f.rejected(done, Damaged, brokenTable(done)))
			return
		}
	}
}

// rowGroup sends the rows of a group and counts them.
func (f *feed) rowGroup(group parquet.RowGroup, text, by *parquet.Column, done *int64) error {
	texts := newCells(group, text)
	defer texts.close()
	var groups *cells
	if by != nil {
		groups = newCells(group, by)
		defer groups.close()
	}
	for range group.NumRows() {
		value, there, err := texts.next()
		if err != nil {
			return err
		}
		r := row{line: *done + 1}
		if groups != nil {
			name, _, err := groups.next()
			if err != nil {
				return err
			}
			r.group = string(name)
		}
		*done++
		switch {
		case texts.long:
			p := f.rejected(*done, TooLong, longBlock)
			r.problem, value = &p, nil
		case !there:
			p := f.rejected(*done, NoText, nullText)
			r.problem, value = &p, nil
		}
		if !f.add(r, value) {
			return nil
		}
	}
	return nil
}

// cells reads one column of a row group, a row at a time.
type cells struct {
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer [64]parquet.Value
	ready  []parquet.Value // of the buffer, not taken yet
	text   []byte
	long   bool // the row's text is longer than a document may be
}

func newCells(group parquet.RowGroup, column *parquet.Column) *cells {
	return &cells{pages: group.ColumnChunks()[column.Index()].Pages()}
}

func (c *cells) close() {
	parquet.Release(c.page)
	_ = c.pages.Close()
}

// next is the text of the next row, valid until the call after it: the values of a list are joined by line ends.
func (c *cells) next() (text []byte, there bool, err error) {
	c.text, c.long = c.text[:0], false
	for n := 0; ; n++ {
		value, err := c.peek()
		if errors.Is(err, io.EOF) && n > 0 {
			return c.text, there, nil
		}
		if err != nil {
			return nil, false, err
		}
		if n > 0 && value.RepetitionLevel() == 0 {
			return c.text, there, nil
		}
		c.ready = c.ready[1:]
		if value.IsNull() {
			continue
		}
		bytes := value.ByteArray()
		if c.long = c.long || len(c.text)+len(bytes) > maxDocument; c.long {
			c.text, there = c.text[:0], true
			continue
		}
		if there {
			c.text = append(c.text, '\n')
		}
		c.text, there = append(c.text, bytes...), true
	}
}

// peek is the next value; it stays the next one.
func (c *cells) peek() (parquet.Value, error) {
	for len(c.ready) == 0 {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err != nil {
				return parquet.Value{}, err
			}
			parquet.Release(c.page)
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.ready = c.buffer[:n]
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return parquet.Value{}, err
			}
			c.values = nil
		}
	}
	return c.ready[0], nil
}

// leavesOf are the columns that hold values.
func leavesOf(column *parquet.Column) []*parquet.Column {
	if column.Leaf() {
		return []*parquet.Column{column}
	}
	var leaves []*parquet.Column
	for _, inner := range column.Columns() {
		leaves = append(leaves, leavesOf(inner)...)
	}
	return leaves
}

// chosen is the column of that name, or the first of the usual ones where name is empty; nil where it isn't there or
// holds no text.
func chosen(leaves []*parquet.Column, name string, usual []string) *parquet.Column {
	names := usual
	if name != "" {
		names = []string{name}
	}
	for _, name := range names {
		for _, leaf := range leaves {
			if columnName(leaf) == name && holdsText(leaf) {
				return leaf
			}
		}
	}
	return nil
}

func holdsText(leaf *parquet.Column) bool { return leaf.Type().Kind() == parquet.ByteArray }

// columnName is a column's path without the names that only say that it is a list.
func columnName(leaf *parquet.Column) string {
	path := slices.Clone(leaf.Path())
	for i := len(path) - 2; i > 0; i-- {
		if path[i] == "list" && (path[i+1] == "element" || path[i+1] == "item") || path[i] == "bag" && path[i+1] == "array_element" {
			path = slices.Delete(path, i, i+2)
			i--
		}
	}
	return strings.Join(path, ".")
}

// columnNames names the columns, those with text first marked as such.
func columnNames(leaves []*parquet.Column) (text, others string) {
	var with, without []string
	for _, leaf := range leaves {
		if holdsText(leaf) {
			with = append(with, columnName(leaf))
		} else {
			without = append(without, columnName(leaf))
		}
	}
	none := func(names []string) string {
		if len(names) == 0 {
			return "—"
		}
		return strings.Join(names, ", ")
	}
	return none(with), none(without)
}

func noTextColumn(column string, leaves []*parquet.Column) ablation.Label {
	text, others := columnNames(leaves)
	if column == "" {
		column = "text, content, raw_content"
	}
	return ablation.Label{
		EN: fmt.Sprintf("no text column %s; columns with text: %s; others: %s; choose one of them", column, text, others),
		JA: fmt.Sprintf("本文の列 %s がありません。文字列の列: %s。その他の列: %s。文字列の列から選んでください", column, text, others),
	}
}

func noByColumn(column string, leaves []*parquet.Column) ablation.Label {
	text, _ := columnNames(leaves)
	return ablation.Label{
		EN: fmt.Sprintf("no column %s to divide by; columns with text: %s; choose one with --by", column, text),
		JA: fmt.Sprintf("分ける基準の列 %s がありません。文字列の列: %s。--by で選んでください", column, text),
	}
}

var noTable = ablation.Label{
	EN: "the parquet file is damaged or cut off: its end, where the columns are described, can't be read; fetch it again",
	JA: "parquet ファイルが壊れているか、途中で切れています。列の説明がある末尾を読めません。取得し直してください",
}

var nullText = ablation.Label{EN: "the text of this row is null: mend the row, or choose another column", JA: "この行の本文は null です。行を直すか、別の列を選んでください"}

func brokenTable(row int64) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("the parquet file is damaged after row %d, or packed in a way that isn't read: fetch it again, or write it again with snappy or zstd; what came before is kept", row),
		JA: fmt.Sprintf("parquet ファイルが %d 行目のあとで壊れているか、対応していない方式で圧縮されています。取得し直すか、snappy か zstd で書き直してください。ここまでの内容は取り込みました", row),
	}
}
