# tri: recommended
# 23842 steps of 1024 sequences of 4096 tokens: 100000595968 tokens.
# Weights are shares of sequences of that length, and so of tokens.
# Rounded: 100000000000 tokens were asked for; whole steps make them 100000595968.
# Keep --train-iters and --lr-decay-iters at the whole run's in every phase: the scheduler is checked against the checkpoint.
COMMON=(--seq-length 4096 --global-batch-size 1024 --train-iters 23842 --lr-decay-iters 23842)
# phase 0: steps 0 to 23842
PHASE0=("${COMMON[@]}" --data-path 0.480000 /data/ja_text_document 0.400000 /data/en_text_document 0.120000 /PATH/TO/code)
