"""One coarse phantom for all tests here."""

from __future__ import annotations

import pytest

from LungTumorSegLib.phantom import Phantom, Tumour, make_phantom

SIZE, SPACING = (128, 128, 75), (2.8, 2.8, 4.0)
GROWN = [Tumour(40, "cavitated"), Tumour(30, "lobulated"), Tumour(24, "spiculated"), Tumour(32, "pleural")]


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return make_phantom(3, size=SIZE, spacing=SPACING, tumours_to_grow=GROWN)
