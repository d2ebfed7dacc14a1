"""What a network found, label by label, into the segments of a segmentation."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import slicer

from ..volume import Volume
from ..volume.terminology import LUNG_TUMOR, style_of
from . import segments
from .companions import Companions
from .confidence import remember_confidence
from .rejected import forget_rejected
from .sources import remember_source
from .tags import LABEL, MODEL, ORGAN, RESULT, get_tag, remove_tag, set_tag


@dataclass(frozen=True)
class FoundLabels:
    """What the labels of a result are.

    Attributes
    ----------
    names : mapping of int to str
    lesions : tuple of int
        The labels that are lesions.
    """

    names: Mapping[int, str]
    lesions: tuple[int, ...]

    @classmethod
    def of(cls, result) -> FoundLabels:
        """Read them of a `LungTumorSegLib.worker.WorkerResult`; one that does not say them is of lung tumours."""
        names = getattr(result, "labels", {1: LUNG_TUMOR.name})
        return cls(names, tuple(getattr(result, "lesion_labels", names)))

    @property
    def main(self) -> int:
        """The label that a person looks for: the first lesion, of organs the first."""
        return next(iter(self.lesions), next(iter(self.names)))


@dataclass(frozen=True)
class Insertion:
    """A result on its way into a segmentation.

    Attributes
    ----------
    node : vtkMRMLSegmentationNode
    volume_node : vtkMRMLScalarVolumeNode
        Which it was found in.
    mask, ct : Volume
        Labels, and the CT on whose voxels they lie, in the world.
    labels : FoundLabels
    lesions : list of dict
        As in `LungTumorSegLib.worker.WorkerResult`.
    model : str
        Name of the model.
    """

    node: slicer.vtkMRMLSegmentationNode
    volume_node: slicer.vtkMRMLScalarVolumeNode
    mask: Volume
    ct: Volume
    labels: FoundLabels
    lesions: list[dict]
    model: str

    def into(self, chosen: str | None) -> dict[int, str]:
        """Put each label into a segment of its own, which is empty where nothing of the label was found.

        Parameters
        ----------
        chosen : str or None
            A segment to replace, and with it all that were found together with it; None for new ones.

        Returns
        -------
        dict of int to str
            The segment's ID for each label.
        """
        there = {} if chosen is None else self._segments_for(chosen)
        before = [] if chosen is None else segments.same_result(self.node, chosen)
        for gone in set(before) - set(there.values()):
            forget_rejected(self.node, gone)
            self.node.GetSegmentation().RemoveSegment(gone)
        result = secrets.token_hex(8)
        ids = {label: self._put(label, there.get(label)) for label in self.labels.names}
        for label, segment_id in ids.items():
            self._tag(label, segment_id, result)
        Companions.remove_orphans(self.node)
        return ids

    def _segments_for(self, chosen: str) -> dict[int, str]:
        """Find the segments to replace: those of the same names, and for the chosen one of another name the main."""
        tags = {get_tag(self.node, one, LABEL): one for one in segments.same_result(self.node, chosen)}
        by_name = {tag.partition(" ")[2]: one for tag, one in tags.items() if tag is not None}
        there = {
            label: by_name[_tagged(name)] for label, name in self.labels.names.items() if _tagged(name) in by_name
        }
        if chosen not in there.values() and self.labels.main not in there:
            there[self.labels.main] = chosen
        return there

    def _put(self, label: int, segment_id: str | None) -> str:
        """Put one label into a segment, a new one where there is none yet; return its ID."""
        part = self.mask.with_array(self.mask.array == label)
        style = style_of(self.labels.names[label])
        if segment_id is None:
            return segments.add_segment(self.node, part, style, self.model, self.ct.grid)
        forget_rejected(self.node, segment_id)
        segments.replace_segment(self.node, segment_id, part, self.ct.grid)
        known = get_tag(self.node, segment_id, LABEL)
        if known is not None and known.partition(" ")[2] != _tagged(style.name):
            segments.restyle_segment(self.node, segment_id, style)
        return segment_id

    def _tag(self, label: int, segment_id: str, result: str) -> None:
        """Let a segment remember what it is, where it was found, and how sure the network was."""
        node = self.node
        set_tag(node, segment_id, MODEL, self.model)
        set_tag(node, segment_id, RESULT, result)
        set_tag(node, segment_id, LABEL, f"{label} {_tagged(self.labels.names[label])}")
        if label in self.labels.lesions:
            remove_tag(node, segment_id, ORGAN)
        else:
            set_tag(node, segment_id, ORGAN, "1")
        remember_source(node, segment_id, self.volume_node)
        own = [lesion for lesion in self.lesions if lesion.get("label", label) == label]
        remember_confidence(node, segment_id, own, self.ct.grid)


def label_of(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> int | None:
    """Return the number of a segment's label where several were found together; None of any other segment."""
    tag = get_tag(node, segment_id, LABEL)
    if tag is None or len(segments.same_result(node, segment_id)) == 1:
        return None
    number = tag.partition(" ")[0]
    return int(number) if number.isdigit() else None


def _tagged(name: str) -> str:
    """Return a name as a tag can hold it; see `LungTumorSegLib.scene.tags.set_tag`."""
    return name.replace("|", "/")
