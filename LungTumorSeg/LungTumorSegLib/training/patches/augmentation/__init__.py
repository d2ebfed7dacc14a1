"""Random changes of a training patch, switched by the recipe.

What moves voxels (flip, rotation, zoom, shift, elastic deformation) moves image and label together, in one resampling;
what changes intensities leaves the label alone. Everything is a pure function of the random generator that is handed
in, and what a recipe leaves out costs no time.
"""

from .augment import augment
from .deformation import Deformation, draw_deformation
from .intensity import vary_intensities

__all__ = ["Deformation", "augment", "draw_deformation", "vary_intensities"]
