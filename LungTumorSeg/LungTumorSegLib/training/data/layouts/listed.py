"""Data sets with a ``dataset.json``: the Medical Segmentation Decathlon's, and nnU-Net's raw ones of both versions."""

from __future__ import annotations

import logging
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....volume.files import read_json
from ..case_files import SUFFIXES, CaseFiles, stem_of

log = logging.getLogger(__name__)

LISTING = "dataset.json"
EXPECTED = "dataset.json with imagesTr and labelsTr (Decathlon or nnU-Net)"
CHANNEL = "_0000"  # nnU-Net's suffix of a case's first image channel


def listed_cases(folder: Path, annotation: Annotation, allow_missing: bool) -> list[CaseFiles]:
    """List the cases of a data set with a ``dataset.json``.

    A ``training`` list of image and label is the Decathlon's, or nnU-Net's of version 1, which leaves the images'
    ``_0000`` out. Without it the listing is nnU-Net's of version 2, with a ``file_ending``: the folders themselves say
    which cases there are, or a ``dataset`` of name to images and label does.

    Raises
    ------
    InputError
        The listing is damaged, names several image channels, or does not agree with the files. With ``allow_missing``
        a file that is not there is found missing when it is read.
    """
    listing = read_json(folder / LISTING)
    try:
        _check_one_channel(listing, folder)
        triples = _training_list(listing, folder) if "training" in listing else _nnunet(listing, folder)
        ignored = _ignore_value(listing)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            "expected a 'training' list of {image, label} pairs, or nnU-Net's 'file_ending' and 'channel_names'",
            folder / LISTING,
            "correct the file",
        ) from error
    if not allow_missing:
        _check_files(triples)
    _check_count(listing, len(triples), folder, allow_missing)
    return [CaseFiles(name, ct, mask, (), ignored, annotation) for name, ct, mask in triples]


def _check_one_channel(listing: dict, folder: Path) -> None:
    channels = listing.get("channel_names") or listing.get("modality") or {}
    if len(channels) > 1:
        shown = ", ".join(str(name) for name in dict(channels).values())
        raise InputError(f"names {len(channels)} image channels ({shown})", folder / LISTING, "give CT alone")


def _nnunet(listing: dict, folder: Path) -> list[tuple[str, Path, Path]]:
    if "dataset" in listing:
        entries = listing["dataset"].items()
        return [(name, folder / entry["images"][0], folder / entry["label"]) for name, entry in entries]
    ending = listing["file_ending"]
    if ending not in SUFFIXES:
        raise InputError(
            f"images in {ending!r} are not read ({', '.join(SUFFIXES)})", folder / LISTING, "convert them"
        )
    images, labels = folder / "imagesTr", folder / "labelsTr"
    found = {path.name.removesuffix(ending).removesuffix(CHANNEL) for path in images.glob(f"[!.]*{CHANNEL}{ending}")}
    found |= {path.name.removesuffix(ending) for path in labels.glob(f"[!.]*{ending}")}
    return [(name, images / f"{name}{CHANNEL}{ending}", labels / f"{name}{ending}") for name in sorted(found)]


def _training_list(listing: dict, folder: Path) -> list[tuple[str, Path, Path]]:
    triples = []
    for entry in listing["training"]:
        image, label = folder / entry["image"], folder / entry["label"]
        stem = stem_of(image)
        numbered = image.with_name(f"{stem}{CHANNEL}{image.name[len(stem) :]}")
        triples.append((stem, numbered if numbered.is_file() and not image.is_file() else image, label))
    return triples


def _ignore_value(listing: dict) -> int | None:
    """Return nnU-Net's label ``ignore``, where there is one; the Decathlon lists numbers to names instead."""
    labels = listing.get("labels")
    return int(labels["ignore"]) if isinstance(labels, dict) and "ignore" in labels else None


def _check_files(triples: list[tuple[str, Path, Path]]) -> None:
    for name, *paths in triples:
        for path in paths:
            if not path.is_file():
                raise InputError(f"a file of case {name} is missing", path, "restore it, or take the case out")


def _check_count(listing: dict, count: int, folder: Path, allow_missing: bool) -> None:
    stated = listing.get("numTraining")
    if stated in (None, count) or not count:
        return
    if not allow_missing:
        raise InputError(
            f"says that there are {stated} cases, and there are {count}",
            folder / LISTING,
            "restore them or correct it",
        )
    log.warning("dataset.json says that there are %s cases, and there are %d", stated, count)
