package ablation

import (
	"slices"
	"strconv"
)

// change is an edit whose value was read, made so that its path's last step is the only one that it touches.
type change struct {
	op    EditOp
	path  []string
	value *node
}

// settle finds the node that the change is about: a value set where there is no mapping yet becomes the mapping, and a
// removal that leaves nothing removes what would be empty. It reports whether there is such a node.
func (c *change) settle(root *node) bool {
	if len(c.path) == 0 {
		return false
	}
	switch c.op {
	case EditSet:
		return c.settleSet(root)
	case EditRemove:
		for len(c.path) > 1 && root.at(c.path[:len(c.path)-1]).size() == 1 {
			c.path = c.path[:len(c.path)-1]
		}
		return root.at(c.path) != nil
	case EditInsert:
		list := root.at(c.path[:len(c.path)-1])
		if list == nil || list.kind == kindEmpty {
			c.op, c.path, c.value = EditSet, c.path[:len(c.path)-1], &node{kind: kindList, items: []*node{c.value}}
			return c.settle(root)
		}
		return list.kind == kindList
	case EditRename:
		parent := root.at(c.path[:len(c.path)-1])
		return parent != nil && parent.entry(c.last()) >= 0 && c.value.kind == kindScalar && parent.entry(c.value.text) < 0
	}
	return false
}

func (c *change) settleSet(root *node) bool {
	for len(c.path) > 1 {
		parent := root.at(c.path[:len(c.path)-1])
		if parent != nil && parent.kind != kindEmpty {
			return parent.kind == kindMapping || parent.index(c.last()) >= 0
		}
		c.value = &node{kind: kindMapping, entries: []entry{{key: &node{kind: kindScalar, text: c.last()}, value: c.value}}}
		c.path = c.path[:len(c.path)-1]
	}
	return root.kind == kindMapping
}

func (c *change) last() string { return c.path[len(c.path)-1] }

// applyTo makes the change in a tree; false where it can't be.
func (c *change) applyTo(root *node) bool {
	c.value = c.value.written()
	parent, last := root.at(c.path[:len(c.path)-1]), c.last()
	if parent == nil {
		return false
	}
	if parent.kind == kindList {
		return c.applyToList(parent)
	}
	i := parent.entry(last)
	switch {
	case c.op == EditSet && i < 0:
		parent.entries = append(parent.entries, entry{key: &node{kind: kindScalar, text: last}, value: c.value})
	case c.op == EditSet:
		parent.entries[i].value = c.value
	case c.op == EditRemove && i >= 0:
		parent.entries = slices.Delete(parent.entries, i, i+1)
	case c.op == EditRename && i >= 0:
		key := *parent.entries[i].key
		key.text = c.value.text
		parent.entries[i].key = &key
	default:
		return false
	}
	return true
}

func (c *change) applyToList(list *node) bool {
	i := list.index(c.last())
	switch {
	case c.op == EditInsert && c.last() == "-":
		list.items = append(list.items, c.value)
	case i < 0:
		return false
	case c.op == EditInsert:
		list.items = slices.Insert(list.items, i, c.value)
	case c.op == EditSet:
		list.items[i] = c.value
	case c.op == EditRemove:
		list.items = slices.Delete(list.items, i, i+1)
	default:
		return false
	}
	return true
}

// at is the node at a path, nil where there is none.
func (n *node) at(path []string) *node {
	for _, step := range path {
		switch i := n.entry(step); {
		case i >= 0:
			n = n.entries[i].value
		case n.index(step) >= 0:
			n = n.items[n.index(step)]
		default:
			return nil
		}
	}
	return n
}

// entry is the index of a mapping's key, -1 where it has none.
func (n *node) entry(key string) int {
	return slices.IndexFunc(n.entries, func(e entry) bool { return e.key.text == key })
}

// index is a step of a path as an index of a list, -1 where it is none.
func (n *node) index(step string) int {
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 || i >= len(n.items) {
		return -1
	}
	return i
}

// size is the number of parts of a list or mapping.
func (n *node) size() int {
	if n == nil {
		return 0
	}
	return len(n.entries) + len(n.items)
}
