"""The basic application confidentiality profile of DICOM (PS3.15, Annex E), applied to one data set.

Its table, with what is to become of each of some 650 attributes, is that of the package ``dicom-anonymizer``, and so
are the dummy values. The standard holds at every depth: the rules are applied to the items of sequences as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

EDITION = "2026c"
OVERLAYS = range(0x6000, 0x6100)
TRAILING_PADDING = (0xFFFC, 0xFFFC)
Action = Callable[["Dataset", tuple[int, ...]], None]


class Profile:
    """The rules, and the UIDs given in place of others: the same for the same, in every file that it is applied to.

    Attributes
    ----------
    rules : dict of tag to callable
        A tag is ``(group, element)``, or ``(group, element, group mask, element mask)`` for repeating groups.
    removed : frozenset of tag
        Those that must not be there afterwards.
    new_uids : dict of str to str

    Raises
    ------
    InputError
        The package that holds the table is not installed.
    """

    def __init__(self):
        try:
            from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector as table
            from dicomanonymizer.simpledicomanonymizer import initialize_actions
        except ModuleNotFoundError as error:
            raise InputError(
                "needs the package dicom-anonymizer, which is not installed",
                "anonymize",
                "install it (`pip install dicom-anonymizer`)",
            ) from error
        tags = table(f"dicomfields_{EDITION}")
        self.new_uids: dict[str, str] = {}
        self.removed = frozenset(tags["X_TAGS"])
        self.rules: dict[tuple[int, ...], Action] = initialize_actions(f"dicomfields_{EDITION}")
        self.rules |= dict.fromkeys(tags["X_TAGS"], _remove)
        self.rules |= dict.fromkeys((*tags["U_TAGS"], *tags["X_Z_U_STAR_TAGS"]), self._renew_uids)
        for tag in (*tags["X_Z_TAGS"], *tags["X_D_TAGS"], *tags["X_Z_D_TAGS"]):
            self.rules[tag] = functools.partial(_remove_sequence_or, self.rules[tag])

    def lists(self, tag: int) -> bool:
        """Tell whether the table names an attribute."""
        return self._among(tag, self.rules)

    def removes(self, tag: int) -> bool:
        """Tell whether an attribute must be gone afterwards: private ones, and those that the table removes."""
        group = tag >> 16
        return bool(group % 2) or group in OVERLAYS or self._among(tag, self.removed)

    def _among(self, tag: int, tags) -> bool:
        group, element = tag >> 16, tag & 0xFFFF
        return (group, element) in tags or any(
            group & mask == of & mask and element & element_mask == at & element_mask
            for of, at, mask, element_mask in self._repeating
            if (of, at, mask, element_mask) in tags
        )

    @functools.cached_property
    def _repeating(self) -> list[tuple[int, int, int, int]]:
        return [tag for tag in self.rules if len(tag) > 2]

    def apply(self, dataset: Dataset) -> None:
        """Apply the rules to a data set, in place.

        Raises
        ------
        InputError
            An attribute is of a kind for which there is no dummy value.
        """
        from dicomanonymizer.simpledicomanonymizer import anonymize_dataset

        # The innermost first: what a sequence's own rule does to its items then meets clean ones.
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value:
                    self.apply(item)
        try:
            anonymize_dataset(dataset, base_rules_gen=lambda: self.rules)
        except NotImplementedError as error:
            raise InputError(f"holds an attribute that the profile cannot replace ({error})") from error
        for element in list(dataset):
            if element.tag.group in OVERLAYS or element.tag == TRAILING_PADDING:
                del dataset[element.tag]

    def _renew_uids(self, dataset: Dataset, tag: tuple[int, ...]) -> None:
        """Replace UIDs by their new ones; a sequence that is named here was cleaned by its items' own rules."""
        element = dataset.get(tag)
        if element is None or element.VR == "SQ" or not element.value:
            return
        if isinstance(element.value, str):
            element.value = self.new_uid(element.value)
        else:
            element.value = [self.new_uid(uid) for uid in element.value]

    def new_uid(self, uid: str) -> str:
        """Return what stands in the place of a UID."""
        from pydicom.uid import generate_uid

        if uid not in self.new_uids:
            self.new_uids[str(uid)] = str(generate_uid(prefix=None))  # random: it tells nothing of the old one
        return self.new_uids[uid]


def _remove(dataset: Dataset, tag: tuple[int, ...]) -> None:
    if tag in dataset:
        del dataset[tag]


def _remove_sequence_or(action: Action, dataset: Dataset, tag: tuple[int, ...]) -> None:
    """Remove a sequence that may be removed; its dummy would be one made of dummies."""
    element = dataset.get(tag)
    if element is not None and element.VR == "SQ":
        del dataset[tag]
    else:
        action(dataset, tag)
