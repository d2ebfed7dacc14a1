"""What every test can ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from LungTumorSegLib.volume import Volume
from support.volumes import chest_volume

# A shell ignores Ctrl-C for what it starts in the background, and the programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline would make a busy machine fail a sound test; few examples keep the suite short.
settings.register_profile("project", deadline=None, max_examples=25)
settings.load_profile("project")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the real scans that `LUNGTUMORSEG_DATA` names."""
    named = os.environ.get("LUNGTUMORSEG_DATA")
    if not named:
        pytest.skip("LUNGTUMORSEG_DATA does not name the folder with the real scans")
    folder = Path(named)
    if not (folder / "test").is_dir():
        pytest.fail(f"LUNGTUMORSEG_DATA names {folder}, which holds no real scans")
    return folder


@pytest.fixture
def chest() -> Volume:
    """A small, coarse stand-in for a chest CT, int16 HU."""
    return chest_volume()
