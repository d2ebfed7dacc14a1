"""Where in the lungs a lesion lies.

Side
    Left or right of the spine in the lesion's axial slice.
Third
    Upper, middle or lower third of the height of both lungs together. These are thirds of a scan, not lobes: the
    fissures are not looked for.
Depth
    *Central* in the inner third of the hemithorax, *intermediate* in the middle one, *peripheral* in the outer one.
    Guidelines on staging of lung cancer differ on whether the middle third is central (Casal et al., Ann Am Thorac
    Soc 2017), so it stands by itself. The thirds are taken in the lesion's axial slice along the line from the middle
    of the mediastinum through the lesion's centre to the inside of the chest wall. That wall is the convex hull of
    the lung region, less the margin by which the region was dilated; the middle lies on the spine's sagittal plane,
    half way between the hull's front and back.
Wall
    Whether a lesion *touches* the chest wall, and with it the pleura, or lies *apart*: whether a circle about its
    centre, as wide as its long axis, comes within 5 mm of the wall along the same line. Mediastinum and diaphragm are
    not asked for.

On an oblique grid, axial slices are those of the grid that come closest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lungs import LungRegion, find_lungs
from ..lungs.region import DILATION_MM
from ..volume import Grid, Volume
from ..volume.orientation import Orientation

SIDES = ("right", "left")
THIRDS = ("upper", "middle", "lower")
DEPTHS = ("central", "intermediate", "peripheral")
WALLS = ("touches", "apart")
TOUCHING_MM = 5.0  # the wall is known to no better than this


@dataclass(frozen=True)
class Location:
    """One of `SIDES`, of `THIRDS`, of `DEPTHS` and of `WALLS`."""

    side: str
    third: str
    depth: str
    wall: str


class Thorax:
    """The lungs of one CT, to tell where a point of it lies.

    Parameters
    ----------
    region : LungRegion
        What `find_lungs` found.
    grid : Grid
        That of the CT.
    """

    def __init__(self, region: LungRegion, grid: Grid):
        orientation = Orientation.of(grid)
        self.grid = orientation.apply_to_grid(grid)
        self.region = orientation.apply(region.region)
        self.midline = region.midline
        self.slices = np.flatnonzero(orientation.apply(region.lungs).any(axis=(1, 2)))

    @classmethod
    def of(cls, ct: Volume) -> Thorax:
        """Find the lungs of a CT in HU.

        Raises
        ------
        InputError
            Where there are none.
        """
        return cls(find_lungs(ct), ct.grid)

    def locate(self, point_lps_mm, long_axis_mm: float = 0.0) -> Location:
        """Tell where a lesion lies whose centre is the point (3,) in LPS mm."""
        x, y, z = self.grid.to_index(point_lps_mm)
        number = int(np.clip(np.rint(z), self.slices[0], self.slices[-1]))
        from_middle, to_wall = self._outwards(x, y, number)
        depth = from_middle / to_wall if to_wall > 0 else 1.0
        touches = to_wall - from_middle - long_axis_mm / 2 <= TOUCHING_MM
        height = (z - self.slices[0] + 0.5) / (self.slices[-1] - self.slices[0] + 1)
        return Location(
            SIDES[int(x > self.midline[number])],
            _third(1 - height, THIRDS),
            _third(depth, DEPTHS),
            WALLS[0] if touches else WALLS[1],
        )

    def _outwards(self, x: float, y: float, number: int) -> tuple[float, float]:
        """Measure, mm, from the middle of the mediastinum to voxel (x, y) of a slice, and on to the chest wall.

        Where there is hardly any lung in the slice, the wall is nowhere: its distance is 0.
        """
        from scipy.spatial import ConvexHull, QhullError

        spacing = np.array(self.grid.spacing[:2])
        rows, columns = np.nonzero(self.region[number])
        corners = np.stack([columns, rows], axis=1) * spacing
        try:
            hull = ConvexHull(corners)
        except (QhullError, ValueError):  # hardly any lung in this slice, the tip of one
            return 0.0, 0.0
        middle = np.array([self.midline[number] * spacing[0], (corners[:, 1].min() + corners[:, 1].max()) / 2])
        way = np.array([x, y]) * spacing - middle
        length = float(np.linalg.norm(way))
        if length == 0:
            return 0.0, float("inf")
        # A point p is inside where normal · p + offset <= 0 for every side of the hull.
        approach = hull.equations[:, :2] @ (way / length)
        distance = -(hull.equations[:, :2] @ middle + hull.equations[:, 2])
        leaving = approach > 1e-9
        wall = float((distance[leaving] / approach[leaving]).min()) - DILATION_MM
        return length, max(wall, 0.0)


def _third(share: float, names: tuple[str, str, str]) -> str:
    """Name the third in which a share from 0 to 1 lies; what lies beyond belongs to the nearest."""
    return names[int(np.clip(3 * share, 0, 2))]
