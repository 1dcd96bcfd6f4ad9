// Package kernel is float32 arithmetic for a small transformer: matrix products, softmax, normalisation, activations
// and the optimiser's update, each on AVX-512, AVX2 and in portable Go; products of bf16 where the processor has them.
//
// It knows no model and starts no goroutine. Start with [Best], the fastest [Set] that this processor runs, and
// [Set.MatMul]. A Set gives the same bits for the same arguments, however often and from wherever it is called; two Sets
// agree to rounding only.
//
// The assembly is written by the program in gen, a module of its own, and committed. Every exported method checks the
// lengths that it was given before any assembly runs, and takes the portable path for what isn't a whole vector.
package kernel

//go:generate go -C gen run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg kernel
