"""The lungs' vessels and bronchi: trees that fill the lung and branch by Murray's law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas

ARTERIES, VEINS = 2000, 1600  # terminal branches in a lung, where voxels are as small as FINE_MM
FINE_MM = 1.4
SMALLEST_MM = 0.5  # radius of a terminal branch
ARTERY_PATH = np.array([(0, 0, 0), (6, 6, -12), (10, 14, -28), (14, 24, -48), (18, 32, -70)], float)  # from the hilum
VEIN_PATH = np.array([(5, -5, -26), (14, 0, -30), (26, 8, -40), (36, 18, -56)], float)
MURRAY = 2.9  # r_parent^m = sum of r_child^m; 2.7 to 3 in the lung


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree.

    Attributes
    ----------
    points : ndarray of shape (n, 3), xyz mm
        Node 0 is the root; a parent stands before its children.
    parent : ndarray of int, shape (n,)
        -1 for the root.
    radius : ndarray of shape (n,), mm
        Of the branch that ends in the node.
    """

    points: np.ndarray
    parent: np.ndarray
    radius: np.ndarray


def grow_tree(trunk: np.ndarray, targets: np.ndarray, smallest_mm: float = SMALLEST_MM, balance: float = 0.6) -> Tree:
    """Grow a tree from ``trunk`` (shape (k, 3), xyz mm, root first) to all ``targets`` of shape (n, 3).

    A greedy minimum spanning tree in which a path's length back to the root counts ``balance`` as much as the new
    branch's own length (Cuntz et al., PLoS Comput Biol 2010): between the shortest wiring and a star of lines.
    Radii follow Murray's law from the terminal branches (radius ``smallest_mm``) up.
    """
    points = np.vstack([trunk, targets]).astype(np.float32)
    n = len(points)
    order = np.zeros(n, int)
    parent = np.full(n, -1)
    path = np.zeros(n, np.float32)
    cost = np.full(n, np.inf, np.float32)
    cost[len(trunk) :] = 1e9
    nearest = np.zeros(n, int)
    for step in range(n):
        new = step if step < len(trunk) else int(np.argmin(cost))
        parent[new] = new - 1 if step < len(trunk) else nearest[new]
        order[step], cost[new] = new, np.inf
        gap = np.linalg.norm(points - points[new], axis=1)
        path[new] = 0 if step == 0 else path[parent[new]] + gap[parent[new]]
        through_new = gap + np.float32(balance) * path[new]
        closer = (through_new < cost) & np.isfinite(cost)
        cost[closer], nearest[closer] = through_new[closer], new
    return _sorted_tree(points, parent, order, smallest_mm)


def _sorted_tree(points: np.ndarray, parent: np.ndarray, order: np.ndarray, smallest_mm: float) -> Tree:
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    parent = np.where(parent[order] < 0, -1, rank[parent[order]])
    leaves = np.bincount(parent[1:], minlength=len(order)) == 0
    flow = leaves.astype(float)
    for node in range(len(order) - 1, 0, -1):
        flow[parent[node]] += flow[node]
    return Tree(points[order], parent, smallest_mm * flow ** (1 / MURRAY))


def sample_points(distance: np.ndarray, canvas: Canvas, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ``n`` points (xyz mm) evenly from where ``distance`` (zyx) is negative; fewer when there is no room."""
    inside = np.flatnonzero(distance < 0)
    if inside.size == 0:
        return np.empty((0, 3))
    zi, yi, xi = np.unravel_index(rng.choice(inside, n), distance.shape)
    corner = np.stack([canvas.x.ravel()[xi], canvas.y.ravel()[yi], canvas.z.ravel()[zi]], axis=1)
    return corner + rng.uniform(-1, 1, corner.shape)


def paint_trees(canvas: Canvas, lungs: np.ndarray, hila: dict[int, tuple], blood_hu: float, rng) -> None:
    """Paint arteries with their bronchi and veins into both lungs; what the voxels cannot show is not grown.

    Parameters
    ----------
    canvas : Canvas
    lungs : ndarray, zyx
        Signed distance to the lungs (mm).
    hila : dict
        Side (-1 right, 1 left) to the hilum's position, xyz mm.
    blood_hu : float
    rng : numpy.random.Generator
    """
    share = min(1.0, (FINE_MM / canvas.edge_mm) ** 1.5)
    smallest = SMALLEST_MM * share ** (-1 / MURRAY)  # the trunks keep their size
    for side, hilum in hila.items():
        own = np.where(side * canvas.x > 0, lungs + 4, 1)
        for is_artery in (True, False):
            targets = sample_points(own, canvas, round(share * (ARTERIES if is_artery else VEINS)), rng)
            if len(targets) < 10:
                continue
            path = ARTERY_PATH if is_artery else VEIN_PATH
            tree = grow_tree(np.asarray(hilum) + path * (side, 1, 1), targets, smallest)
            paint_branches(canvas, tree, np.zeros(3), tree.radius, blood_hu)
            if is_artery:
                _paint_bronchi(canvas, tree, side)


def _paint_bronchi(canvas: Canvas, tree: Tree, side: int) -> None:
    """Paint a bronchus beside each artery of more than 1.3 mm radius: first its wall, then its lumen."""
    lumen = np.where(tree.radius > 1.3, 0.8 * tree.radius, 0)
    beside = np.array([side * 0.3, 0.8, -0.5])[None] * (1.9 * tree.radius + 0.8)[:, None]
    paint_branches(canvas, tree, beside, np.where(lumen > 0, lumen + 0.7, 0), -20.0)
    paint_branches(canvas, tree, beside, lumen, -980.0)


def paint_branches(canvas: Canvas, tree: Tree, shift: np.ndarray, radius: np.ndarray, hu: float) -> None:
    """Paint every branch of non-zero ``radius`` (mm) as a tube of ``hu``; thinner than a voxel means fainter."""
    spacing = np.array(canvas.spacing_zyx[::-1])
    corner = np.array([float(axis.ravel()[0]) for axis in (canvas.x, canvas.y, canvas.z)])
    points, sizes = _walk(tree, shift, radius, step_mm=0.5 * float(spacing.min()))
    cover = np.zeros(canvas.hu.shape, np.float32)
    limits = np.array(canvas.hu.shape[::-1])
    for reach in np.unique(np.ceil(sizes)):
        chosen = np.ceil(sizes) == reach
        index = (points[chosen] - corner) / spacing
        half = np.ceil((reach + spacing) / spacing).astype(int)
        offsets = np.stack(np.meshgrid(*[np.arange(-h, h + 1) for h in half], indexing="ij"), -1).reshape(-1, 3)
        for offset in offsets:
            voxel = np.rint(index).astype(int) + offset
            gap = np.abs(voxel - index) * spacing
            gap[:, 2] = np.maximum(gap[:, 2] - (spacing[2] - spacing[0]) / 2, 0)  # thick slices
            share = np.clip(0.5 + (sizes[chosen] - np.linalg.norm(gap, axis=1)) / canvas.edge_mm, 0, 1)
            share *= np.minimum(1, np.pi * sizes[chosen] ** 2 / canvas.edge_mm**2)
            keep = (share > 0.02) & ((voxel >= 0) & (voxel < limits)).all(axis=1)
            np.maximum.at(cover, tuple(voxel[keep].T[::-1]), share[keep].astype(np.float32))
    canvas.hu[...] += cover * (np.float32(hu) - canvas.hu)


def _walk(tree: Tree, shift: np.ndarray, radius: np.ndarray, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points (m, 3) along all branches and the radius (m,) at each."""
    nodes = np.flatnonzero((tree.parent >= 0) & (radius > 0))
    ends = (tree.points + shift)[nodes]
    starts = (tree.points + shift)[tree.parent[nodes]]
    first = np.maximum(np.minimum(radius[tree.parent[nodes]], 1.4 * radius[nodes]), radius[nodes])
    count = np.ceil(np.linalg.norm(ends - starts, axis=1) / step_mm).astype(int) + 1
    which = np.repeat(np.arange(len(nodes)), count)
    t = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)) / np.maximum(count - 1, 1)[which]
    points = starts[which] + t[:, None] * (ends - starts)[which]
    return points, first[which] + t * (radius[nodes] - first)[which]
