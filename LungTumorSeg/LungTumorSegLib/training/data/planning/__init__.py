"""A network, patches and batches planned from the fingerprint of a data set and a memory budget.

In the manner of nnU-Net's residual-encoder presets (Isensee et al. 2021, Nature Methods 18, 203; Isensee et al. 2024,
"nnU-Net Revisited", MICCAI), whose ResEnc-M is what 8 GB plan.
"""

from .plan import Plan, apply_plan, make_plan
from .plan_file import NAME, read_plan, write_plan

__all__ = ["NAME", "Plan", "apply_plan", "make_plan", "read_plan", "write_plan"]
