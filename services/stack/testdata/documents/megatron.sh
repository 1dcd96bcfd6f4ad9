# tri: arm even
# 7630 steps of 64 sequences of 2048 tokens: 1000079360 tokens.
# Weights are shares of sequences of that length, and so of tokens.
# Rounded: 1000000000 tokens were asked for; whole steps make them 1000079360.
# Rounded: phase 0 ends at step 2543; 33.3333% of the run would be step 2543.333.
# Keep --train-iters and --lr-decay-iters at the whole run's in every phase: the scheduler is checked against the checkpoint.
# Needs --phase-transition-iterations (January 2026 and newer) and a constant batch: it saves and exits at each of these steps.
# It exits with 0 there as at the true end; the last step tells which it was. Start again with the next phase's --data-path.
# Each phase reads its sources from their first sample on, in the same shuffle unless --seed or the files differ: text shared by
# phases is read again. An older Megatron, restarted with other weights, skips and repeats samples instead.
COMMON=(--seq-length 2048 --global-batch-size 64 --train-iters 7630 --lr-decay-iters 7630 --phase-transition-iterations 2543)
# phase 0: steps 0 to 2543
PHASE0=("${COMMON[@]}" --data-path 0.400000 /PATH/TO/ja 0.400000 /PATH/TO/en 0.200000 /PATH/TO/code)
# phase 1: steps 2543 to 7630
PHASE1=("${COMMON[@]}" --data-path 0.400000 /PATH/TO/ja 0.600000 /PATH/TO/code)
