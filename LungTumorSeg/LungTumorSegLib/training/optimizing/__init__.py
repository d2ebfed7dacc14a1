"""The network and what changes from step to step: loss, optimiser, checkpoints, and the loop."""
