"""A picture of the result: three planes through the largest lesion or organ, outlines and RECIST axes."""

from .picture import draw_preview

__all__ = ["draw_preview"]
