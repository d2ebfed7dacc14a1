"""Who takes part, in the order of the table's lines."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
NNUNET_PYTHON = REPOSITORY / ".venv-bench" / "bin" / "python"  # `make bench` makes it; sees all that .venv holds
REFERENCE = "monai"
SAME_VOXELS = "monai-same"


@dataclass(frozen=True)
class Contender:
    """One line of the table.

    Attributes
    ----------
    key : str
        Its name in files and on the command line.
    name : str
        Its name in the table.
    module : str
        Module of this package whose ``run(job, timer)`` does the work and returns an `Outcome`.
    settings : dict
        What ``run`` finds in ``job.settings``.
    slow : bool
        Runs in fewer rounds than the others.
    """

    key: str
    name: str
    module: str
    settings: dict = field(default_factory=dict)
    slow: bool = False

    @property
    def python(self) -> str:
        """The interpreter that it runs in."""
        return str(NNUNET_PYTHON) if self.module == "nnunet_way" and NNUNET_PYTHON.exists() else sys.executable

    def obstacle(self) -> str | None:
        """Say why it cannot take part here, or return None."""
        if self.module != "nnunet_way":
            return None
        if not NNUNET_PYTHON.exists():
            found = importlib.util.find_spec("nnunetv2")
        else:
            found = subprocess.run([NNUNET_PYTHON, "-c", "import nnunetv2"], capture_output=True).returncode == 0
        return None if found else "nnU-Net is not installed (`make bench` installs it into .venv-bench)"


# Every window of the whole CT in float32, and nothing removed from what the network says: the same work as MONAI's.
AS_MONAI = ("inference.overlap=0.8", "inference.lattice=stepped")
EXACT = (*AS_MONAI, "inference.coarse_overlap=null", "inference.precision=float32")
PLAIN = (
    *EXACT,
    "preparation.region=all",
    "postprocessing.inside_region=false",
    "postprocessing.components={keep: all, minimum_volume_ml: 0, minimum_confidence: 0}",
)
COARSE = (*AS_MONAI, "inference.coarse_overlap=0.4")
# The prepared image is not cropped around the lungs, so that windows lie where they lie on the whole CT.
UNCROPPED = "preparation.region_margin_mm=1000"
SPARSE = ("inference.overlap=0.6", "inference.lattice=body_centred")
FLOAT32 = {"precision": "float32"}

CONTENDERS = {
    one.key: one
    for one in (
        Contender(
            "monai-single",
            "(a) MONAI, overlap 0.8, float32, one window at a time",
            "monai_way",
            {"precision": "float32", "batch": 1},
            slow=True,
        ),
        Contender(REFERENCE, "(a) MONAI, overlap 0.8, float32, 4 windows at a time", "monai_way", FLOAT32),
        Contender("monai-autocast", "(a) the same under autocast", "monai_way", {"precision": "auto"}, slow=True),
        Contender(
            "monai-body", "(a) the same in float32, cropped to the body", "monai_way", {**FLOAT32, "crop": True}
        ),
        Contender(
            SAME_VOXELS, "(a) the same in float32, on the voxels of (c)", "same_voxels_way", {"set": PLAIN}, slow=True
        ),
        Contender("nnunet", "(b) nnU-Net, step 0.5, not mirrored", "nnunet_way", {"mirroring": False}),
        Contender("nnunet-mirrored", "(b) nnU-Net, step 0.5, mirrored", "nnunet_way", {"mirroring": True}, slow=True),
        Contender("plain", "(c) all windows of the CT, 0.8, float32", "own_way", {"set": PLAIN}, slow=True),
        Contender("lungs", "(c) all windows of the lungs, 0.8, float32", "own_way", {"set": EXACT}),
        Contender("default", "(d) default", "own_way"),
        Contender("sparse", "(d) body-centred windows, overlap 0.6", "own_way", {"set": SPARSE}),
        Contender("coarse", "(d) with overlap 0.8 and a coarse pass", "own_way", {"set": COARSE}),
        Contender("exact", "(d) the same, windows laid as (a) lays them", "own_way", {"set": (*COARSE, UNCROPPED)}),
        Contender("command", "(d) `segment`, with measurements and report", "command_way"),
    )
}
