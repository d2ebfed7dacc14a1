"""What training makes small: weighted sums of overlap and cross-entropy, blind where the truth is not known."""

from .joint import JointLoss, JointValue
from .segmentation import Reduce, SegmentationLoss, make_loss

__all__ = ["JointLoss", "JointValue", "Reduce", "SegmentationLoss", "make_loss"]
