# en-then-ja: arm step
# 31790 steps of 768 sequences of 4096 tokens: 100002693120 tokens.
# Weights are shares of sequences of that length, and so of tokens.
# Rounded: 100000000000 tokens were asked for; whole steps make them 100002693120.
# Rounded: shares of phase 0 to millionths that sum to 1: ja 0.333333333 is 0.333334, en 0.333333333 is 0.333333, code 0.333333333 is 0.333333.
# Keep --train-iters and --lr-decay-iters at the whole run's in every phase: the scheduler is checked against the checkpoint.
# Needs --phase-transition-iterations (January 2026 and newer) and a constant batch: it saves and exits at each of these steps.
# It exits with 0 there as at the true end; the last step tells which it was. Start again with the next phase's --data-path.
# Each phase reads its sources from their first sample on, in the same shuffle unless --seed or the files differ: text shared by
# phases is read again. An older Megatron, restarted with other weights, skips and repeats samples instead.
COMMON=(--seq-length 4096 --global-batch-size 768 --train-iters 31790 --lr-decay-iters 31790 --phase-transition-iterations 22253)
# phase 0: steps 0 to 22253
PHASE0=("${COMMON[@]}" --data-path 0.333334 /data/ja_text_document 0.333333 /data/en_text_document 0.333333 /PATH/TO/code)
# phase 1: steps 22253 to 31790
PHASE1=("${COMMON[@]}" --data-path 0.900000 /data/ja_text_document 0.100000 /PATH/TO/code)
