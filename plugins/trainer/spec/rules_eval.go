package spec

import "fmt"

func (p *problems) eval(e Eval) {
	p.need(e.EverySteps >= 0, "eval.every_steps", "is %d; give 1 or more, or 0 for the first and last step alone", e.EverySteps)
	p.need(e.TasksEverySteps >= 0, "eval.tasks_every_steps", "is %d; give 1 or more, or leave it out for every evaluation", e.TasksEverySteps)
	names, files := map[string]int{}, map[string]bool{}
	for i, set := range e.Sets {
		p.name(set.Name, fmt.Sprintf("eval.sets[%d].name", i), names, i)
		files[set.Name] = len(set.UnionOf) == 0
	}
	for i, set := range e.Sets {
		p.set(set, fmt.Sprintf("eval.sets[%d]", i), files)
	}
	tasks := map[string]int{}
	for i, t := range e.Tasks {
		at := fmt.Sprintf("eval.tasks[%d]", i)
		p.name(t.Name, at+".name", tasks, i)
		p.need(t.Path != "", at+".path", "is empty; give the task's file")
		p.digest(t.SHA256, at+".sha256")
	}
}

// set checks that a set is a file, or a union of sets that are files; files says which names are.
func (p *problems) set(s Set, at string, files map[string]bool) {
	if len(s.UnionOf) == 0 {
		p.need(s.Path != "", at+".path", "is empty; give the set's file, or union_of")
		p.digest(s.SHA256, at+".sha256")
		return
	}
	p.need(s.Path == "" && s.SHA256 == "", at, "has both a file and union_of; a union has no text of its own")
	seen := map[string]int{}
	for i, name := range s.UnionOf {
		field := fmt.Sprintf("%s.union_of[%d]", at, i)
		file, known := files[name]
		p.need(known, field, "is %q, which isn't a set of this run", name)
		p.need(!known || file, field, "is %q, a union itself; name the sets it is made of", name)
		p.unique(name, field, "name", seen, i)
	}
}
