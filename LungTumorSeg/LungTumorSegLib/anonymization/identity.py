"""Whose data it is: what tells patients apart, and the words that would give one away elsewhere.

Neither leaves this room: nothing of it is written or said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableSequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

KEYWORDS = (
    *("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName"),
    *("PatientMotherBirthName", "IssuerOfPatientID", "AccessionNumber"),
)
TEXT = ("LO", "SH", "ST", "LT", "UT", "UC", "PN", "UN")
SHORTEST_WORD, SHORTEST_NUMBER = 3, 4


class Identity:
    """What the files of a case say about whose they are; what some of them leave out does not count."""

    def __init__(self):
        self._said: dict[str, set[str]] = {"PatientID": set(), "PatientBirthDate": set(), "PatientName": set()}

    def add(self, dataset: Dataset) -> None:
        """Look at a file."""
        for keyword, values in self._said.items():
            if value := " ".join(sorted(words_of(dataset.get(keyword)))):
                values.add(value)

    @property
    def is_of_several(self) -> bool:
        """Whether they are of several patients; names, written in many ways, count where nothing else does."""
        identifiers, births, names = self._said.values()
        return max(map(len, (identifiers, births) if identifiers and births else (identifiers, births, names))) > 1

    @property
    def patient(self) -> tuple[str, ...] | None:
        """What is the same in all cases of a patient; None where nobody is named."""
        identifier, birth, name = (min(values, default="") for values in self._said.values())
        if not identifier and not name:
            return None
        return (identifier, birth) if identifier else (name, birth)


def identifying_words(dataset: Dataset) -> set[str]:
    """Return the words and numbers of the patient's names, identifiers and dates that are long enough to tell."""
    words = {word for keyword in KEYWORDS for word in words_of(dataset.get(keyword))}
    return {word for word in words if len(word) >= (SHORTEST_NUMBER if word.isdigit() else SHORTEST_WORD)}


def elements_holding(dataset: Dataset, words: set[str]) -> Iterator[tuple[Dataset, DataElement]]:
    """Yield the text elements, at any depth, in which one of the words stands, with the data set that holds each."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from elements_holding(item, words)
        elif element.VR in TEXT and words & words_of(element.value):
            yield dataset, element


def words_of(value: object) -> set[str]:
    """Return the words and numbers of an element's value, in lower case."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    text = " ".join(map(str, value)) if isinstance(value, MutableSequence) else str(value or "")
    return set(re.findall(r"[^\W_]+", text.casefold()))
