// Package stack writes a schedule as configuration of the stacks that large models are trained with: Megatron-LM, GPT-NeoX,
// llm-foundry, OLMo-core and Levanter.
//
// It is pure: files are bytes that somebody else writes. It launches nothing and knows no cluster; what a stack needs beside
// its data is left to the team's own configuration. A share here is always one of training tokens. Every stack counts its
// weights in its own unit and its lengths in its own steps; each file says which, and what was rounded. A stack that can't
// change its mixture while it trains gets a file a phase, and a note how to go from one to the next. Start with [Write].
package stack
