"""Data sets with a ``dataset.json``: the Medical Segmentation Decathlon's, and nnU-Net's raw ones of both versions."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....volume.files import read_json
from ....wording import first_names
from ..case_files import SUFFIXES, CaseFiles, stem_of
from .answers import SHOWN, check_folder, contents, missing_file
from .listed_labels import compare_labels, ignore_value, label_names

log = logging.getLogger(__name__)

LISTING = "dataset.json"
EXPECTED = "dataset.json with imagesTr and labelsTr (Decathlon or nnU-Net)"
IMAGES, LABELS = "imagesTr", "labelsTr"
CHANNEL = "_0000"  # nnU-Net's suffix of a case's first image channel
PAIR = '{"image": PATH, "label": PATH}'

Triples = list[tuple[str, Path, Path]]  # name, image, label


def is_listed(folder: Path) -> bool:
    """Tell whether a folder has this layout, or means to."""
    return any((folder / name).exists() for name in (LISTING, IMAGES, LABELS))


def listed_cases(folder: Path, annotation: Annotation, allow_missing: bool) -> list[CaseFiles]:
    """List the cases of a data set with a ``dataset.json``.

    A ``training`` list of image and label is the Decathlon's, or nnU-Net's of version 1, which leaves the images'
    ``_0000`` out; a ``validation`` list of the same kind adds cases. Without it the listing is nnU-Net's of version 2,
    with a ``file_ending``: the folders themselves say which cases there are, or a ``dataset`` of name to images and
    label does.

    Raises
    ------
    InputError
        The listing is damaged, names several image channels, or does not agree with the files. With ``allow_missing``
        a file that is not there is found missing when it is read.
    """
    where = folder / LISTING
    if not where.is_file():
        found = "a folder of that name" if where.is_dir() else contents(folder, LISTING)
        raise InputError(f"there is no {LISTING}: expected {EXPECTED}, found {found}", folder, "restore or rename it")
    listing = read_json(where)
    try:
        _check_one_channel(listing, where)
        triples = _cases(listing, folder)
        ignored = ignore_value(listing)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found = first_names([str(key) for key in listing], SHOWN) or "no key"
        what = f"expected a 'training' list of {PAIR}, or nnU-Net's 'file_ending' and 'channel_names', found {found}"
        raise InputError(what, where, "correct the file") from error
    if not allow_missing:
        _check_files(triples)
    _check_count(listing, len(triples), where, allow_missing)
    return [CaseFiles(name, ct, mask, (), ignored, annotation) for name, ct, mask in triples]


def compare_labels_of(folder: Path, wanted: Mapping[int, str]) -> str | None:
    """Compare the labels that a ``dataset.json`` names with a recipe's, as `listed_labels.compare_labels`."""
    where = folder / LISTING
    return compare_labels(label_names(read_json(where)), wanted, where)


def _check_one_channel(listing: dict, where: Path) -> None:
    channels = listing.get("channel_names") or listing.get("modality") or {}
    if len(channels) > 1:
        shown = ", ".join(str(name) for name in dict(channels).values())
        raise InputError(f"names {len(channels)} image channels ({shown})", where, "give CT alone")


def _cases(listing: dict, folder: Path) -> Triples:
    """List the cases in whichever of its ways the listing tells them."""
    if "training" in listing:
        cases = [_pair(entry, folder) for entry in [*listing["training"], *_annotated_validation(listing)]]
    elif "dataset" in listing:
        entries = listing["dataset"].items()
        cases = [(name, folder / entry["images"][0], folder / entry["label"]) for name, entry in entries]
    else:
        return _cases_in_folders(listing["file_ending"], folder)
    if not cases:
        raise InputError("expected cases in its list, found none", folder / LISTING, "correct the file")
    return cases


def _cases_in_folders(ending: str, folder: Path) -> Triples:
    """List nnU-Net's cases by the names of the images, and of the labels."""
    if ending not in SUFFIXES:
        what = f"images in {ending!r} are not read ({', '.join(SUFFIXES)})"
        raise InputError(what, folder / LISTING, "convert them")
    images, labels = folder / IMAGES, folder / LABELS
    check_folder(images, f"CASE{CHANNEL}{ending}")
    check_folder(labels, f"CASE{ending}")
    found = {path.name.removesuffix(ending).removesuffix(CHANNEL) for path in images.glob(f"[!.]*{CHANNEL}{ending}")}
    found |= {path.name.removesuffix(ending) for path in labels.glob(f"[!.]*{ending}")}
    if not found:
        what = f"expected CASE{CHANNEL}{ending}, after the listing's 'file_ending', found {contents(images)}"
        raise InputError(what, images, f"rename the images, or correct {LISTING}")
    return [(name, images / f"{name}{CHANNEL}{ending}", labels / f"{name}{ending}") for name in sorted(found)]


def _pair(entry: object, folder: Path) -> tuple[str, Path, Path]:
    """Take a case out of a list of image and label."""
    try:
        image, label = folder / entry["image"], folder / entry["label"]
    except (KeyError, TypeError, IndexError) as error:
        what = f"expected {PAIR} for each entry of its 'training' list, found {json.dumps(entry)[:100]}"
        raise InputError(what, folder / LISTING, "correct the file") from error
    stem = stem_of(image)
    if stem == f"{stem_of(label)}{CHANNEL}":  # the image's own name, channel and all
        stem = stem_of(label)
    numbered = image.with_name(f"{stem}{CHANNEL}{image.name[len(stem) :]}")
    return stem, numbered if numbered.is_file() and not image.is_file() else image, label


def _annotated_validation(listing: dict) -> list[dict]:
    """Return the entries of a ``validation`` list that name a label; of others nothing is known to validate on."""
    entries = listing.get("validation") or []
    return [entry for entry in entries if isinstance(entry, dict) and "label" in entry]


def _check_files(triples: Triples) -> None:
    for name, image, label in triples:
        for path, kind in ((image, "image"), (label, "label map")):
            if not path.is_file():
                raise missing_file(path, kind, name)


def _check_count(listing: dict, count: int, where: Path, allow_missing: bool) -> None:
    stated = listing.get("numTraining")
    count -= len(_annotated_validation(listing)) if "training" in listing else 0
    if stated in (None, count) or not count:
        return
    if not allow_missing:
        what = f"says that there are {stated} cases, and there are {count}"
        raise InputError(what, where, "restore them or correct it")
    log.warning("dataset.json says that there are %s cases, and there are %d", stated, count)
