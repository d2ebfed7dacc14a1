"""A picture of the result: three planes through the largest lesion, its outline and its RECIST axes."""

from .picture import draw_preview

__all__ = ["draw_preview"]
