package plugin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// pairsRead is how much of a source's training text is read to count its rows; of a longer one the rest is taken to be like it.
const pairsRead = 32 << 20

// countPairs puts how many rows the pairs of each source make in the place of how many all of its text would: exactly over bytes,
// else about as many. A source without a pair is a problem.
func countPairs(s *spec.Spec, m *rows.Material) {
	for i, source := range s.Sources {
		all := m.Rows[source.Name]
		manifest, _, err := spec.ReadManifest(source.Manifest)
		if err != nil {
			continue // it was said
		}
		p := pairs{after: s.Tune.AnswerAfter, row: s.RowTokens, ratio: tokensPerByte(s, manifest, all)}
		switch err := p.read(filepath.Dir(source.Manifest), manifest); {
		case err != nil:
			m.Problems = append(m.Problems, spec.NewProblem(fmt.Sprintf("sources[%d]", i), err))
		case p.rows == 0:
			m.Problems = append(m.Problems, spec.NewProblem(fmt.Sprintf("sources[%d]", i), spec.Say(
				"has no answers to tune on: none of its documents has the line %[1]q between a prompt and an answer; add prompts and answers as JSON lines, or name the line that stands between them (answer_after)",
				"学習する答えがありません。プロンプトと答えを分ける行 %[1]q のある文書がありません。プロンプトと答えを JSON Lines で追加するか、両者を分ける行（answer_after）を指定してください",
				strings.TrimSpace(s.Tune.AnswerAfter))))
		default:
			m.Rows[source.Name] = p.all(manifest)
			m.Epochs[source.Name] *= float64(all) / float64(m.Rows[source.Name])
		}
	}
}

// tokensPerByte is that of a source whose text makes so many rows when it is cut without a gap.
func tokensPerByte(s *spec.Spec, m *spec.Manifest, rows int64) float64 {
	if s.Tokenizer.Kind == spec.TokenizerBytes {
		return 1
	}
	bytes := int64(1)
	for _, f := range m.Files {
		bytes += f.Bytes
	}
	return float64(rows*int64(s.RowTokens+1)) / float64(bytes)
}

// pairs counts the rows that pairs.py would make, by the same rule.
type pairs struct {
	after string
	row   int     // tokens that are trained on in one
	ratio float64 // tokens a byte

	rows, taken int   // taken: tokens in the last row, its first separator among them
	bytes       int64 // that were read
}

func (p *pairs) read(dir string, m *spec.Manifest) error {
	for _, f := range m.Files {
		if err := p.file(filepath.Join(dir, filepath.FromSlash(f.Path))); err != nil {
			return err
		}
		if p.bytes > pairsRead {
			return nil
		}
	}
	return nil
}

func (p *pairs) file(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("count pairs: %w", err)
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<20)
	for p.bytes <= pairsRead {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var d spec.Document
			if err := json.Unmarshal(line, &d); err != nil {
				return fmt.Errorf("count pairs of %s: %w", path, err)
			}
			p.document(d.Text)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("count pairs: %w", err)
		}
	}
	return nil
}

func (p *pairs) document(text string) {
	p.bytes += int64(len(text))
	prompt, answer, found := strings.Cut(text, p.after)
	if !found || strings.TrimSpace(answer) == "" {
		return
	}
	before := 1 + p.tokens(len(prompt)+len(p.after))
	tokens := before + p.tokens(len(answer)) + 1
	cut := min(before-1, max(0, tokens-p.row-1))
	tokens, before = tokens-cut, before-cut
	first := true
	for at := 0; at < tokens-1; at += p.row {
		if at+p.row >= before {
			p.add(min(p.row+1, tokens-at), first && cut == 0)
		}
		first = false
	}
}

// add puts a sequence of so many tokens into the row, or into the next.
func (p *pairs) add(tokens int, separated bool) {
	rest := tokens
	if p.taken > 0 && separated {
		rest--
	}
	if p.taken > 0 && p.taken+rest <= p.row+1 {
		p.taken += rest
		return
	}
	p.rows, p.taken = p.rows+1, tokens
}

func (p *pairs) tokens(bytes int) int { return int(math.Round(float64(bytes) * p.ratio)) }

// all is the number of rows of the whole source.
func (p *pairs) all(m *spec.Manifest) int64 {
	total := int64(0)
	for _, f := range m.Files {
		total += f.Bytes
	}
	if p.bytes == 0 || p.bytes >= total {
		return int64(p.rows)
	}
	return max(1, int64(float64(p.rows)*float64(total)/float64(p.bytes)))
}
