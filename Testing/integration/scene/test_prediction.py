"""The scene's logic with the real path from CT to mask, on a network as small as one can be."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from scipy.spatial.transform import Rotation

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.model import load_model
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.prediction import predict
from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.scene.volumes import add_volume
from support.models import save_constant_model
from support.scenes import add_transform, mask_points, segment_points


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(size=(72, 64, 44), spacing=(5.0, 5.0, 7.0))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Takes the whole lung region for tumour, so that much depends on where the lungs are seen."""
    return save_constant_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def expected(phantom, model):
    mask = predict(phantom.ct, load_model(model), device="cpu").mask
    assert mask.array.any()
    return mask_points(mask)


def test_the_segment_is_what_predict_says(scene, phantom, model, expected):
    stages = []
    node = SegmentationLogic().segment(
        add_volume(scene, phantom.ct, "CT"), model=model, device="cpu", progress=lambda *step: stages.append(step)
    )
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    np.testing.assert_allclose(segment_points(node, segment_id), expected, atol=1e-6)
    assert stages, "how far it is, at least now and then"
    assert all(0 <= fraction <= 1 for _, fraction in stages)
    assert all(0.5 < lesion.confidence < 1 for lesion in SegmentationLogic().lesions(node))


def test_a_scan_that_a_transform_puts_upright_is_segmented_as_it_is_seen(scene, phantom, model, expected):
    """The voxels lie on their side, and the parent transform turns them back."""
    upright = np.eye(4)
    upright[:3, :3] = Rotation.from_euler("x", 90, degrees=True).as_matrix()
    upright[:3, 3] = (10.0, -20.0, 30.0)
    node = add_volume(scene, phantom.ct, "lying")
    node.ApplyTransformMatrix(slicer.util.vtkMatrixFromArray(np.linalg.inv(upright)))
    node.SetAndObserveTransformNodeID(add_transform(scene, upright).GetID())
    found = SegmentationLogic().segment(node, model=model, device="cpu")
    (segment_id,) = found.GetSegmentation().GetSegmentIDs()
    np.testing.assert_allclose(segment_points(found, segment_id), expected, atol=1e-4)


def test_cancelling_leaves_the_scene_as_it_was(scene, phantom, model):
    volume_node = add_volume(scene, phantom.ct, "CT")
    before = scene.GetNumberOfNodes()

    def cancel(stage, fraction):
        if stage != "starting":
            raise CancelledError

    with pytest.raises(CancelledError):
        SegmentationLogic().segment(volume_node, model=model, device="cpu", progress=cancel)
    assert scene.GetNumberOfNodes() == before


def test_an_unknown_model_is_refused(scene, phantom):
    with pytest.raises(InputError, match="no-such-model"):
        SegmentationLogic().segment(add_volume(scene, phantom.ct, "CT"), model="no-such-model")
