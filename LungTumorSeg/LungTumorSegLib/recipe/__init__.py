"""The declarative description of a system: one YAML file, checked on loading."""

from .differences import differences
from .files import available, dump_recipe, load_recipe, override, override_use, parse_recipe, recipe_path
from .resolved import refuse_unplanned, refuse_unresolved

__all__ = [
    "available",
    "differences",
    "dump_recipe",
    "load_recipe",
    "override",
    "override_use",
    "parse_recipe",
    "recipe_path",
    "refuse_unplanned",
    "refuse_unresolved",
]
