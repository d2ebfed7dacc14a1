"""The picture: it is drawn for every grid and result, shows what is there, and no words overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from scipy.spatial.transform import Rotation

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.preview import draw_preview
from LungTumorSegLib.preview.panel import LONG_AXIS, LUNG, REFERENCE, SHORT_AXIS, SOFT_TISSUE
from LungTumorSegLib.preview.picture import DPI, WIDTH, Picture
from LungTumorSegLib.preview.subject import Subject
from LungTumorSegLib.preview.views import AXIAL, CORONAL, PLANES, SAGITTAL
from LungTumorSegLib.volume import LUNG_TUMOR, Grid, Volume
from LungTumorSegLib.volume.terminology import PANCREAS, PANCREATIC_CANCER
from support.ellipsoids import Ellipsoid
from support.volumes import chest_volume

GRID = Grid((64, 56, 30), (5.0, 5.0, 8.0), (-160.0, -140.0, -300.0))
# In the patient's left lung, towards front and feet.
PLACE = np.array([70.0, -20.0, -230.0])
EMPTY = Volume(np.zeros(GRID.shape, np.uint8), GRID)


def tumour(semi_axes=(24.0, 16.0, 20.0), place=PLACE, grid=GRID, angle=0.0) -> Volume:
    axes = Rotation.from_euler("z", angle, degrees=True).as_matrix()
    return Ellipsoid(np.array(semi_axes), axes, place).mask(grid)


def compose(
    mask: Volume, reference: Volume | None = None, ct: Volume | None = None, **labels
) -> tuple[Figure, Picture]:
    """The figure that `draw_preview` writes; ``labels`` are the names and lesions of `measure`."""
    ct = ct or chest_volume(mask.grid)
    picture = Picture(Subject(ct, mask, measure(mask, ct=ct, reference=reference, **labels), reference))
    figure = Figure(figsize=(WIDTH, picture.height), dpi=DPI)
    FigureCanvasAgg(figure)
    picture.draw(figure)
    return figure, picture


def words(figure: Figure) -> dict[str, Text]:
    return {text.get_text(): text for text in figure.findobj(Text) if text.get_text().strip()}


def has_color(pixels: np.ndarray, color) -> bool:
    return bool(np.any(np.abs(pixels[..., :3] - to_rgb(color)).max(axis=-1) < 0.02))


def drawn(path: Path, mask: Volume, reference: Volume | None = None) -> np.ndarray:
    ct = chest_volume(mask.grid)
    draw_preview(ct, mask, measure(mask, ct=ct, reference=reference), path, reference)
    return imread(path)


def test_outline_and_axes_are_in_the_picture(tmp_path):
    pixels = drawn(tmp_path / "picture.png", tumour())
    for color in (LUNG_TUMOR.color_rgb, LONG_AXIS, SHORT_AXIS):
        assert has_color(pixels, color)
    assert not has_color(pixels, REFERENCE)
    pixels = drawn(tmp_path / "picture.png", tumour(), tumour((30.0, 16.0, 20.0)))
    assert has_color(pixels, REFERENCE)


def test_without_a_tumour_the_middle_is_shown(tmp_path):
    pixels = drawn(tmp_path / "picture.png", EMPTY)
    for color in (LUNG_TUMOR.color_rgb, LONG_AXIS, SHORT_AXIS, REFERENCE):
        assert not has_color(pixels, color)
    figure, picture = compose(EMPTY)
    assert "No tumour found" in words(figure)
    assert [picture.subject.slice_of(plane) for plane in PLANES] == [15, 28, 32]


def test_without_a_tumour_the_missed_reference_is_shown():
    figure, picture = compose(EMPTY, tumour())
    assert "No tumour found" in words(figure)
    assert "reference" in words(figure)
    assert "tumour" not in words(figure)
    assert abs(picture.subject.slice_of(AXIAL) - 9) <= 1


def test_words_of_a_result():
    small = tumour((6.0, 6.0, 8.0), np.array([-70.0, 0.0, -150.0]))
    both = tumour().with_array(tumour().array | small.array)
    figure, picture = compose(both, tumour())
    shown = " ".join(words(figure))
    lesion = picture.subject.measured
    for expected in (
        "lesion 1 of 2",
        f"{lesion['volume_ml']:.2f} mL",
        f"long axis {lesion['long_axis_mm']:.1f} mm",
        f"short axis {lesion['short_axis_mm']:.1f} mm",
        "Dice with the reference",
        "Not for clinical use",
        "level −600 HU, width 1500 HU",
    ):
        assert expected in shown
    # The lengths stand at the axes too.
    assert f"{lesion['long_axis_mm']:.1f} mm" in words(figure)
    assert f"{lesion['short_axis_mm']:.1f} mm" in words(figure)


def test_a_solid_mass_is_enlarged_in_the_soft_tissue_window():
    hu = chest_volume(GRID).array.copy()
    mask = tumour()
    assert compose(mask, ct=Volume(hu, GRID))[1].subject.detail_window is LUNG
    hu[mask.array != 0] = 40
    assert compose(mask, ct=Volume(hu, GRID))[1].subject.detail_window is SOFT_TISSUE
    nodule = tumour((10.0, 10.0, 10.0))
    assert compose(nodule, ct=Volume(hu, GRID))[1].subject.detail_window is LUNG


def turned(grid: Grid, axes, flips) -> Grid:
    """A grid over the same voxels, stored with other axes."""
    corner = [n - 1 if flip else 0 for n, flip in zip(grid.size, flips, strict=True)]
    direction = (grid.direction * np.where(flips, -1.0, 1.0))[:, list(axes)]
    size, spacing = (tuple(of[axis] for axis in axes) for of in (grid.size, grid.spacing))
    return Grid(size, spacing, grid.to_physical(corner), direction)


@pytest.mark.parametrize(
    ("axes", "flips"),
    [((0, 1, 2), (True, True, False)), ((2, 0, 1), (False, False, True)), ((1, 2, 0), (True, False, True))],
)
def test_the_picture_does_not_depend_on_the_storage(tmp_path, axes, flips):
    def picture(grid: Grid) -> np.ndarray:
        # A CT given by a formula of the place in the patient.
        k, j, i = np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij")
        x, y, z = np.moveaxis(grid.to_physical(np.stack([i, j, k], -1)), -1, 0)
        body = (x / 150) ** 2 + (y / 120) ** 2 < 1
        hu = np.where(body, np.where(np.abs(x) > 20, -850, 40) + x / 3 + y + z / 2, -1000)
        mask = tumour(grid=grid)
        draw_preview(Volume(hu.astype(np.int16), grid), mask, measure(mask), tmp_path / "picture.png")
        return imread(tmp_path / "picture.png")

    expected, actual = picture(GRID), picture(turned(GRID, axes, flips))
    # The headings name the stored index, all else is the same.
    different = np.abs(expected - actual).max(axis=(1, 2)) > 0.02
    assert expected.shape == actual.shape
    assert np.mean(different) < 0.05


def test_radiological_convention():
    figure, picture = compose(tumour())
    axial, coronal, sagittal = figure.axes[0], figure.axes[2], figure.axes[4]
    x, y, z = picture.subject.view.positions(PLACE)

    def fraction(axes, horizontal, vertical):
        pixel = axes.transData.transform((horizontal, vertical))
        return axes.transAxes.inverted().transform(pixel)

    middle = (np.array(GRID.size) - 1) / 2 * GRID.spacing
    # The tumour is in the left lung, in front of the middle and below it.
    across, up = fraction(axial, x, y) - fraction(axial, middle[0], middle[1])
    assert across > 0
    assert up > 0
    across, up = fraction(coronal, x, z) - fraction(coronal, middle[0], middle[2])
    assert across > 0
    assert up < 0
    across, up = fraction(sagittal, y, z) - fraction(sagittal, middle[1], middle[2])
    assert across < 0
    assert up < 0
    assert [plane.letters[0] for plane in (AXIAL, CORONAL, SAGITTAL)] == ["R", "R", "A"]


@pytest.mark.parametrize("spacing", [(5.0, 5.0, 8.0), (4.0, 7.0, 3.0)])
def test_true_to_scale(spacing):
    grid = Grid((64, 40, 40), spacing, (-150.0, -130.0, -300.0))
    for axes in compose(tumour(grid=grid))[0].axes:
        width, height = axes.bbox.size
        mm_per_pixel = np.ptp(axes.get_xlim()) / width, np.ptp(axes.get_ylim()) / height
        assert mm_per_pixel[0] == pytest.approx(mm_per_pixel[1], rel=1e-6)


RESULTS = {
    "empty": (EMPTY, None),
    "missed": (EMPTY, tumour()),
    "mass": (tumour((45.0, 30.0, 40.0)), tumour()),
    "flat": (tumour((60.0, 9.0, 9.0)), None),
    **{f"small, {angle} degrees": (tumour((12.0, 8.0, 8.0), angle=angle), None) for angle in (0, 20, 45, 70, 110)},
    "one voxel": (tumour((3.0, 3.0, 5.0), GRID.to_physical((46, 24, 9))), None),
    "at the border": (tumour(place=np.array([150.0, -130.0, -290.0])), tumour()),
}


@pytest.mark.parametrize("name", RESULTS)
def test_no_words_overlap(name):
    check_that_no_words_overlap(compose(*RESULTS[name])[0])


def check_that_no_words_overlap(figure: Figure) -> None:
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    boxes = [text.get_window_extent() for text in texts]
    for k, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text
        for other, other_box in zip(texts[:k], boxes[:k], strict=True):
            assert not box.overlaps(other_box), (text.get_text(), other.get_text())


def test_the_scale_can_be_read_on_light_tissue_too():
    figure, _ = compose(tumour(), ct=Volume(np.full(GRID.shape, 300, np.int16), GRID))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, 0] / 255  # rows from below, as in Matplotlib
    labels = [text for axes in figure.axes for text in axes.texts if text.get_text().endswith("0 mm")]
    assert len(labels) == len(figure.axes)
    for label in labels:
        left, bottom, right, top = np.round(label.get_window_extent().extents).astype(int)
        shown = pixels[bottom:top, left:right]
        assert np.median(shown) < 0.4, "the ground is dark"
        assert shown.max() > 0.8, "the text is light"


def test_an_older_picture_stays_when_drawing_fails(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"older")
    broken = measure(tumour())
    del broken["lesions"][0]["long_axis_points_lps_mm"]
    with pytest.raises(KeyError):
        draw_preview(chest_volume(GRID), tumour(), broken, path)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_another_grid_is_refused(tmp_path):
    other = Grid((64, 56, 29), (5.0, 5.0, 8.0), (-160.0, -140.0, -300.0))
    with pytest.raises(InputError, match="size"):
        draw_preview(chest_volume(GRID), tumour(grid=other), measure(EMPTY), tmp_path / "picture.png")
    with pytest.raises(InputError, match="folder"):
        draw_preview(chest_volume(GRID), tumour(), measure(tumour()), tmp_path)


ABDOMEN = {"names": {1: "Pancreas", 2: "Pancreatic cancer"}, "lesions": (2,)}


def organ_with(lesion: bool) -> Volume:
    """An organ around the lesion's place, with the lesion or without."""
    organ, cancer = tumour((50.0, 40.0, 50.0)), tumour((12.0, 12.0, 12.0))
    labels = organ.array.astype(np.uint8)
    labels[cancer.array > 0] = 2 if lesion else 1
    return organ.with_array(labels)


def test_an_organ_and_its_lesion_have_their_names_and_colours(tmp_path):
    ct, mask = chest_volume(GRID), organ_with(lesion=True)
    figure, picture = compose(mask, **ABDOMEN)
    said = words(figure)
    assert "Pancreatic cancer, lesion 1 of 1" in said
    organ_ml = picture.subject.report["segments"][0]["volume_ml"]
    assert any(f"Pancreas {organ_ml:.2f} mL" in text for text in said)
    assert {"Pancreas", "Pancreatic cancer", "long axis"} <= set(said)
    check_that_no_words_overlap(compose(mask, tumour(), **ABDOMEN)[0])
    assert picture.subject.measured["label"] == 2
    path = tmp_path / "picture.png"
    draw_preview(ct, mask, measure(mask, ct=ct, **ABDOMEN), path)
    pixels = np.rint(imread(path)[..., :3] * 255)
    for style in (PANCREAS, PANCREATIC_CANCER):
        far = np.abs(pixels - np.array(style.color_rgb) * 255).max(axis=2)
        assert (far <= 3).sum() > 50


def test_without_a_lesion_the_organ_is_shown_where_it_is_largest():
    figure, picture = compose(organ_with(lesion=False), **ABDOMEN)
    said = words(figure)
    assert "Pancreatic cancer: none found" in said
    assert any("Shown: where the pancreas is largest" in text for text in said)
    assert picture.rows == 1
    areas = (picture.subject.mask.array > 0).sum(axis=(1, 2))
    assert areas[picture.subject.slice_of(AXIAL)] == areas.max()


def test_a_picture_of_an_organ_speaks_of_no_tumour():
    figure, _ = compose(tumour((50.0, 40.0, 50.0)), names={1: "Lungs"}, lesions=())
    said = words(figure)
    assert "Lungs" in said
    assert not any("umour" in text or "lesion" in text for text in said)


def test_where_there_is_no_air_around_the_window_is_that_of_soft_tissue():
    soft = Volume(np.full(GRID.shape, 40, np.int16), GRID)
    figure, picture = compose(organ_with(lesion=True), ct=soft, **ABDOMEN)
    assert picture.subject.whole_window.name == picture.subject.detail_window.name == "soft-tissue"
    assert any("Shown in the soft-tissue window" in text for text in words(figure))
    _, picture = compose(tumour((6.0, 6.0, 8.0)), names={1: "Lung tumor"})
    assert picture.subject.whole_window.name == "lung"
