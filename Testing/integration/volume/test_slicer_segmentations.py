"""``.seg.nrrd`` between this package and 3D Slicer's own storage node: what one writes the other reads."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import LUNG_TUMOR, LUNGS, Grid, Volume, read_ct, read_mask, same_grid_or_raise, write_mask
from support.volumes import ball_mask, masks

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
vtk = pytest.importorskip("vtk")
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy  # noqa: E402

TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TURN = np.radians(10)
OBLIQUE = Grid(
    (20, 18, 10),
    (0.9765625, 0.8, 2.5),
    (-249.51171875, 12.25, -681.5),
    [[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, -1]],
)


@pytest.fixture(scope="module")
def scene():
    scene = slicer.vtkMRMLScene()
    scene.logic = slicer.vtkSlicerSegmentationsModuleLogic()  # registers the segmentation classes
    scene.logic.SetMRMLScene(scene)
    yield scene
    scene.logic.SetMRMLScene(None)
    scene.Clear(True)


def load(scene, path):
    """Read with Slicer's storage node."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    return node


def save(scene, node, path, crop):
    """Write with Slicer's storage node."""
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetCropToMinimumExtent(crop)
    storage.SetFileName(str(path))
    assert storage.WriteData(node)


def ras_matrix(grid):
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((TO_RAS @ grid.affine).ravel())
    return matrix


def new_segmentation(scene, grid):
    """A segmentation whose reference geometry is ``grid``, as Slicer takes it from a volume node."""
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    image = vtk.vtkImageData()
    image.SetDimensions(grid.size)
    image.AllocateScalars(vtk.VTK_SHORT, 1)
    volume.SetAndObserveImageData(image)
    volume.SetIJKToRASMatrix(ras_matrix(grid))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    return node


def add_segment(node, name, inside, grid):
    """Add a segment from a bool array (zyx); where segments overlap, Slicer opens another layer."""
    labelmap = slicer.vtkOrientedImageData()
    labelmap.SetDimensions(grid.size)
    labelmap.GetPointData().SetScalars(numpy_to_vtk(inside.astype(np.uint8).ravel(), deep=True))
    labelmap.SetGeometryFromImageToWorldMatrix(ras_matrix(grid))
    segment = node.GetSegmentation().AddEmptySegment(name, name)
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmap, node, segment)
    return segment


def centres(node, segment):
    """Where a segment's voxels lie, LPS mm, as Slicer has them; shape (n, 3)."""
    image = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment, image)
    if image.IsEmpty():
        return np.zeros((0, 3))
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    index = np.argwhere(voxels)[:, ::-1] + np.array(image.GetExtent())[::2]
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    to_lps = TO_RAS @ np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])
    return index @ to_lps[:3, :3].T + to_lps[:3, 3]


def labelled_centres(mask, label):
    return mask.grid.to_physical(np.argwhere(mask.array == label)[:, ::-1]).reshape(-1, 3)


def in_order(points):
    return points[np.lexsort(points.round(3).T)]


def test_slicer_shows_name_colour_terminology_and_voxels(scene, tmp_path):
    mask = ball_mask(OBLIQUE)
    write_mask(tmp_path / "tumour.seg.nrrd", mask)
    node = load(scene, tmp_path / "tumour.seg.nrrd")

    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 1
    name = segmentation.GetNthSegmentID(0)
    segment = segmentation.GetSegment(name)
    assert segment.GetName() == LUNG_TUMOR.name
    np.testing.assert_allclose(segment.GetColor(), LUNG_TUMOR.color_rgb, atol=1e-5)
    entry = vtk.reference("")
    assert segment.GetTag("TerminologyEntry", entry)
    assert entry.get() == LUNG_TUMOR.terminology
    np.testing.assert_allclose(in_order(centres(node, name)), in_order(labelled_centres(mask, 1)), atol=1e-3)


def test_slicer_understands_the_terminology():
    entry = slicer.vtkSlicerTerminologyEntry()
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    for style, category, kind in (
        (LUNG_TUMOR, "Morphologically Altered Structure", "Mass"),
        (LUNGS, "Anatomical Structure", "Lung"),
    ):
        assert logic.DeserializeTerminologyEntry(style.terminology, entry)
        assert entry.GetCategoryObject().GetCodeMeaning() == category
        assert entry.GetTypeObject().GetCodeMeaning() == kind
    assert logic.DeserializeTerminologyEntry(LUNG_TUMOR.terminology, entry)
    assert entry.GetRegionObject().GetCodeValue() == "39607008"
    assert not entry.GetRegionModifierObject().GetCodeValue()


def test_the_reference_geometry_is_the_whole_grid(scene, tmp_path):
    """So that painting in Slicer can go beyond what is labelled."""
    mask = ball_mask(OBLIQUE)
    write_mask(tmp_path / "t.seg.nrrd", mask)
    node = load(scene, tmp_path / "t.seg.nrrd")
    geometry = slicer.vtkOrientedImageData()
    text = node.GetSegmentation().GetConversionParameter("Reference image geometry")
    assert slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, geometry, False)
    assert geometry.GetExtent() == (0, 19, 0, 17, 0, 9)
    np.testing.assert_allclose(geometry.GetSpacing(), OBLIQUE.spacing, atol=1e-9)
    np.testing.assert_allclose(geometry.GetOrigin(), OBLIQUE.origin * np.array([-1, -1, 1]), atol=1e-9)


def test_several_segments_with_their_own_styles(scene, tmp_path):
    mask = ball_mask(OBLIQUE)
    array = mask.array.copy()
    array[0, :2] = 3
    write_mask(
        tmp_path / "s.seg.nrrd", mask.with_array(array), {1: "Lesion; with: odd | name", 2: "None left", 3: LUNGS}
    )
    segmentation = load(scene, tmp_path / "s.seg.nrrd").GetSegmentation()
    found = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
    assert [segment.GetName() for segment in found] == ["Lesion; with: odd | name", "None left", "Lungs"]
    np.testing.assert_allclose(found[2].GetColor(), LUNGS.color_rgb, atol=1e-5)


def test_an_empty_mask_is_an_empty_segment(scene, tmp_path):
    empty = Volume(np.zeros(OBLIQUE.shape, np.uint8), OBLIQUE)
    write_mask(tmp_path / "e.seg.nrrd", empty)
    node = load(scene, tmp_path / "e.seg.nrrd")
    assert node.GetSegmentation().GetNumberOfSegments() == 1
    assert len(centres(node, node.GetSegmentation().GetNthSegmentID(0))) == 0
    again = read_mask(tmp_path / "e.seg.nrrd")
    assert not again.array.any()
    assert again.grid.same_as(OBLIQUE)


@given(mask=masks(labels=2))
def test_any_mask_on_any_grid_is_where_it_should_be(scene, tmp_path_factory, mask):
    path = tmp_path_factory.mktemp("any") / "m.seg.nrrd"
    write_mask(path, mask, {1: "a", 2: "b"})
    node = load(scene, path)
    for label, segment in enumerate(("a", "b"), start=1):
        name = node.GetSegmentation().GetSegmentIdBySegmentName(segment)
        expected = labelled_centres(mask, label)
        found = centres(node, name)
        assert len(found) == len(expected)
        # Nearest neighbours both ways: an order of points would depend on rounding.
        apart = np.linalg.norm(found[:, None] - expected[None], axis=2)
        if len(found):
            assert max(apart.min(axis=0).max(), apart.min(axis=1).max()) < 1e-3
    scene.Clear(False)


@pytest.mark.parametrize("crop", [True, False])
def test_slicers_own_file_is_read_on_the_whole_grid(scene, tmp_path, crop):
    node = new_segmentation(scene, OBLIQUE)
    first, second = ball_mask(OBLIQUE).array > 0, np.zeros(OBLIQUE.shape, bool)
    second[7:9, 2:5, 14:19] = True
    add_segment(node, "Lung tumor", first, OBLIQUE)
    add_segment(node, "Node; station: 4R", second, OBLIQUE)
    save(scene, node, tmp_path / "s.seg.nrrd", crop)

    mask = read_mask(tmp_path / "s.seg.nrrd")
    assert np.array_equal(mask.array, first + 2 * second.astype(np.uint8))
    same_grid_or_raise(mask, Volume(first, OBLIQUE), "s.seg.nrrd")
    np.testing.assert_allclose(mask.grid.affine, OBLIQUE.affine, atol=1e-9)
    only = read_mask(tmp_path / "s.seg.nrrd", segment="Node; station: 4R")
    assert np.array_equal(only.array, second)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_segment_within_one_slice_is_read_on_the_whole_grid(scene, tmp_path, axis, layers):
    """Slicer crops the voxels to that slice."""
    inside = np.zeros(OBLIQUE.shape, bool)
    inside[tuple(slice(4, 5) if along == axis else slice(3, 8) for along in range(3))] = True
    node = new_segmentation(scene, OBLIQUE)
    for name in ("a", "b")[:layers]:
        add_segment(node, name, inside, OBLIQUE)
    save(scene, node, tmp_path / "s.seg.nrrd", True)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(tmp_path / "s.seg.nrrd"))
    reader.ReadImageInformation()
    assert reader.GetSize()[2 - axis] == 1
    mask = read_mask(tmp_path / "s.seg.nrrd", segment="a")
    assert np.array_equal(mask.array, inside)
    same_grid_or_raise(mask, Volume(inside, OBLIQUE), "s.seg.nrrd")


def test_a_slice_of_an_unknown_whole_is_still_no_volume(scene, tmp_path):
    flat = Grid((20, 18, 1), OBLIQUE.spacing, OBLIQUE.origin, OBLIQUE.direction)
    node = new_segmentation(scene, flat)
    add_segment(node, "a", np.ones(flat.shape, bool), flat)
    save(scene, node, tmp_path / "s.seg.nrrd", True)
    for read in (read_mask, read_ct):
        with pytest.raises(InputError, match="is a 2D image"):
            read(tmp_path / "s.seg.nrrd")


@pytest.mark.parametrize("crop", [True, False])
def test_overlapping_segments_are_read_one_by_one(scene, tmp_path, crop):
    node = new_segmentation(scene, OBLIQUE)
    inner = ball_mask(OBLIQUE).array > 0
    outer = np.zeros(OBLIQUE.shape, bool)
    outer[1:, 3:16, 1:12] = True
    add_segment(node, "tumour", inner, OBLIQUE)
    add_segment(node, "lung", outer, OBLIQUE)
    assert node.GetSegmentation().GetNumberOfLayers() == 2
    save(scene, node, tmp_path / "s.seg.nrrd", crop)

    assert np.array_equal(read_mask(tmp_path / "s.seg.nrrd", segment="tumour").array, inner)
    assert np.array_equal(read_mask(tmp_path / "s.seg.nrrd", segment="lung").array, outer)
    with pytest.raises(InputError, match="segments 'tumour' and 'lung' overlap; choose one"):
        read_mask(tmp_path / "s.seg.nrrd")
    with pytest.raises(InputError, match="no segment 'liver'; choose one of 'tumour', 'lung'"):
        read_mask(tmp_path / "s.seg.nrrd", segment="liver")


def test_layers_that_do_not_overlap_are_read_together(scene, tmp_path):
    """Slicer keeps a layer of its own where segments once overlapped."""
    node = new_segmentation(scene, OBLIQUE)
    first = ball_mask(OBLIQUE).array > 0
    overlapping, second = np.roll(first, 1, axis=2), np.roll(first, 9, axis=2)
    add_segment(node, "a", first, OBLIQUE)
    add_segment(node, "b", overlapping, OBLIQUE)
    add_segment(node, "c", second, OBLIQUE)
    node.GetSegmentation().RemoveSegment("a")
    save(scene, node, tmp_path / "s.seg.nrrd", True)
    assert np.array_equal(
        read_mask(tmp_path / "s.seg.nrrd").array, overlapping + 2 * (second & ~overlapping).astype(np.uint8)
    )


def test_a_plain_label_map_has_no_segment_to_choose(tmp_path):
    write_mask(tmp_path / "m.nrrd", ball_mask(OBLIQUE))
    with pytest.raises(InputError, match="has no named segments"):
        read_mask(tmp_path / "m.nrrd", segment="a")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=one", "damaged segmentation header"),
        (b"Segment0_Layer:=0", b"Segment0_Layer:=4", "names more layers than it holds"),
        (b"MasterRepresentation:=Binary", b"MasterRepresentation:=Fractional", "not a segmentation by binary"),
    ],
)
def test_a_damaged_segmentation_header(tmp_path, old, new, said):
    write_mask(tmp_path / "m.seg.nrrd", ball_mask(OBLIQUE))
    raw = (tmp_path / "m.seg.nrrd").read_bytes()
    assert old in raw
    (tmp_path / "m.seg.nrrd").write_bytes(raw.replace(old, new))
    with pytest.raises(InputError, match=said):
        read_mask(tmp_path / "m.seg.nrrd")


@pytest.mark.parametrize("text", [b"nonsense", b"1;2;3;", b"0;" * 22])
def test_a_reference_geometry_that_says_nothing_is_passed_over(tmp_path, text):
    mask = ball_mask(OBLIQUE)
    write_mask(tmp_path / "m.seg.nrrd", mask)
    raw = (tmp_path / "m.seg.nrrd").read_bytes()
    start = raw.index(b"geometry|") + len(b"geometry|")
    (tmp_path / "m.seg.nrrd").write_bytes(raw[:start] + text + raw[raw.index(b"|", start) :])
    again = read_mask(tmp_path / "m.seg.nrrd")
    assert np.array_equal(again.array, mask.array)
    assert again.grid.same_as(OBLIQUE)
