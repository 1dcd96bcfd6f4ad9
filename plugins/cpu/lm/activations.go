package lm

// activations is what one thread needs for a pass over at most room tokens: what the backward pass reads of every
// layer, and buffers that every layer reuses.
type activations struct {
	layers []layerActivations
	x      []float32 // after the last layer
	normed []float32 // after the final norm
	scale  []float32 // of the final norm, one a token
	logits []float32

	dx, dh, dqkv, dmixed, dhidden []float32
	dscores                       []float32 // of one head
}

type layerActivations struct {
	x, normed1 []float32 // [tokens, width]
	qkv        []float32 // [tokens, 3·width], after the rotation
	shares     []float32 // attention, [sequences, heads, length, length padded]
	mixed      []float32 // values weighted by attention, [tokens, width]
	middle     []float32 // after attention was added
	normed2    []float32
	gateUp     []float32 // [tokens, 2·ffn]
	hidden     []float32 // [tokens, ffn]
	scale1     []float32 // of the norms, one a token
	scale2     []float32
}

func (c Config) room() int { return c.passRows() * c.Context }

// sharesRoom is the space for the attention of a pass. Sequences shorter than the context are more, but take less:
// their sum of squares is largest at full length.
func (c Config) sharesRoom() int {
	return c.passRows() * c.Heads * c.headRoom()
}

// activations is the number of values of newActivations.
func (c Config) activations() int {
	n, d, f := c.room(), c.Width, c.FFN
	layer := n*(8*d+3*f+2) + c.sharesRoom()
	return c.Layers*layer + n*(8*d+f+c.vocab()+1) + c.headRoom()
}

// headRoom is the space for what one head of one sequence has between its queries and keys.
func (c Config) headRoom() int { return c.Context * (roundUp(c.Context, lane) + lane) }

func newActivations(c Config) *activations {
	memory := make([]float32, c.activations())
	take := func(n int) []float32 {
		part := memory[:n:n]
		memory = memory[n:]
		return part
	}
	n, d, f := c.room(), c.Width, c.FFN
	a := &activations{
		x: take(n * d), normed: take(n * d), scale: take(n), logits: take(n * c.vocab()),
		dx: take(n * d), dh: take(n * d), dqkv: take(n * 3 * d), dmixed: take(n * d), dhidden: take(n * f),
		dscores: take(c.headRoom()),
	}
	for range c.Layers {
		a.layers = append(a.layers, layerActivations{
			x: take(n * d), normed1: take(n * d), qkv: take(n * 3 * d), shares: take(c.sharesRoom()), mixed: take(n * d),
			middle: take(n * d), normed2: take(n * d), gateUp: take(n * 2 * f), hidden: take(n * f),
			scale1: take(n), scale2: take(n),
		})
	}
	return a
}
