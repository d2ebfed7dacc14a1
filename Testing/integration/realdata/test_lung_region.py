"""The lung region on every real scan: it holds the tumour, and leaves most of an uncropped scan out."""

from __future__ import annotations

import pytest

from support.lung_figures import measure_lungs, scans

pytestmark = pytest.mark.realdata


def test_region_holds_the_tumour_of_every_scan(real_data):
    figures = [measure_lungs(folder) for folder in scans(real_data)]
    assert len(figures) >= 15
    lost = {f.scan: f.tumor_held for f in figures if f.tumor_held is not None and f.tumor_held < 0.99}
    assert not lost
    far_off = {f.scan: f.lungs_dice for f in figures if f.lungs_dice is not None and f.lungs_dice < 0.94}
    assert not far_off
    # The DICOM scan is the one that is not cropped around the lungs.
    assert all(f.region_share <= 0.5 for f in figures if f.size[:2] == (512, 512))
