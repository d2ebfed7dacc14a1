"""What a run tells those who watch it, and what is left to look at: history, curves, TensorBoard events."""
