"""Search for a recipe's best settings: trainings, by the tree-structured Parzen estimator, pruned and resumable."""
