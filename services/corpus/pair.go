package corpus

import (
	"bytes"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Fields of JSON lines that hold a prompt and its answer, tried in this order in objects that have no text. What stands in
// input goes with an instruction.
var (
	promptColumns = []string{"prompt", "instruction", "question"}
	answerColumns = []string{"answer", "output", "response", "completion"}
)

const inputColumn = "input"

// pairOf is the text of an object that has a prompt and an answer, joined by the line that says where the answer begins. found
// says whether it has either; the problem is empty where it has both.
func pairOf(line []byte) (text []byte, found bool, problem ablation.Label) {
	var picks []pick
	for _, name := range append(append(append([]string{}, promptColumns...), answerColumns...), inputColumn) {
		picks = append(picks, pick{path: name})
	}
	if pickAll(line, picks) != nil {
		return nil, false, ablation.Label{}
	}
	prompts, rest := picks[:len(promptColumns)], picks[len(promptColumns):]
	prompt, asked := stringIn(prompts)
	answer, answered := stringIn(rest[:len(answerColumns)])
	if prompts[0].value == nil && prompts[1].value != nil {
		if more, _ := stringIn(rest[len(answerColumns):]); len(more) > 0 {
			prompt = append(append(prompt, "\n\n"...), more...)
		}
	}
	switch {
	case !asked || !answered:
		return nil, asked || answered, onePartOnly
	case isBlank(prompt) || isBlank(answer):
		return nil, true, emptyPart
	case bytes.Contains(prompt, []byte(spec.AnswerAfter)):
		return nil, true, answerInPrompt
	}
	return append(append(clean(prompt), spec.AnswerAfter...), clean(answer)...), true, ablation.Label{}
}

// stringIn is the first of some values that is a text, in memory of its own.
func stringIn(picks []pick) ([]byte, bool) {
	for _, p := range picks {
		if text, _, state := stringOf(p.value, nil); state == wholeString {
			return append([]byte{}, text...), true
		}
	}
	return nil, false
}

var (
	onePartOnly = ablation.Label{
		EN: "a prompt without an answer, or an answer without a prompt: give both, as prompt and answer, instruction and output, or question and answer",
		JA: "プロンプトだけで答えがないか、答えだけでプロンプトがありません。prompt と answer、instruction と output、question と answer のように両方を書いてください",
	}
	emptyPart = ablation.Label{
		EN: "the prompt or the answer is empty: fill it in, or leave the row out",
		JA: "プロンプトか答えが空です。内容を書くか、この行を除いてください",
	}
	answerInPrompt = ablation.Label{
		EN: "the prompt holds a line \"### Answer\", which is put between a prompt and its answer: write it otherwise",
		JA: "プロンプトに「### Answer」という行があります。プロンプトと答えの間に入る行なので、別の書き方にしてください",
	}
)
