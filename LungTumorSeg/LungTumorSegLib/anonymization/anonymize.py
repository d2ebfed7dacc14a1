"""A folder of DICOM files without what identifies the patients; it appears whole or not at all."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from ..progress import Progress, silent
from ..volume.files import check_writable, write_text
from .case import CaseDone, CaseWriter
from .profile import Profile
from .sources import Source, find_files

log = logging.getLogger(__name__)


def anonymize(
    folder: str | Path,
    sources: list[Source],
    output: str | Path,
    *,
    paired: bool = False,
    skip_bad: bool = False,
    progress: Progress = silent,
) -> list[CaseDone]:
    """Write every case without what identifies its patient.

    ``output`` holds ``case_001/series_1/000001.dcm`` and so on, and ``patients.csv``, which says which cases are of
    one patient. UIDs are replaced, the same by the same in all files. Every file is checked by two readers.

    Parameters
    ----------
    folder : str or Path
        The one that all sources lie in.
    sources : list of Source
    output : str or Path
        Missing or empty, and not in ``folder``.
    paired : bool
        The layout ``Images/case_001/``, ``Segmentations/case_001.npz`` in place of folders of cases.
    skip_bad : bool
        Leave damaged DICOM files out.

    Raises
    ------
    InputError
        Nothing to be read, a damaged file, a file with two patients in one case, or a place that cannot be written;
        nothing is written then.
    """
    output = Path(os.path.realpath(output))
    for place in (folder, *(source.folder for source in sources)):
        _check_output(output, Path(os.path.realpath(place)))
    profile, done = Profile(), []
    found = [find_files(source) for source in sources]
    total = max(1, sum(len(files.taken) for files in found))
    with _folder_at_the_end(output) as place:
        writer = CaseWriter(place, paired, skip_bad, profile)
        for source, files in zip(sources, found, strict=True):
            if not files.taken and not files.damaged:
                if source.mask:
                    raise InputError("holds no images of the mask that goes with it", source.folder, "add them")
                log.warning("%s holds no CT, RTSTRUCT or SEG in DICOM, and is left out", source.folder)
                continue
            if files.damaged and not skip_bad:
                raise InputError("is a damaged DICOM file", files.damaged[0], "copy it again, or give --skip-bad")
            before = sum(case.files for case in done)

            def progressed(files_done: int, before: int = before) -> None:
                progress("anonymizing", (before + files_done) / total)

            done.append(writer.write(f"case_{len(done) + 1:03d}", source, files, progressed))
        if not any(case.files for case in done):
            raise InputError("holds no CT, RTSTRUCT or SEG in DICOM", folder, "give a folder of DICOM files")
        _write_patients(place / "patients.csv", done)
    progress("anonymizing", 1.0)
    return done


def _check_output(output: Path, folder: Path) -> None:
    if output == folder or folder in output.parents or output in folder.parents:
        raise InputError("lies in the folder to be anonymized, or holds it", output, "write elsewhere")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError("is there already and not empty", output, "give a new folder, or an empty one")
    check_writable(output / "probe")


@contextmanager
def _folder_at_the_end(output: Path) -> Iterator[Path]:
    """Give a hidden folder beside ``output``, which gets its name when the body ends well, and vanishes otherwise."""
    output.parent.mkdir(parents=True, exist_ok=True)
    place = output.parent / f".{secrets.token_hex(8)}"
    place.mkdir(mode=0o700)
    try:
        yield place
        place.chmod(0o777 & ~_umask())
        if output.is_dir():
            output.rmdir()
        os.replace(place, output)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_patients(path: Path, done: list[CaseDone]) -> None:
    table = "".join(f"{case.name},{case.patient}\n" for case in done)
    write_text(path, f"case,patient\n{table}")
