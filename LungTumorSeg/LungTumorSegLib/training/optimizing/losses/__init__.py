"""What training makes small: weighted sums of overlap and cross-entropy, blind where the truth is not known."""

from .segmentation import Reduce, SegmentationLoss, make_loss

__all__ = ["Reduce", "SegmentationLoss", "make_loss"]
