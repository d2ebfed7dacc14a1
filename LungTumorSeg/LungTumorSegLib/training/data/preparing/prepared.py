"""What came of preparing a data set."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....recipe.schema import Recipe
from ....wording import counted


@dataclass
class Prepared:
    """What was done.

    Attributes
    ----------
    recipe : Recipe
        With what it takes from the fingerprint in numbers.
    done, unchanged, renewed, removed, skipped : list of str
        Names of cases: prepared now, there before, those of ``done`` that were there from other files, taken out since
        the data set has them no longer, not usable.
    """

    recipe: Recipe
    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in one line."""
        total = counted(len(self.done) + len(self.unchanged), "case")
        parts = [f"{len(self.done)} of {total} prepared now, {len(self.unchanged)} were there"]
        for names, what in (
            (self.renewed, "of them anew, their files having changed"),
            (self.skipped, "skipped"),
            (self.removed, "removed, being no longer in the data set"),
        ):
            parts += [f"{len(names)} {what} ({', '.join(names)})"] if names else []
        return "; ".join(parts)
