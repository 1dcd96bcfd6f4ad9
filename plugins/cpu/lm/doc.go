// Package lm trains a small language model on the CPU: a decoder-only transformer (RMSNorm, rotary positions, causal
// attention, SwiGLU, tied embedding) with a forward and a backward pass written by hand over package kernel, and AdamW.
//
// It reads no file, keeps no clock and knows nothing of runs; tokens come in, losses go out. Start with [Trainer]:
// [Trainer.Gradient] and [Trainer.Update] make a step, [Trainer.Score] evaluates, [Trainer.Tensors] is the state to save.
//
// A batch is cut into shards whose number depends on the batch alone. One goroutine does a shard's whole forward and
// backward pass, and the shards' gradients are summed in their order, so a run has the same bits on one thread and on
// many; it has other bits on another instruction set. In bf16 the products with weights round both operands, going forward
// and back; attention, norms, softmax, gradients, weights and moments are fp32.
//
//	tokens ─ embed ─▶ x ─┬─ norm ─ q,k,v ─ rope ─ attention ─ out ─(+)─┬─ norm ─ gate,up ─ swiglu ─ down ─(+)─▶ x … norm ─ embedᵀ ─▶ logits
//	                     └───────────────────────────────────────┘     └──────────────────────────────────┘
package lm
