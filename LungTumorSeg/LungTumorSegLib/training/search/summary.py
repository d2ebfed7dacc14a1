"""What a search found, for its reader: files in its folder, a table, and a few sentences."""

from __future__ import annotations

from pathlib import Path

from ...evaluation.tables import figure, markdown
from ...recipe import dump_recipe
from ...recipe.schema import Recipe
from ...volume.files import write_json, write_text
from ...wording import counted
from ..watching.drawing import can_draw, draw_or_say
from .picture import draw_search
from .results import CAVEAT, SearchResults
from .space import SearchSpace, with_values

RESULTS, BEST_RECIPE, PICTURE = "search.json", "best.yaml", "search.png"
MOST_ROWS = 30


def write_results(
    folder: Path, results: SearchResults, recipe: Recipe, space: SearchSpace, setup: dict
) -> list[tuple[str, Path]]:
    """Write ``search.json``, ``best.yaml`` and, where Matplotlib is installed, the picture.

    Parameters
    ----------
    folder : Path
        The search's.
    results : SearchResults
    recipe : Recipe
        That of the start, before a trial's values are put in.
    space : SearchSpace
    setup : dict
        What the search was started with.

    Returns
    -------
    list of (kind, path)
    """
    best = results.best
    write_json(folder / RESULTS, results.as_dict() | {"setup": setup})
    written = [("results", folder / RESULTS)]
    if best is not None:
        heading = f"# Trial {best.number} of a search: validation Dice {best.dice:.3f}. Not for clinical use.\n"
        write_text(folder / BEST_RECIPE, heading + dump_recipe(with_values(recipe, best.values)))
        written.append(("recipe", folder / BEST_RECIPE))
    if can_draw():
        drawn = draw_or_say(folder / PICTURE, lambda: draw_search(results, space, folder / PICTURE))
        written += [("picture", path) for path in drawn]
    return written


def as_table(results: SearchResults, most: int = MOST_ROWS) -> str:
    """Lay the trials out as a Markdown table, the best first; those of an early end behind."""
    order = {"done": 0, "pruned": 1, "running": 2, "failed": 3}
    ranked = sorted(results.trials, key=lambda trial: (order.get(trial.state, 4), -(trial.dice or 0.0), trial.number))
    keys = list(dict.fromkeys(key for trial in results.trials for key in trial.values))
    short = _short_names(keys)
    rows = [
        (
            str(trial.number),
            trial.state,
            figure(trial.dice, 3),
            "–" if trial.step is None else str(trial.step),
            *(_value(trial.values[key]) if key in trial.values else "–" for key in keys),
        )
        for trial in ranked[:most]
    ]
    lines = [markdown(("trial", "state", "Dice", "step", *(short[key] for key in keys)), rows)]
    if len(ranked) > most:
        lines.append(f"The first {most} of {len(ranked)} trials; {RESULTS} has all.")
    return "\n".join(lines)


def in_words(results: SearchResults) -> str:
    """Sum a search up in a few sentences."""
    counts = ", ".join(f"{results.count(state)} {state}" for state in ("done", "pruned", "failed"))
    parts = [f"{counted(len(results.trials), 'trial')}: {counts}."]
    if results.best is None:
        parts.append("None has ended well, so there is no best one.")
    else:
        parts.append(f"Best: trial {results.best.number}, validation Dice {results.best.dice:.3f}. {CAVEAT}")
    if results.importances:
        ranked = ", ".join(f"{key} {100 * share:.0f} %" for key, share in results.importances.items())
        parts.append(f"Share in what makes a trial good: {ranked}.")
    return " ".join([*parts, "Not for clinical use."])


def _short_names(keys: list[str]) -> dict[str, str]:
    """Name keys by their last part where that is clear."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)}


def _value(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
