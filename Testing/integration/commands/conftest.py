"""A phantom data set and two models that need no training, made once for all tests of the commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from LungTumorSegLib.phantom import Phantom, Tumour, make_phantom
from LungTumorSegLib.volume import write_mask, write_volume
from support.models import save_constant_model


@dataclass(frozen=True)
class Bench:
    """Files that the commands are tried on; nobody changes them.

    Attributes
    ----------
    phantom : Phantom
        What ``ct`` and ``reference`` hold.
    everything, nothing : Path
        A model that takes the whole lung region for tumour, and one that takes nothing.
    """

    phantom: Phantom
    ct: Path
    reference: Path
    everything: Path
    nothing: Path


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    phantom = make_phantom(2, size=(96, 96, 60), spacing=(3.75, 3.75, 5.0), tumours_to_grow=[Tumour(40), Tumour(28)])
    write_volume(folder / "ct.nii.gz", phantom.ct)
    write_mask(folder / "reference.nii.gz", phantom.mask)
    return Bench(
        phantom,
        folder / "ct.nii.gz",
        folder / "reference.nii.gz",
        save_constant_model(folder / "everything", 2.0),
        save_constant_model(folder / "nothing", -2.0),
    )
