package ablation

// Bounds of an explicit shape, far beyond any proxy.
const (
	maxLayers = 256
	maxWidth  = 1 << 15
)

// shape is a preset's name, which the trainer knows, or the four numbers.
func (r *reader) shape(n *node) Shape {
	if n == nil {
		return Shape{Preset: "1m"}
	}
	if n.kind != kindMapping {
		return Shape{Preset: r.name(n)}
	}
	f := r.fields(n, "layers", "width", "heads", "ffn")
	r.require(n, f, "layers", "width", "heads", "ffn")
	before := len(r.problems)
	s := Shape{
		Layers: int(r.whole(f["layers"], 1, 1, maxLayers)),
		Width:  int(r.whole(f["width"], 2, 2, maxWidth)),
		Heads:  int(r.whole(f["heads"], 1, 1, maxWidth)),
		FFN:    int(r.whole(f["ffn"], 1, 1, 4*maxWidth)),
	}
	if h := f["heads"]; h != nil && f["width"] != nil && len(r.problems) == before && s.Width%(2*s.Heads) != 0 {
		r.problem(h, say("%d heads don't fit width %d; the width must be a multiple of twice the heads",
			"ヘッド数 %d は幅 %d に合いません。幅はヘッド数の 2 倍の倍数にしてください", s.Heads, s.Width))
	}
	return s
}
