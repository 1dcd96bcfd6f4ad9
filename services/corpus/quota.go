package corpus

import (
	"container/heap"
	"encoding/binary"
	"fmt"

	"github.com/haigo-lab/haigo/services/ablation"
)

// quota is a sample of the documents that grows with them: those of smallest rank that fit, whatever order they come in.
// Documents that alone are longer than the quota are passed over. A rank follows from the seed and the text, so a larger
// quota of the same text holds all of a smaller one's, if the smaller could hold the longest document.
type quota struct {
	bytes, documents int64 // at most; 0 is no bound
	seed             uint64
	bound            uint64 // ranks from here on are out
	size             int64  // bytes of the documents below
	below            ranks
	seen             int64
	long             int64 // of these, longer than the quota
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
	if q.bytes > 0 && int64(d.bytes) > q.bytes {
		q.long++
		return false
	}
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

// short reports whether less than 90% of the quota was filled, though there were documents that didn't fit.
func (q *quota) short() bool {
	return q.left() > 0 && (q.bytes == 0 || 10*q.size < 9*q.bytes) && (q.documents == 0 || 10*int64(len(q.below)) < 9*q.documents)
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

func underfilled(q *quota) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("the sample has %d bytes in %d documents, less than 90%% of the quota: %d documents alone are longer than it, or the next one didn't fit; cut long documents, or raise --bytes", q.size, len(q.below), q.long),
		JA: fmt.Sprintf("標本は %d バイト、%d 文書で、上限の 90%% に届きません。上限より長い文書が %d 件あるか、次の文書が入りませんでした。長い文書を分けるか、--bytes を増やしてください", q.size, len(q.below), q.long),
	}
}

func tooSmallQuota(o Options) []ablation.Problem {
	return invalid("bytes", fmt.Sprint(o.Bytes),
		fmt.Sprintf("every document of %s is longer than %d bytes: raise --bytes", o.Name, o.Bytes),
		fmt.Sprintf("%s の文書はどれも %d バイトより長く、入りません。--bytes を増やしてください", o.Name, o.Bytes))
}
