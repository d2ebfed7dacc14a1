"""Vessel trees reach every point they were given and branch by Murray's law."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.phantom.vessels import MURRAY, SMALLEST_MM, grow_tree

TRUNK = np.array([(0, 0, 0), (10, 0, 0), (20, 0, 0)], float)


@pytest.fixture
def targets() -> np.ndarray:
    return np.random.default_rng(0).uniform(-50, 50, (200, 3))


def test_a_tree_connects_all_points_in_an_order_that_starts_at_the_root(targets):
    tree = grow_tree(TRUNK, targets)
    assert sorted(map(tuple, tree.points)) == sorted(map(tuple, np.vstack([TRUNK, targets]).astype(np.float32)))
    assert tree.parent[0] == -1
    assert np.array_equal(tree.points[:3], TRUNK)
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()


def test_radii_follow_murrays_law(targets):
    tree = grow_tree(TRUNK, targets)
    for node in range(len(tree.points)):
        children = tree.radius[tree.parent == node]
        if children.size:
            assert tree.radius[node] ** MURRAY == pytest.approx((children**MURRAY).sum())
        else:
            assert tree.radius[node] == pytest.approx(SMALLEST_MM)


def test_balance_trades_wire_for_short_paths(targets):
    def lengths(balance):
        tree = grow_tree(TRUNK[:1], targets, balance=balance)
        edges = np.linalg.norm(tree.points - tree.points[tree.parent], axis=1)
        path = np.zeros(len(edges))
        for node in range(1, len(edges)):
            path[node] = path[tree.parent[node]] + edges[node]
        return edges[1:].sum(), path.mean()

    (short_wire, long_paths), (long_wire, short_paths) = lengths(0.0), lengths(0.9)
    assert short_wire < long_wire
    assert short_paths < long_paths
