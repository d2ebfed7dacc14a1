"""The declarative description of a system: one YAML file, checked on loading."""

from .files import available, dump_recipe, load_recipe, override, parse_recipe, recipe_path
from .resolved import refuse_unresolved

__all__ = ["available", "dump_recipe", "load_recipe", "override", "parse_recipe", "recipe_path", "refuse_unresolved"]
