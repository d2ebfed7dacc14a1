"""What a segment is called, in words, colour and codes."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Slicer's terminology tag joins seven parts by "~": list of types, category, type, its modifier, list of regions,
# region, its modifier; a code is "scheme^value^meaning". See 3D Slicer's developer guide, "Segmentations".
_TYPES = "Segmentation category and type - DICOM master list"
_REGIONS = "Anatomic codes - DICOM master list"

_NONE = "^^"
_ALTERED_STRUCTURE = "SCT^49755003^Morphologically Altered Structure"
_MASS = "SCT^4147007^Mass"
_ANATOMICAL_STRUCTURE = "SCT^123037004^Anatomical Structure"
_LUNG = "SCT^39607008^Lung"
_PANCREAS = "SCT^15776009^Pancreas"
_RIGHT_AND_LEFT = "SCT^51440002^Right and left"
_TISSUE = "SCT^85756007^Tissue"


@dataclass(frozen=True)
class SegmentStyle:
    """How a segment presents itself in 3D Slicer.

    Parameters
    ----------
    name : str
        Name shown to the user.
    color_rgb : tuple of float
        Red, green, blue from 0 to 1.
    terminology : str
        Value of the segment tag ``TerminologyEntry``: SNOMED CT codes of category, type and anatomical region.
    """

    name: str
    color_rgb: tuple[float, float, float]
    terminology: str


def _entry(category: str, kind: str, kind_modifier: str = _NONE, region: str = _NONE) -> str:
    return "~".join((_TYPES, category, kind, kind_modifier, _REGIONS, region, _NONE))


def _rgb(red: int, green: int, blue: int) -> tuple[float, float, float]:
    return red / 255, green / 255, blue / 255


# "Mass" and not "Neoplasm": a CT shows the one, histology the other. The side is left open, since one segment can hold
# lesions of both lungs. The colours are the ones that Slicer recommends for these codes.
LUNG_TUMOR = SegmentStyle("Lung tumor", _rgb(144, 238, 144), _entry(_ALTERED_STRUCTURE, _MASS, region=_LUNG))
LUNGS = SegmentStyle("Lungs", _rgb(197, 165, 145), _entry(_ANATOMICAL_STRUCTURE, _LUNG, _RIGHT_AND_LEFT))
PANCREAS = SegmentStyle("Pancreas", _rgb(249, 180, 111), _entry(_ANATOMICAL_STRUCTURE, _PANCREAS))
PANCREATIC_CANCER = SegmentStyle(
    "Pancreatic cancer", _rgb(144, 238, 144), _entry(_ALTERED_STRUCTURE, _MASS, region=_PANCREAS)
)
# What a person does not take for tumour, whatever it may be.
NO_TUMOR = SegmentStyle("No tumor", _rgb(153, 153, 153), _entry(_TISSUE, _TISSUE, region=_LUNG))
KNOWN = {style.name: style for style in (LUNG_TUMOR, LUNGS, PANCREAS, PANCREATIC_CANCER, NO_TUMOR)}


def style_of(name: str) -> SegmentStyle:
    """Return the style of a label that a recipe names; one of a name not known here looks like a tumour."""
    return KNOWN.get(name) or replace(LUNG_TUMOR, name=name)
