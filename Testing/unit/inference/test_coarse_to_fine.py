"""A coarse pass: in doubt the answer is that of every window, elsewhere background, and no window runs twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.refinement import spread
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.inference.windows import LATTICES, WindowGrid

CPU = DeviceChoice("cpu", "a test")
SIZE, WINDOW = (30, 44, 52), (16, 16, 16)


class Bright(torch.nn.Module):
    """Finds what is bright, less surely near a window's border: the padding there is dark. Remembers what it saw."""

    def __init__(self):
        super().__init__()
        self.mean = torch.nn.Conv3d(1, 1, 3, padding=1, bias=False)
        self.mean.weight = torch.nn.Parameter(torch.full((1, 1, 3, 3, 3), 0.3 / 27), requires_grad=False)
        self.seen: list[torch.Tensor] = []

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        self.seen += list(tiles)
        logit = 12 * (0.7 * tiles + self.mean(tiles) - 0.45)
        return torch.cat([-logit, logit], dim=1) / 2


def sliding(**changes) -> SlidingWindow:
    # One window at a time: torch may compute two at once with other roundings.
    usual = {"overlap": 0.75, "relative": True, "coarse_overlap": 0.25, "batch_size": 1}
    return SlidingWindow(WINDOW, **usual | changes)


def assert_refined(result, every, region: np.ndarray) -> None:
    """Where the result is answered it is what every window says, and background elsewhere."""
    answered = np.zeros(region.shape, bool)
    if result.answered is not None:
        answered[result.box] = result.answered
        where = torch.from_numpy(answered)
        told = result.logits[:, torch.from_numpy(result.answered)]
        # The sums have the same terms in another order.
        assert torch.allclose(told, every.logits[:, where[every.box]], rtol=1e-5, atol=1e-5)
    assert not answered[~region].any()
    assert not result.whole(result.probability())[~answered].any()


def noise(shape: tuple[int, int, int], seed: int, threshold: float) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) > threshold).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 20)] * 3),
    overlap=st.sampled_from([0.25, 0.5, 0.75, 0.8]),
    coarse=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    peak=st.sampled_from([0.0, 0.4, 0.9]),
    blending=st.sampled_from(["gaussian", "constant"]),
    lattice=st.sampled_from(LATTICES),
    mirror_axes=st.sampled_from([(), (0, 2)]),
    seed=st.integers(0, 1000),
    filled=st.floats(0, 1),
)
def test_the_refined_region_is_that_of_every_window_and_background_is_around_it(
    shape, overlap, coarse, peak, blending, lattice, mirror_axes, seed, filled
):
    image = torch.from_numpy(noise(shape, seed, 0.999 - 0.3 * filled))[None]
    region = np.random.default_rng(seed + 1).random(shape) < filled**0.5
    usual = {"blending": blending, "lattice": lattice, "mirror_axes": mirror_axes, "batch_size": 1, "relative": True}
    every = SlidingWindow((8, 8, 8), overlap, **usual).run(Bright(), image, device=CPU, region=region)
    refining = SlidingWindow((8, 8, 8), overlap, coarse_overlap=coarse, coarse_peak=peak, **usual)
    result = refining.run(Bright(), image, device=CPU, region=region)
    assert_refined(result, every, region)
    assert result.windows_run <= every.windows_run
    assert result.windows_total == every.windows_total


def ball(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    places = np.stack(np.meshgrid(*map(np.arange, SIZE), indexing="ij"), axis=-1)
    return np.linalg.norm(places - centre, axis=-1) <= radius


def fifty() -> np.ndarray:
    """Fifty lesions of 1 to 27 voxels, all over the image."""
    places = np.random.default_rng(5).permutation(np.argwhere(np.ones([n // 5 for n in SIZE], bool)))[:50] * 5 + 2
    return np.any([ball(place, 1.8 * number / 49) for number, place in enumerate(places)], axis=0)


COARSE = WindowGrid.over(SIZE, WINDOW, 0.75).thinned(0.25)

LESIONS = {
    "on a window's edge": ball((15, 22, COARSE.starts[2][1]), 4),
    "on a window's corner": ball([starts[1] for starts in COARSE.starts], 3),
    "on the lung's border": ball((15, 6, 26), 5),
    "in the image's corner": ball((0, 0, 0), 4),
    "one voxel": ball((17, 21, 29), 0.5),
    "fifty": fifty(),
    "none": np.zeros(SIZE, bool),
}


@pytest.mark.parametrize("place", LESIONS)
@pytest.mark.parametrize("peak", [0.0, 0.4])
def test_lesions_are_found_as_by_every_window(place, peak):
    """The lung is all but a margin of 6 voxels along y, so that one lesion lies across its border."""
    region = np.zeros(SIZE, bool)
    region[:, 6:-6] = True
    if place == "in the image's corner":
        region[:] = True
    image = torch.from_numpy(LESIONS[place].astype(np.float32) + 0.1 * noise(SIZE, 3, 0.5))[None]
    network = Bright()
    every = sliding(coarse_overlap=None).run(Bright(), image, device=CPU, region=region)
    result = sliding(coarse_peak=peak).run(network, image, device=CPU, region=region)
    assert_refined(result, every, region)
    wanted = every.whole(every.probability()) >= 0.5
    found = result.whole(result.probability()) >= 0.5
    assert np.array_equal(found, wanted)
    assert found.any() == (LESIONS[place] & region).any()
    assert len({tile.numpy().tobytes() for tile in network.seen}) == len(network.seen) == result.windows_run
    assert result.windows_run < every.windows_run or place == "fifty"
    assert (result.windows_run == len(COARSE.windows(region))) == (place == "none")


def test_what_nowhere_reaches_the_peak_is_background():
    image = torch.from_numpy(0.4 * ball((15, 22, 26), 4).astype(np.float32) + ball((15, 22, 45), 4))[None]
    everything = np.ones(SIZE, bool)
    faint = sliding(coarse_peak=0.0).run(Bright(), image, device=CPU, region=everything)
    assert 0.1 < faint.whole(faint.probability())[15, 22, 26] < 0.45
    result = sliding(coarse_peak=0.9).run(Bright(), image, device=CPU, region=everything)
    assert result.whole(result.probability())[15, 22, 26] == 0
    assert result.whole(result.probability())[15, 22, 45] == faint.whole(faint.probability())[15, 22, 45] > 0.9
    assert result.windows_run < faint.windows_run


class Coloured(Bright):
    """Tells two labels: what is bright in the first channel, and what is in the second."""

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        first, second = (super(Coloured, self).forward(channel) for channel in tiles.split(1, dim=1))
        return torch.cat([torch.zeros_like(first[:, :1]), 2 * first[:, 1:], 2 * second[:, 1:]], dim=1)


@pytest.mark.parametrize("peak", [0.0, 0.4])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_several_labels_are_found_as_by_every_window(peak, batch_size):
    """Two balls of one label, one of the other that touches the second; several windows at once."""
    image = torch.from_numpy(np.stack([ball((8, 10, 12), 4) | ball((20, 30, 30), 4), ball((20, 30, 37), 4)]))
    everything = np.ones(SIZE, bool)
    every = sliding(coarse_overlap=None).run(Coloured(), image.float(), device=CPU)
    result = sliding(coarse_peak=peak, batch_size=batch_size).run(Coloured(), image.float(), device=CPU)
    assert_refined(result, every, everything)
    labels = every.whole(every.labels())
    assert set(np.unique(labels)) == {0, 1, 2}
    assert np.array_equal(result.whole(result.labels()), labels)
    assert result.windows_run < every.windows_run


def test_what_is_faint_is_found_where_faint_things_leave_doubt():
    image = torch.from_numpy(0.235 * ball((15, 22, 26), 6).astype(np.float32))[None]
    every = sliding(coarse_overlap=None).run(Bright(), image, device=CPU)
    wanted = every.whole(every.probability()) >= 0.05
    assert wanted.any()
    found = sliding(coarse_doubt=0.01).run(Bright(), image, device=CPU)
    assert np.array_equal(found.whole(found.probability()) >= 0.05, wanted)
    assert sliding().run(Bright(), image, device=CPU).answered is None, "with the usual doubt it is passed over"


def test_an_answer_that_is_not_finite_does_not_pass_for_background():
    def broken(tiles: torch.Tensor) -> torch.Tensor:
        return torch.full((len(tiles), 2, *tiles.shape[2:]), float("nan"))

    with pytest.raises(FloatingPointError, match="not finite"):
        sliding().run(broken, torch.zeros(1, *SIZE), device=CPU)


def test_progress_rises_to_the_end_and_can_cancel_within_either_pass():
    image = torch.from_numpy(ball((15, 22, 26), 4).astype(np.float32))[None]
    heard, watched = [], []
    sliding().run(
        Bright(), image, device=CPU, progress=lambda _, done: heard.append(done), watch=lambda _: watched.append(1)
    )
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0, 1)
    assert len(watched) >= len(heard) - 2
    for until in (heard[2], heard[-4]):

        def cancel(stage: str, done: float, until: float = until) -> None:
            if done >= until:
                raise CancelledError

        with pytest.raises(CancelledError):
            sliding().run(Bright(), image, device=CPU, progress=cancel)


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(*[st.integers(1, 90)] * 3),
    st.tuples(*[st.integers(1, 20)] * 3),
    st.sampled_from([0.0, 0.25, 0.5, 0.7, 0.8, 0.9]),
    st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.9]),
)
def test_thinned_windows_are_some_of_all_and_cover_the_image(shape, window, overlap, coarse):
    grid = WindowGrid.over(shape, window, overlap)
    thinned = grid.thinned(coarse)
    for starts, fewer, size, length in zip(grid.starts, thinned.starts, window, shape, strict=True):
        assert set(fewer) <= set(starts)
        assert (fewer[0], fewer[-1]) == (starts[0], starts[-1])
        step = max(int(size * (1 - coarse)), int(size * (1 - overlap)), 1)
        assert max(np.diff(fewer), default=0) <= step
        assert fewer[-1] + size >= length


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 3), st.integers(0, 4), st.integers(0, 99))
def test_spreading_is_dilation_by_a_cube(shape, margin, seed):
    from scipy.ndimage import maximum_filter

    mask = np.random.default_rng(seed).random(shape) > 0.95
    expected = maximum_filter(mask.astype(np.uint8), 2 * margin + 1, mode="constant").astype(bool)
    assert np.array_equal(spread(mask, margin), expected)


def test_wrong_use_is_refused():
    for overlap in (-0.1, 1.0, float("nan")):
        with pytest.raises(InputError, match="coarse pass"):
            sliding(coarse_overlap=overlap)
    for doubt in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="leaves doubt"):
            sliding(coarse_doubt=doubt)
    with pytest.raises(ValueError, match="blended"):
        sliding(blending="centre")
    with pytest.raises(ValueError, match="relative"):
        sliding(relative=False)
