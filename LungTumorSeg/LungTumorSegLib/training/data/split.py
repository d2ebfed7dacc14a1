"""Which cases a run is validated on: never a patient that it is trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...wording import counted, first_names
from .case_files import CaseFiles
from .patients import read_patients
from .reading import has_tumor

FEWEST_WITH_TUMOR = 4  # patients; with fewer, training needs them all
SPLIT_STREAM = 2  # keeps the split's random numbers apart from those of the patches
NAMES_SHOWN = 8


@dataclass(frozen=True)
class Split:
    """The cases of a run.

    Attributes
    ----------
    training, validation : tuple of CaseFiles
    patients_held_out : frozenset of str
        Names, of patients and of cases, that nothing trained on may come from: the validated and the left-out ones.
    why : str
        How the validated cases were chosen, or why there are none; to be said to the user.
    """

    training: tuple[CaseFiles, ...]
    validation: tuple[CaseFiles, ...]
    patients_held_out: frozenset[str]
    why: str


def split_cases(
    files: list[CaseFiles],
    data: str | Path,
    *,
    share: float,
    fold: tuple[int, int] | None = None,
    validate: Collection[str] = (),
    leave_out: Collection[str] = (),
    seed: int = 0,
) -> Split:
    """Share a data set's cases out between training and validation, by patient.

    Without ``fold`` or ``validate`` the cases are validated that the data set itself names for it (``held_out``), if
    there are any. Those that it names for testing (``for_testing``) are left out like ``leave_out``, but for ones in
    ``validate``. Patients who are drawn are drawn from each class of lesions in proportion to their number, where the
    cases have one.

    Which cases are of one patient is what ``patients.csv`` in the data folder says (columns ``case`` and
    ``patient``); a case that it does not list is a patient of its own, and so is every case where there is no such
    file. Names are not guessed from: ``lung_001`` and ``lung_002`` are two patients.

    Parameters
    ----------
    files : list of CaseFiles
    data : str or Path
        The data folder, for ``patients.csv`` and for errors.
    share : float
        The recipe's ``training.validation_share``; holds where neither ``fold`` nor ``validate`` is given. 0 holds
        nothing out.
    fold : (int, int), optional
        ``(k, n)``: the k-th of n parts, each with about as many patients with a tumour (of each class), and without,
        as the others.
    validate : collection of str
        Names of cases. Their patients' other cases are neither validated nor trained on.
    leave_out : collection of str
        Names of cases that are neither trained on nor validated.
    seed : int
        The same seed and the same patients give the same split.

    Raises
    ------
    InputError
        A case of ``validate`` or ``leave_out`` is not there, a fold has no cases, or nothing is left to train on.
    """
    data = Path(data)
    _check_names(files, [*validate, *leave_out], data)
    if both := set(validate) & set(leave_out):
        raise InputError(f"the case {min(both)} is to be validated and to be left out", data, "choose one of both")
    patients = read_patients(data)
    testing = {case.name for case in files if case.for_testing} - {*validate, *leave_out}
    leave_out = {*leave_out, *testing}
    used = [case for case in files if case.name not in leave_out]
    patient_of = {case.name: patients.get(case.name, case.name) for case in files}
    why = "as asked"
    if not validate and fold is None and share:
        validate = {case.name for case in used if case.held_out}
        why = "as the data set says"
    if validate:
        held_out = {patient_of[name] for name in validate}
    else:
        held_out, why = _drawn(used, patient_of, share, fold, seed, data)
    validation = [
        case for case in used if patient_of[case.name] in held_out and (not validate or case.name in validate)
    ]
    training = [case for case in used if patient_of[case.name] not in held_out]
    if not training:
        raise InputError("no case is left to train on", data, "validate or leave out fewer")
    kept_back = {*leave_out, *held_out, *(case.name for case in validation)}
    kept_back |= {patient_of[name] for name in leave_out} - {patient_of[case.name] for case in training}
    idle = len(used) - len(training) - len(validation)
    why = _in_words(validation, len(used), why) if validation else why
    why += f"; {idle} more of their patients are not trained on" if idle else ""
    why += f"; {counted(len(testing), 'case')} for testing left out (as the data set says)" if testing else ""
    return Split(tuple(training), tuple(validation), frozenset(kept_back), why)


def _check_names(files: list[CaseFiles], names: Iterable[str], data: Path) -> None:
    if unknown := set(names) - {case.name for case in files}:
        raise InputError(f"no case is named {min(unknown)}", data, "see the names of its cases")


def _drawn(
    used: list[CaseFiles],
    patient_of: dict[str, str],
    share: float,
    fold: tuple[int, int] | None,
    seed: int,
    data: Path,
) -> tuple[set[str], str]:
    """Draw the patients to hold out, with the words that say how."""
    if fold is None and share == 0:
        return set(), "no validation: training.validation_share is 0"
    everybody = {patient_of[case.name] for case in used}
    if fold is None and len(everybody) < FEWEST_WITH_TUMOR:
        return set(), _too_few(len(everybody), "patients")
    sick = {patient_of[case.name] for case in used if has_tumor(case)}
    rng = np.random.default_rng([seed, SPLIT_STREAM])
    with_tumor, without = (
        [str(name) for name in rng.permutation(sorted(group))] for group in (sick, everybody - sick)
    )
    strata = _by_class(with_tumor, used, patient_of)
    if fold is not None:
        k, n = fold
        held_out = {*[*chain(*strata), *without][k - 1 :: n]}
        if not held_out:
            raise InputError(f"fold {k} of {n} holds no patient: there are {len(everybody)}", data, "ask for fewer")
        return held_out, f"fold {k} of {n}, seed {seed}"
    if len(with_tumor) < FEWEST_WITH_TUMOR:
        return set(), _too_few(len(with_tumor), "annotated patients")
    held_out = {*without[: round(share * len(without))]}
    held_out |= {name for stratum in strata for name in stratum[: min(round(share * len(stratum)), len(stratum) - 1)]}
    if held_out.isdisjoint(with_tumor):
        held_out.add(max(strata, key=len)[0])
    return held_out, f"training.validation_share {share:g}, seed {seed}"


def _by_class(patients: list[str], cases: list[CaseFiles], patient_of: dict[str, str]) -> list[list[str]]:
    """Part patients by the class of their lesions, in their order; that of their first case counts."""
    class_of: dict[str, int | None] = {}
    for case in cases:
        class_of.setdefault(patient_of[case.name], case.subtype)
    classes = sorted({class_of[name] for name in patients}, key=lambda one: (one is None, one))
    return [[name for name in patients if class_of[name] == one] for one in classes]


def _too_few(count: int, whom: str) -> str:
    return (
        f"no validation: {count} {whom} are too few to hold any out (it takes {FEWEST_WITH_TUMOR} annotated ones); "
        "--validate names cases all the same"
    )


def _in_words(validation: list[CaseFiles], count: int, why: str) -> str:
    names = [case.name for case in validation]
    shown = first_names(names, NAMES_SHOWN)
    classes = Counter(case.subtype for case in validation if case.subtype is not None)
    told = "".join(f", {classes[one]} of class {one}" for one in sorted(classes))
    return f"validated on {len(names)} of {counted(count, 'case')}{told} ({why}): {shown}"
