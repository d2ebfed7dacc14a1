"""How long the scene takes: handing a CT over, inserting a result, editing, measuring, on 512 x 512 x 300 voxels.

Run with the extension's Python and slicer-core, on a machine that does nothing else:

    python Testing/benchmark/scene_insertion.py [--repeats N]

Each row is the median of its repeats, in milliseconds. The tumour has 65 mL; two small ones lie in the other lung, so
that the box of the segment spans the chest. "Handed over" is the copy of the CT into shared memory and of the result
out of it, without the network. The closed surface is made only where it is shown.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import slicer

from LungTumorSegLib.measurements.lesions import crop
from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.scene.volumes import add_volume, read_ct
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.boxes import bounding_box
from LungTumorSegLib.worker import WorkerResult

GRID = Grid((512, 512, 300), (0.7, 0.7, 1.0), (-179.0, -179.0, -150.0))
BALLS = (  # centre (xyz, mm), radius (mm)
    ((-60.0, -4.0, 0.0), 25.0),
    ((70.0, 20.0, 60.0), 6.0),
    ((60.0, -30.0, -70.0), 4.0),
)


def tumour() -> np.ndarray:
    mask = np.zeros(GRID.shape, bool)
    axes = [
        origin + spacing * np.arange(n)
        for origin, spacing, n in zip(GRID.origin, GRID.spacing, GRID.size, strict=True)
    ]
    z, y, x = np.ix_(*axes[::-1])
    for centre, radius in BALLS:
        mask |= (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < radius**2
    return mask


def chest(mask: np.ndarray) -> np.ndarray:
    """HU with the texture of noise, so that nothing is constant."""
    hu = np.full(GRID.shape, -1000, np.int16)
    hu[20:280, 80:430, 60:450] = 40
    hu[30:270, 120:400, 100:240] = hu[30:270, 120:400, 270:410] = -850
    hu[mask] = 60
    hu += np.random.default_rng(0).integers(-20, 20, (1, *GRID.shape[1:]), dtype=np.int16)
    return hu


def milliseconds(what: Callable[[], object], repeats: int, before: Callable[[], object] = lambda: None) -> float:
    taken = []
    for _ in range(repeats):
        before()
        start = time.perf_counter()
        what()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    for part, taken in rows(repeats):
        print(f"{part:<62}{taken:9.1f} ms", flush=True)


def rows(repeats: int):
    """Give each part with the milliseconds that it takes."""
    scene = slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.vtkMRMLApplicationLogic().SetMRMLScene(scene)
    mask = tumour()
    ct_node = add_volume(scene, Volume(chest(mask), GRID), "CT")
    shifted = np.roll(mask, 3, axis=1).astype(np.uint8)
    reference = add_volume(scene, Volume(shifted, GRID), "Reference", "vtkMRMLLabelMapVolumeNode")
    part = crop(Volume(mask.astype(np.uint8), GRID), bounding_box(mask))
    result = WorkerResult(part, {}, {}, (), 1, 1, [], {1: "Lung tumor"}, (1,))
    logic = SegmentationLogic(predictor=None)

    def touch() -> None:
        ct_node.GetImageData().Modified()

    yield "check the CT, the first time", milliseconds(lambda: read_ct(ct_node), repeats, touch)
    yield "check the CT, again", milliseconds(lambda: read_ct(ct_node), repeats)
    yield "hand the CT over (copy to a mapped file)", milliseconds(lambda: _copy(read_ct(ct_node).array), repeats)
    yield "take the result (its box) over", milliseconds(lambda: _copy(part.array), repeats)
    request = logic.prepareSegmentation(ct_node)
    yield "insert into a new segmentation", milliseconds(lambda: logic.insertResult(request, result), repeats)
    node, segment_id = logic.insertResult(request, result)
    beside = logic.prepareSegmentation(ct_node, node)
    yield "insert beside another segment", milliseconds(lambda: logic.insertResult(beside, result), repeats)
    instead = logic.prepareSegmentation(ct_node, node, segment_id)
    yield "insert in place of a segment", milliseconds(lambda: logic.insertResult(instead, result), repeats)
    yield "show a preview", milliseconds(lambda: logic.showPreview(request, part), repeats)
    logic.removePreview()

    def measure(**given) -> Callable[[], object]:
        return lambda: logic.measure(node, segmentId=segment_id, **given)

    edited = iter(np.argwhere(part.array)[20000:])

    def edit() -> None:
        """Erase one voxel of the large lesion, each time another."""
        voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, segment_id)
        voxels[tuple(next(edited))] = 0
        node.GetSegmentation().GetSegment(segment_id).Modified()

    quick, full = measure(referenceNode=reference, surfaces=False), measure(referenceNode=reference)
    yield "measure after an edit", milliseconds(measure(), repeats, edit)
    yield "measure after an edit, against a reference (live)", milliseconds(quick, repeats, edit)
    yield "the same with HD95 and surface Dice", milliseconds(full, repeats, edit)
    yield "measure what has not changed, against a reference", milliseconds(quick, repeats)
    yield "list the lesions", milliseconds(lambda: logic.lesions(node, segment_id), repeats)

    def turn(kept: bool) -> Callable[[], object]:
        lesion = logic.lesions(node, segment_id)[1]
        return lambda: logic.setLesionKept(node, segment_id, lesion, kept)

    yield "reject a lesion (measured anew with the reference)", milliseconds(turn(False), 1)
    yield "keep it again", milliseconds(turn(True), 1)
    yield "undo", milliseconds(lambda: logic.undo(node), 1)
    yield "closed surface of the segments", milliseconds(lambda: node.CreateClosedSurfaceRepresentation(), 1)
    yield (
        "insert beside others whose surface is shown",
        milliseconds(lambda: logic.insertResult(beside, result), repeats),
    )


def _copy(array: np.ndarray) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        mapped = np.memmap(Path(folder) / "voxels", array.dtype, "w+", shape=array.shape)
        mapped[:] = array


if __name__ == "__main__":
    main()
