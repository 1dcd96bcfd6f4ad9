package sampler

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// blockSteps is the number of steps of one block digest.
const blockSteps = 1000

// Digests identify a plan, whatever program computed it: SHA-256 over the rows as little-endian int64.
type Digests struct {
	Plan   string   // of all rows
	Blocks []string // of the rows of 1000 steps each; the last may be shorter
}

// Digests reads the whole plan; about 200 ns a row.
func (p *Plan) Digests(ctx context.Context) (Digests, error) {
	whole, block := sha256.New(), sha256.New()
	var d Digests
	buf := make([]byte, 8*p.c.BatchRows)
	for c := p.start(); ; {
		batch, ok := c.Next()
		if !ok {
			break
		}
		for i, row := range batch.Rows {
			binary.LittleEndian.PutUint64(buf[8*i:], uint64(row))
		}
		whole.Write(buf)
		block.Write(buf)
		if c.step%blockSteps != 0 && c.step != p.c.Steps {
			continue
		}
		d.Blocks = append(d.Blocks, hex.EncodeToString(block.Sum(nil)))
		block.Reset()
		if err := ctx.Err(); err != nil {
			return Digests{}, err
		}
	}
	d.Plan = hex.EncodeToString(whole.Sum(nil))
	return d, nil
}
