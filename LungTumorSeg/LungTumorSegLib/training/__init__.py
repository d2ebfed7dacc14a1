"""Training: cases in memory, patches with real and synthesised lesions, the loop, and the way to a model folder."""
