"""What a cache holds, and what that was made with: ``cache.json``.

Of the data set it names the cases, and nothing else: no path, and of the files only a digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation, Classification, Recipe
from ....volume.files import write_json
from ..case_files import CaseFiles

NAME = "cache.json"
APPLIED_LATER = {"windows_hu", "normalization", "padding", "outside"}  # to patches
FORMAT = 2  # raised whenever other code would prepare other arrays


@dataclass
class CacheIndex:
    """The index of a cache.

    Attributes
    ----------
    made_with : dict
        What the prepared arrays depend on besides the files; see `dependencies`.
    from_fingerprint : tuple of str
        Keys of the preparation that the recipe left to the fingerprint.
    sources : dict of str to str
        For each case that is there, the digest of the files it was made from.
    with_tumor : set of str
        The cases whose mask marks something.
    subtypes : dict of str to int
        The class of each case, where the data set told it.
    held_out : set of str
        The cases that the data set itself names for validation.
    for_testing : set of str
        The cases that it names for testing.
    skipped : dict of str to str
        Cases that could not be used, and why.
    scans : bool
        Whether the cases' files hold the scans too.
    """

    made_with: dict
    from_fingerprint: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    with_tumor: set[str] = field(default_factory=set)
    subtypes: dict[str, int] = field(default_factory=dict)
    held_out: set[str] = field(default_factory=set)
    for_testing: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    scans: bool = False

    def add(self, name: str, digest: str, tumor: bool) -> None:
        """Take in a case that was prepared."""
        self.sources[name] = digest
        self.with_tumor.discard(name)
        if tumor:
            self.with_tumor.add(name)

    def forget(self, names: set[str]) -> None:
        """Take cases out."""
        self.sources = {name: digest for name, digest in self.sources.items() if name not in names}
        self.with_tumor -= names
        self.subtypes = {name: subtype for name, subtype in self.subtypes.items() if name not in names}
        self.held_out -= names
        self.for_testing -= names

    def tell_apart(self, cases: Iterable[CaseFiles]) -> None:
        """Take up what the data set says of its cases now: their classes, and which are for validation or testing."""
        for case in cases:
            self.subtypes.pop(case.name, None)
            for part, belongs in ((self.held_out, case.held_out), (self.for_testing, case.for_testing)):
                part.discard(case.name)
                if belongs:
                    part.add(case.name)
            if case.subtype is not None:
                self.subtypes[case.name] = case.subtype

    def check_subtypes(self, classification: Classification, folder: Path) -> None:
        """Raise `InputError` unless the cache knows classes, and none but the recipe's."""
        if not self.subtypes:
            what = "the cache holds no subtypes: its data set had no table, or its recipe no classification"
            raise InputError(what, folder, "add the table, and prepare the data set with this recipe")
        if (most := max(self.subtypes.values())) not in classification.names:
            what = f"the cache holds cases of class {most}: the recipe knows 0 to {len(classification.names) - 1}"
            raise InputError(what, folder, "correct the recipe's classification.names")

    def write(self, folder: Path) -> None:
        """Write the index, whole or not at all."""
        cases = {name: self._row(name) for name in sorted(self.sources)}
        document = {
            "format": FORMAT,
            "not_for_clinical_use": True,
            "made_with": self.made_with,
            "from_fingerprint": list(self.from_fingerprint),
            "scans": self.scans,
            "cases": cases,
            "skipped": dict(sorted(self.skipped.items())),
        }
        write_json(folder / NAME, document)

    def _row(self, name: str) -> dict:
        row = {"sources": self.sources[name], "tumor": name in self.with_tumor}
        if name in self.subtypes:
            row["subtype"] = self.subtypes[name]
        parts = {"held_out": self.held_out, "for_testing": self.for_testing}
        return row | {part: True for part, members in parts.items() if name in members}

    def annotation(self) -> Annotation:
        """Return which segments or ROIs the masks were read from.

        Raises
        ------
        InputError
            The index does not say.
        """
        try:
            return Annotation.model_validate(self.made_with["annotation"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "this index of a training cache is damaged", NAME, "remove the cache and prepare it again"
            ) from error

    def difference(self, wanted: dict) -> str | None:
        """Say in which key `dependencies` differ from those that the cache was made with; None where in none."""
        for part, keys in wanted.items():
            for key, value in keys.items():
                found = self.made_with.get(part, {}).get(key)
                if found != value:
                    return f"{part}.{key} {json.dumps(found)}, and the recipe says {json.dumps(value)}"
        return None


def dependencies(recipe: Recipe) -> dict:
    """Return what prepared arrays depend on, as JSON."""
    preparation = recipe.preparation.model_dump(mode="json", exclude=APPLIED_LATER)
    return json.loads(
        json.dumps(
            {
                "preparation": preparation,
                "labels": {"count": len(recipe.labels)},
                "annotation": recipe.annotation.model_dump(mode="json"),
            }
        )
    )


def read_index(folder: Path) -> CacheIndex | None:
    """Read a cache's index; None where there is none.

    Raises
    ------
    InputError
        It is damaged, or of another version of this program.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        stated = content["format"]
        if stated != FORMAT:
            raise InputError(f"the cache has format {stated}, not {FORMAT}", path, "remove it and prepare it again")
        index = CacheIndex(
            content["made_with"],
            tuple(content["from_fingerprint"]),
            {name: case["sources"] for name, case in content["cases"].items()},
            {name for name, case in content["cases"].items() if case["tumor"]},
            {name: int(case["subtype"]) for name, case in content["cases"].items() if "subtype" in case},
            {name for name, case in content["cases"].items() if case.get("held_out")},
            {name for name, case in content["cases"].items() if case.get("for_testing")},
            dict(content["skipped"]),
            bool(content["scans"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "this index of a training cache is damaged", path, "remove the cache and prepare it again"
        ) from error
    return index


def require_scans(folder: Path) -> None:
    """Raise `InputError` if ``folder`` is a cache that holds only what patches are cut from, and no scans."""
    index = read_index(folder)
    if index is not None and not index.scans:
        do = "prepare it with the scans, or validate on none (--set training.validation_share=0)"
        raise InputError("the cache holds no scans to validate on", folder, do)


def sources_digest(files: CaseFiles) -> str:
    """Return a digest of the names, sizes and times of change of a case's files, and of what is read of them."""
    digest = hashlib.sha256()
    for path in files.sources():
        try:
            status = path.stat()
        except OSError:  # a link that leads nowhere
            continue
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape"))
    digest.update(repr((files.mask is not None, len(files.ignore), files.ignore_value)).encode())
    return digest.hexdigest()
