"""Tensors in the safetensors format, from which nothing is ever executed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    import torch

# How files begin that can run code when read: a zip archive (torch.save), and pickles of protocols 2 to 5.
PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read all tensors of a safetensors file.

    Raises
    ------
    InputError
        Truncated, or not in this format. A pickle is refused unread.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        with path.open("rb") as file:
            start = file.read(4)
        if start.startswith(PICKLE_STARTS):
            what = "is a pickle under another name, which can run code when it is read, and was not read"
            raise InputError(what, path, "get the model from a source you trust, in the safetensors format") from error
        raise InputError(f"is damaged or not in the safetensors format ({error})", path, "copy it again") from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path, "check its permissions") from error
