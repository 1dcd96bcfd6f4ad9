package httpd

import (
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// evaluation says how often a run is scored, and what that takes of its time.
func (w words) evaluation(r ablation.Recipe) string {
	return w.scored(r.EvalEvery(), r.TasksEvery(), r.Steps(), r.Scored.Tasks > 0, r.EvaluationShare())
}

// scored is evaluation of a run of so many steps that is scored every so many, its tasks, where it has some, every
// tasksEvery; 0 is as often as the rest.
func (w words) scored(every, tasksEvery, steps int64, tasks bool, share float64) string {
	said := []string{w.often("eval.sets", every, steps)}
	switch {
	case tasks && tasksEvery == 0:
		said[0] = w.often("eval.both", every, steps)
	case tasks:
		said = append(said, w.often("eval.tasks", tasksEvery, steps))
	}
	if share > 0 {
		said = append(said, w.text("eval.share", "p", percent(share, 1)))
	}
	return strings.Join(said, map[string]string{"en": " "}[w.lang]) // Japanese puts nothing between sentences
}

func (w words) often(key string, every, steps int64) string {
	if every >= steps {
		return w.text(key + ".end")
	}
	return w.text(key, "n", integer(every))
}
