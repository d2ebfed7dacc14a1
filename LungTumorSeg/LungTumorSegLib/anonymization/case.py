"""One case: read, written without its patient, and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError
from ..volume.files import atomic_path
from ..volume.npz import copy_npz_mask
from ..volume.reading import read_mask
from ..volume.writing import write_mask
from .identity import Identity, identifying_words
from .instance import Findings, deidentify, examine, read_instance
from .profile import Profile
from .sources import Found, Source
from .verification import verify


@dataclass
class CaseDone:
    """A case as it was written.

    Attributes
    ----------
    name, patient : str
        Made of numbers; nothing of them comes from the original.
    source : Path
        The folder that it was; for the user's eyes only, for it may hold the patient's name.
    files, series : int
        Written.
    findings : Findings
    left_out : Counter of str
        Objects of kinds that are not taken.
    not_dicom, damaged : list of Path
        Files left out; for the user's eyes only.
    undecoded : int
        Files whose voxels the second reader could not decode, and whose encoded bytes are the same.
    """

    name: str
    patient: str
    source: Path
    files: int = 0
    series: int = 0
    findings: Findings = field(default_factory=Findings)
    left_out: Counter = field(default_factory=Counter)
    not_dicom: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)
    undecoded: int = 0


@dataclass(frozen=True)
class CaseWriter:
    """Writes cases into one folder.

    Attributes
    ----------
    place : Path
    paired : bool
        The layout ``Images/case_001/``, ``Segmentations/case_001.npz`` in place of ``case_001/series_1/``.
    skip_bad : bool
        Leave damaged files out.
    profile : Profile
    patients : dict
        The pseudonym of each patient so far.
    """

    place: Path
    paired: bool
    skip_bad: bool
    profile: Profile
    patients: dict[tuple[str, ...], str] = field(default_factory=dict)

    def write(self, name: str, source: Source, found: Found, progressed: Callable[[int], None]) -> CaseDone:
        """Read each file twice: first to learn whose it is and by which words, then to write it without them.

        Parameters
        ----------
        name : str
            Of the case, from now on.
        source : Source
        found : Found
            Its files.
        progressed : callable
            Is told the number of files written, after each.

        Raises
        ------
        InputError
            Several patients, a damaged file, a file that cannot be cleaned safely, or a place that cannot be written.
        """
        words, owner, bad = self._learn(source, found)
        patient = self.patients.setdefault(owner, f"patient_{len(self.patients) + 1:03d}")
        done = CaseDone(name, patient, source.folder, left_out=found.left_out, not_dicom=found.not_dicom)
        done.damaged = [*found.damaged, *bad]
        series: dict[str, int] = {}
        for path in (path for path, _ in found.taken if path not in bad):
            dataset = read_instance(path)
            done.findings.add(examine(dataset, self.profile, words))
            number = series.setdefault(str(dataset.get("SeriesInstanceUID", "")), len(series) + 1)
            deidentify(dataset, self.profile, words, patient)
            target = self._folder(name, number) / f"{done.files + 1:06d}.dcm"
            with atomic_path(target) as temporary:
                dataset.save_as(temporary, enforce_file_format=True)
            done.undecoded += not verify(path, target, self.profile, words, patient)
            done.files += 1
            progressed(done.files)
        done.series = len(series)
        if source.mask:
            self._copy_mask(source.mask, name)
        return done

    def _folder(self, name: str, series: int) -> Path:
        return self.place / "Images" / name if self.paired else self.place / name / f"series_{series}"

    def _learn(self, source: Source, found: Found) -> tuple[set[str], tuple[str, ...], list[Path]]:
        """Return the patient's words, what tells the patient from others, and the damaged files."""
        words: set[str] = set()
        identity = Identity()
        bad: list[Path] = []
        for path, _ in found.taken:
            try:
                dataset = read_instance(path)
            except InputError:
                if not self.skip_bad:
                    raise
                bad.append(path)
                continue
            words |= identifying_words(dataset)
            identity.add(dataset)
        if identity.is_of_several:
            raise InputError("holds files of several patients", source.folder, "give each a folder of its own")
        return words, identity.patient or ("", str(source.folder)), bad

    def _copy_mask(self, mask: Path, name: str) -> None:
        """Copy voxels and geometry alone: nothing else that the mask's file holds, and not the file's name."""
        target = self.place / "Segmentations" / name
        if mask.suffix.lower() == ".npz":
            copy_npz_mask(mask, target.with_suffix(".npz"))
        elif mask.suffix.lower() == ".dcm":
            raise InputError("is a mask in DICOM", mask, "put it among the images of its case")
        else:
            write_mask(target.with_suffix(".nii.gz"), read_mask(mask))
