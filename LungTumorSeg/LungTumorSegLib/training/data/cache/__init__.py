"""The training cache: prepared cases in files that patches are read from by several processes."""

from .arrays import CachedArray
from .case_file import PATCHED, REGION, open_case, patched_bytes, read_scan
from .index import NAME as INDEX
from .index import read_index, require_scans
from .places import FINGERPRINT_FILE, case_path

__all__ = [
    "FINGERPRINT_FILE",
    "INDEX",
    "PATCHED",
    "REGION",
    "CachedArray",
    "case_path",
    "open_case",
    "patched_bytes",
    "read_index",
    "read_scan",
    "require_scans",
]
