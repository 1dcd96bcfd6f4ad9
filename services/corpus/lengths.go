package corpus

import "math/bits"

// lengthSteps is how many equal parts each doubling of a length has.
const lengthSteps = 32

// lengths counts lengths in buckets that grow with them, so that any number of documents takes 16 KiB.
type lengths struct {
	counts   [64 * lengthSteps]uint32
	min, max int64
	n        int64
}

func (l *lengths) add(length int64) {
	if l.n == 0 || length < l.min {
		l.min = length
	}
	l.max = max(l.max, length)
	l.n++
	l.counts[bucket(length)]++
}

// bucket is that of a length: exact below 32, then 32 for each doubling.
func bucket(length int64) int {
	if length < lengthSteps {
		return int(length)
	}
	power := bits.Len64(uint64(length)) - 6
	return (power+1)*lengthSteps + int(length>>power) - lengthSteps
}

// lowest is the smallest length of a bucket.
func lowest(bucket int) int64 {
	if bucket < lengthSteps {
		return int64(bucket)
	}
	power := bucket/lengthSteps - 1
	return int64(bucket%lengthSteps+lengthSteps) << power
}

func (l *lengths) merge(part *lengths) {
	if part.n == 0 {
		return
	}
	if l.n == 0 || part.min < l.min {
		l.min = part.min
	}
	l.max = max(l.max, part.max)
	l.n += part.n
	for i, n := range part.counts {
		l.counts[i] += n
	}
}

func (l *lengths) quantiles() Lengths {
	return Lengths{
		Min: l.min, P10: l.quantile(10), P25: l.quantile(25), P50: l.quantile(50), P75: l.quantile(75), P90: l.quantile(90),
		P99: l.quantile(99), Max: l.max,
	}
}

// quantile is a length that percent of the documents don't exceed by more than a bucket's width.
func (l *lengths) quantile(percent int64) int64 {
	if l.n == 0 {
		return 0
	}
	rest := (l.n - 1) * percent / 100
	for i, n := range l.counts {
		if rest -= int64(n); rest < 0 {
			return max(lowest(i), l.min)
		}
	}
	return l.max
}
