package ablation

// Philox is for the sampler's test vectors.
var Philox = philox
