"""Recipes as YAML files: the packaged ones, and the user's own."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from .schema import Recipe

MAX_NAME = 200  # characters; asking the file system for much longer ones is an error of its own
# Tags of pydantic's unions, which stand in a fault's location but not in the file.
TAGS = (
    *("unet", "resenc", "isensee2017", "ronneberger2015", "dynunet", "swinunetr"),
    *("plan", "numbers", "fingerprint", "balanced", "memory"),
)
FOLDER = Path(__file__).resolve().parent.parent / "recipes"


def available() -> list[str]:
    """Return the names of the packaged recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def recipe_path(name_or_path: str | Path) -> Path:
    """Find the file of a packaged recipe's name, or of a path.

    Raises
    ------
    InputError
        Where there is neither.
    """
    path = Path(name_or_path)
    if len(path.name) > MAX_NAME:
        raise InputError("there is no recipe of so long a name", f"{path.name[:40]}…", "check the path")
    if path.suffix in (".yaml", ".yml") or path.exists():
        if path.is_file():
            return path
        raise InputError("there is no such recipe file", path, "check the path")
    packaged = FOLDER / f"{name_or_path}.yaml"
    if packaged.is_file():
        return packaged
    raise InputError("there is no recipe of this name", str(name_or_path), f"choose among {', '.join(available())}")


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a packaged recipe, or path of a YAML file.

    Raises
    ------
    InputError
        Names the key and what was expected there.
    """
    path = recipe_path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the recipe cannot be read ({error})", path) from error
    return parse_recipe(text, path)


def parse_recipe(text: str, where: str | Path) -> Recipe:
    """Check a recipe given as YAML text; ``where`` is named in errors."""
    import yaml
    from pydantic import ValidationError

    try:
        content = yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise InputError(f"this is not YAML{line}: {problem}", where, "correct the file") from error
    except (ValueError, RecursionError) as error:  # a date of the 99th month; brackets a thousand deep
        raise InputError(f"this is not YAML that can be read: {error}", where, "correct the file") from error
    if not isinstance(content, dict):
        raise InputError("a recipe is a YAML mapping of keys to values", where, "see `recipes show lung-tumor`")
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise InputError(_first_fault(error), where, "correct this key") from error


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """Change keys of a recipe.

    Parameters
    ----------
    recipe : Recipe
    settings : list of str
        ``key=value`` each, keys of nested parts joined by dots, values as in YAML: ``training.steps=500``. The
        entries of a list are counted from 0: ``training.loss.class_weights.2=50``.

    Raises
    ------
    InputError
        Names the key and what was expected.
    """
    import yaml
    from pydantic import ValidationError

    content = recipe.model_dump(mode="json")
    for setting in settings:
        key, equals, text = setting.partition("=")
        *parents, last = key.strip().split(".")
        part = content
        for name in parents:
            part = part[_place(part, name)] if _place(part, name) is not None else None
        place = _place(part, last)
        if not equals or place is None:
            raise InputError("expected key=value with a key of the recipe", setting, "see `recipes show`")
        try:
            part[place] = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError("the value is not YAML", setting, "quote it") from error
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise InputError(_first_fault(error), "--set", "correct this value") from error


AFTER_TRAINING = ("inference", "postprocessing")


def override_use(recipe: Recipe, settings: list[str]) -> Recipe:
    """Change how a trained network is used: keys of ``inference`` and ``postprocessing``, as `override` does.

    Raises
    ------
    InputError
        A key of anything that the weights depend on.
    """
    for setting in settings:
        if setting.partition(".")[0].strip() not in AFTER_TRAINING:
            raise InputError(
                "only what comes after training can be changed here",
                f"--set {setting}",
                "use a key that begins with inference. or postprocessing.",
            )
    return override(recipe, settings) if settings else recipe


def dump_recipe(recipe: Recipe) -> str:
    """Write a recipe as YAML text, every default spelt out."""
    import yaml

    return yaml.safe_dump(
        recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )


def _place(part, name: str) -> str | int | None:
    """Return where a part of a recipe, as JSON, holds what ``name`` names: a key or a list's number; None: nowhere."""
    if isinstance(part, dict):
        return name if name in part else None
    if isinstance(part, list) and name.isascii() and name.isdigit():
        return int(name) if int(name) < len(part) else None
    return None


def _loader():
    """Return PyYAML's safe loader, made to refuse a key that stands twice: one of the two would be lost unseen."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            for key in keys:
                if keys.count(key) > 1:
                    raise yaml.constructor.ConstructorError(None, None, f"key '{key}' stands twice", node.start_mark)
            return super().construct_mapping(node, deep)

    return Loader


def _first_fault(error) -> str:
    faults = error.errors(include_url=False)
    first = faults[0]
    key = ".".join(str(part) for part in first["loc"] if part not in TAGS) or "recipe"
    message = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    got = (
        f", not {given!r}"
        if isinstance(given, (str, int, float, bool, list)) and first["type"] != "extra_forbidden"
        else ""
    )
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"key '{key}': {message[0].lower()}{message[1:]}{got}{more}"
