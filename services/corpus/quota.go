package corpus

import (
	"container/heap"
	"encoding/binary"
	"fmt"

	"github.com/haigo-lab/haigo/services/ablation"
)

// quota is a sample of the documents that grows with them: those of smallest rank that fit, whatever order they come in.
// A rank follows from the seed and the text, so a larger quota of the same text holds all of a smaller one's.
type quota struct {
	bytes, documents int64 // at most; 0 is no bound
	seed             uint64
	bound            uint64 // ranks from here on are out
	size             int64  // bytes of the documents below
	below            ranks
	seen             int64
}

// ranked is a document of the sample.
type ranked struct {
	rank  uint64
	bytes int64
}

// newQuota is nil where the options set no bound.
func newQuota(o Options) *quota {
	if o.Bytes == 0 && o.Documents == 0 {
		return nil
	}
	return &quota{bytes: o.Bytes, documents: o.Documents, seed: uint64(o.Seed), bound: 1<<64 - 1}
}

// take reports whether a document belongs to the sample of all seen up to now; later ones may push it out.
func (q *quota) take(d *document) bool {
	q.seen++
	rank := q.rank(d)
	if rank >= q.bound {
		return false
	}
	heap.Push(&q.below, ranked{rank: rank, bytes: int64(d.bytes)})
	q.size += int64(d.bytes)
	for q.over() {
		out := heap.Pop(&q.below).(ranked)
		q.size -= out.bytes
		q.bound = out.rank
	}
	return rank < q.bound
}

func (q *quota) over() bool {
	return q.bytes > 0 && q.size > q.bytes || q.documents > 0 && int64(len(q.below)) > q.documents
}

// holds reports whether a document that was taken is in the sample still.
func (q *quota) holds(d *document) bool { return q.rank(d) < q.bound }

// left is how many documents the sample leaves out.
func (q *quota) left() int64 { return q.seen - int64(len(q.below)) }

// rank mixes seed and text (the finaliser of SplitMix64); the bytes of the digest that decide what is held out have no
// part in it, so a sample holds out its share.
func (q *quota) rank(d *document) uint64 {
	x := binary.BigEndian.Uint64(d.digest[8:]) ^ q.seed*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// ranks is a heap with the largest rank on top.
type ranks []ranked

func (r ranks) Len() int           { return len(r) }
func (r ranks) Less(i, j int) bool { return r[i].rank > r[j].rank }
func (r ranks) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *ranks) Push(x any)        { *r = append(*r, x.(ranked)) }

// Pop implements heap.Interface.
func (r *ranks) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

func (o Options) checkQuota() []ablation.Problem {
	switch {
	case o.Bytes < 0:
		return invalid("bytes", "", "a quota of fewer than no bytes: give a positive number, or none for all of the text",
			"バイト数の上限が負です。正の数にするか、すべて使うなら指定しないでください")
	case o.Documents < 0:
		return invalid("documents", "", "a quota of fewer than no documents: give a positive number, or none for all of the text",
			"文書数の上限が負です。正の数にするか、すべて使うなら指定しないでください")
	}
	return nil
}

func tooSmallQuota(o Options) []ablation.Problem {
	return invalid("bytes", fmt.Sprint(o.Bytes),
		fmt.Sprintf("not even one document of %s fits into %d bytes: raise --bytes", o.Name, o.Bytes),
		fmt.Sprintf("%s の文書は 1 つも %d バイトに収まりません。--bytes を増やしてください", o.Name, o.Bytes))
}
