package analysis

// Standing is how an arm stands in the trade-off of two metrics of which lower is better.
type Standing string

// Standings.
const (
	OnFront Standing = "front"  // no arm's means are as good on both and better on one
	Open    Standing = "open"   // behind another arm's means, but on one metric they cannot be told apart
	Beaten  Standing = "beaten" // an arm is better on both, and both intervals say so
	Unseen  Standing = ""       // no mean on one of them yet
)

// Front says how each arm stands among its peers; both scores are of the same arms.
func Front(x, y Scores, peers func(a, b int) bool) []Standing {
	standings := make([]Standing, len(x.Arms))
	for i := range x.Arms {
		standings[i] = standing(x, y, i, peers)
	}
	return standings
}

func standing(x, y Scores, i int, peers func(a, b int) bool) Standing {
	if x.Arms[i].N == 0 || y.Arms[i].N == 0 {
		return Unseen
	}
	at := OnFront
	for j := range x.Arms {
		if !peers(j, i) || !ahead(x, y, j, i) {
			continue
		}
		if x.Difference(j, i).Verdict == Lower && y.Difference(j, i).Verdict == Lower {
			return Beaten
		}
		at = Open
	}
	return at
}

// ahead reports whether arm a's means are as good as arm b's on both, and better on one.
func ahead(x, y Scores, a, b int) bool {
	xa, xb, ya, yb := x.Arms[a].Mean, x.Arms[b].Mean, y.Arms[a].Mean, y.Arms[b].Mean
	return xa <= xb && ya <= yb && (xa < xb || ya < yb) // false where a mean is NaN
}
