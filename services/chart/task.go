package chart

import (
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// accuracies holds every arm's accuracy on a task against what knowing nothing gets.
func (d Data) accuracies(t ablation.Task) []analysis.Accuracy {
	return analysis.Accuracies(d.scores(ablation.TaskAccuracy(t.Name)), t.Floor(), t.Items)
}

// mostFrequent reports that always giving one answer beats a guess.
func mostFrequent(t ablation.Task) bool { return t.Majority > t.Chance }

// floorName is what an accuracy is held against, as a heading.
func floorName(t ablation.Task) ablation.Label {
	if mostFrequent(t) {
		return say("最多の答え", "most frequent answer")
	}
	return say("偶然", "chance")
}

// floor is what an accuracy is held against, with its value.
func floor(t ablation.Task, digits int) ablation.Label {
	if mostFrequent(t) {
		return say("いつも最多の答えを選ぶこと（%s）", "always giving the most frequent answer (%s)", Percent(t.Floor(), digits))
	}
	return say("偶然（%s）", "chance (%s)", Percent(t.Floor(), digits))
}

func floorHeading(t ablation.Task) ablation.Label {
	if mostFrequent(t) {
		return say("最多の答え", "Most frequent answer")
	}
	return say("偶然", "Chance")
}

func floorSentence(t ablation.Task) ablation.Label {
	if mostFrequent(t) {
		return say("いつも最多の答えを選ぶと正答率は %s。", "Always giving the most frequent answer gets %s.", Percent(t.Floor(), 1))
	}
	return say("偶然の正答率は %s。", "Chance is %s.", Percent(t.Floor(), 1))
}

// againstFloor says in two short lines where an arm stands.
func againstFloor(t ablation.Task, v analysis.Verdict) ablation.Label {
	word := say("偶然", "chance")
	if mostFrequent(t) {
		word = say("最多の答え", "one answer")
	}
	switch v {
	case analysis.Higher:
		return say("%sより\n高い", "above\n%s", word)
	case analysis.Lower:
		return say("%sより\n低い", "below\n%s", word)
	}
	return say("%sと\n区別できない", "cannot be told\nfrom %s", word)
}

// taskOf is the task that a metric is the accuracy of.
func (d Data) taskOf(metric string) (ablation.Task, bool) {
	i := slices.IndexFunc(d.Tasks, func(t ablation.Task) bool { return ablation.TaskAccuracy(t.Name) == metric })
	if i < 0 {
		return ablation.Task{}, false
	}
	return d.Tasks[i], true
}

// guesses are, by arm, whether a metric is an accuracy that isn't known to be above what knowing nothing gets: its ups and
// downs are those of guessing, and no trend.
func (d Data) guesses(metric string) []bool {
	guesses := make([]bool, len(d.Arms))
	t, is := d.taskOf(metric)
	if !is {
		return guesses
	}
	for i, a := range d.accuracies(t) {
		guesses[i] = a.Verdict != analysis.Higher
	}
	return guesses
}

// notDrawn says which arms have no line and why.
func (d Data) notDrawn(metric string, guesses []bool) ablation.Label {
	t, is := d.taskOf(metric)
	var names []ablation.Label
	for i, a := range d.Arms {
		if guesses[i] {
			names = append(names, armLabel(a))
		}
	}
	if !is || len(names) == 0 {
		return ablation.Label{}
	}
	if len(names) == len(d.Arms) {
		return say("どのアームの正答率も%sより高いとは言えないため、線を引かない。", "No arm's accuracy is known to be above %s, so no line is drawn.", floor(t, 1))
	}
	return say("%sは正答率が%sより高いとは言えないため、線を引かない。", "No line is drawn for these, whose accuracy isn't known to be above %[2]s: %[1]s.", subject(few(names)), floor(t, 1))
}

// guessed reports whether one run's accuracy isn't known to be above what knowing nothing gets.
func (d Data) guessed(run ablation.Run, metric string) bool {
	t, is := d.taskOf(metric)
	if !is {
		return false
	}
	i := slices.IndexFunc(d.Results, func(r ablation.Result) bool { return r.Run.ID == run.ID })
	if i < 0 {
		return true
	}
	r := d.Results[i]
	r.Run.State = ablation.RunCompleted // as far as it is
	s := analysis.Of([]ablation.Arm{{Name: r.Run.Arm}}, []ablation.Result{r}, metric)
	return analysis.Accuracies(s, t.Floor(), t.Items)[0].Verdict != analysis.Higher
}

// namesShown is how many arms a sentence names before it counts them.
const namesShown = 4

// compareItems says of a task which arms differ from their baseline in bits per byte of the answers: over seeds and over
// items, for one without the other isn't enough.
func (w *speaker) compareItems(t ablation.Task) {
	answers := analysis.AnswersOf(w.Arms, w.Runs, w.Items, t.Name)
	scores := w.scores(ablation.TaskBPB(t.Name))
	var bases []*against
	for _, p := range w.pairs() {
		d := answers.Difference(p.a, p.b)
		if p.control || d.Bits.Verdict == analysis.Unknown {
			continue
		}
		i := slices.IndexFunc(bases, func(b *against) bool { return b.base == p.b })
		if i < 0 {
			i, bases = len(bases), append(bases, &against{base: p.b})
		}
		bases[i].add(armLabel(w.Arms[p.a]), d.Items, analysis.Agreed(scores.Difference(p.a, p.b).Verdict, d.Bits.Verdict))
	}
	for _, b := range bases {
		w.say(b.say(t, subject(armLabel(w.Arms[b.base]))))
	}
}

// against is the arms that one baseline is compared with on a task.
type against struct {
	base, items         int
	lower, higher, open []ablation.Label
}

func (b *against) add(name ablation.Label, items int, v analysis.Verdict) {
	b.items = max(b.items, items)
	switch v {
	case analysis.Lower:
		b.lower = append(b.lower, name)
	case analysis.Higher:
		b.higher = append(b.higher, name)
	default:
		b.open = append(b.open, name)
	}
}

func (b *against) say(t ablation.Task, base ablation.Label) ablation.Label {
	if len(b.lower)+len(b.higher)+len(b.open) == 1 {
		return b.alone(t, base)
	}
	parts := []ablation.Label{say("%s の答え（%d 問、bits per byte）を%sと比べる。", "On the answers of %s (%d items, bits per byte), against %s:", same(t.Name), b.items, base)}
	for _, v := range []struct {
		names  []ablation.Label
		ja, en string
	}{
		{b.lower, "良い：%s。", "better: %s."},
		{b.higher, "悪い：%s。", "worse: %s."},
		{b.open, "まだ区別できない：%s。", "cannot be told apart yet: %s."},
	} {
		if len(v.names) > 0 {
			parts = append(parts, say(v.ja, v.en, few(v.names)))
		}
	}
	return join(parts...)
}

// alone is the sentence of a baseline with one arm to compare.
func (b *against) alone(t ablation.Task, base ablation.Label) ablation.Label {
	words := func(ja, en string, arm []ablation.Label) ablation.Label {
		return say("%s の答え（%d 問、bits per byte）では、"+ja, "On the answers of %s (%d items, bits per byte) "+en, same(t.Name), b.items, subject(arm[0]), base)
	}
	switch {
	case len(b.lower) > 0:
		return words("%sは%sより良い。", "%s is better than %s.", b.lower)
	case len(b.higher) > 0:
		return words("%sは%sより悪い。", "%s is worse than %s.", b.higher)
	}
	return words("%sは%sとまだ区別できない。", "%s cannot be told from %s yet.", b.open)
}

// few names arms, or counts them where they are many.
func few(names []ablation.Label) ablation.Label {
	if len(names) <= namesShown {
		return list(names)
	}
	return say("%d アーム", "%d arms", len(names))
}
