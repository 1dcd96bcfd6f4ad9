package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// autoSplit is the size above which SplitAuto takes a text file for a dump of many documents.
const autoSplit = 4 << 20

// found is what an input holds at one place: a document, or the problem that stands in its way.
type found struct {
	id      string
	text    string
	problem *Problem
}

// documents yields what an input holds, in order, until its end or its first read error.
func (o Options) documents(in input, a *archive) iter.Seq[found] {
	switch a.kind {
	case ".jsonl", ".ndjson", ".json":
		return in.jsonLines(a, o.Column)
	}
	switch o.Split {
	case SplitFile:
		return in.whole(a, maxDocument)
	case SplitParagraphs:
		return in.blocks(a, isBlank)
	case SplitLines:
		return in.blocks(a, func([]byte) bool { return true })
	}
	return in.whole(a, autoSplit)
}

// whole yields a text file as one document, or, where it is longer than limit and limit isn't the bound of all
// documents, its paragraphs.
func (in input) whole(r io.Reader, limit int64) iter.Seq[found] {
	return func(yield func(found) bool) {
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		switch {
		case err != nil:
			in.brokenOff(data, err, limit)(yield)
		case int64(len(data)) <= limit:
			yield(in.textDocument(in.id, 0, data))
		case limit == maxDocument:
			yield(in.problem(0, TooLong, "the file is one document above 32 MiB: split it at paragraphs or lines"))
		default:
			in.blocks(io.MultiReader(bytes.NewReader(data), r), isBlank)(yield)
		}
	}
}

// brokenOff yields the whole lines that came before a read error, then the error.
func (in input) brokenOff(data []byte, err error, limit int64) iter.Seq[found] {
	return func(yield func(found) bool) {
		lines := data[:bytes.LastIndexByte(data, '\n')+1]
		if len(lines) > 0 {
			for f := range in.whole(bytes.NewReader(lines), limit) {
				if !yield(f) {
					return
				}
			}
		}
		yield(in.broken(int64(bytes.Count(lines, []byte("\n"))), err))
	}
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// blocks yields the runs of lines that end at an ending line or at the end of the file. Runs of nothing but white space
// aren't documents.
func (in input) blocks(r io.Reader, ends func(line []byte) bool) iter.Seq[found] {
	return func(yield func(found) bool) {
		lines, block := newLineReader(r), block{first: 1}
		for {
			line, err := lines.next()
			long := errors.Is(err, errTooLong)
			if !long && err != nil && !errors.Is(err, io.EOF) {
				yield(in.broken(lines.number, err))
				return
			}
			block.add(line, long)
			if err == nil && !ends(line) {
				continue
			}
			if !block.empty() && !yield(in.finish(block)) || errors.Is(err, io.EOF) {
				return
			}
			block = block.after(lines.number)
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

func (in input) finish(b block) found {
	if b.long {
		return in.problem(b.first, TooLong, "a document above 32 MiB: split the text at lines")
	}
	return in.textDocument(fmt.Sprintf("%s:%d", in.id, b.first), b.first, b.text)
}

// textDocument checks and cleans plain text that starts at a line (0 where it is a whole file).
func (in input) textDocument(id string, line int64, data []byte) found {
	if bad := invalidUTF8(data); bad >= 0 {
		at := max(line, 1) + int64(bytes.Count(data[:bad], []byte("\n")))
		return in.problem(at, NotUTF8, encodingDetail(data, bad))
	}
	return in.cleanDocument(id, line, string(data))
}

func (in input) cleanDocument(id string, line int64, text string) found {
	if strings.ContainsRune(text, 0) {
		return in.problem(line, NotText, "NUL bytes: this isn't text; leave the file out, or convert it to UTF-8 text")
	}
	text = clean(text)
	if strings.TrimSpace(text) == "" {
		return in.problem(line, Empty, "")
	}
	return found{id: id, text: text}
}

// clean drops what editors and platforms add: a byte order mark, carriage returns, blank lines around the text.
func clean(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimRightFunc(strings.TrimLeft(text, "\n"), unicode.IsSpace)
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

func (in input) problem(line int64, reason, detail string) found {
	return found{problem: &Problem{File: in.path, Line: line, Reason: reason, Detail: detail}}
}

// broken is the error that ends a file after a line, 0 where it can't even be begun.
func (in input) broken(line int64, err error) found {
	var disk *fs.PathError
	if compressed(in.path) && !errors.As(err, &disk) {
		return in.problem(line, Damaged, damage(in.path, line, err))
	}
	return in.problem(line, Unreadable, obstacle(err))
}

// obstacle says why a file can't be read, without its path, which stands before.
func obstacle(err error) string {
	var disk *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read the file: change its permissions, or copy it"
	case errors.Is(err, fs.ErrNotExist):
		return "the file is gone: somebody removed it meanwhile"
	case errors.As(err, &disk):
		return fmt.Sprintf("the disk answers %q: copy the file elsewhere and add it from there", disk.Err)
	}
	return fmt.Sprintf("%v: copy the file elsewhere and add it from there", err)
}
