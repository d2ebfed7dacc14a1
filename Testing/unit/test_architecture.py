"""The house keeps its floors, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import LungTumorSegLib

PACKAGE = Path(LungTumorSegLib.__file__).parent
FLOORS = (
    ("allocation", "errors", "machine", "progress", "wording"),
    ("volume", "recipe", "model"),
    ("anonymization", "lungs", "preparation", "measurements", "phantom"),
    ("inference", "networks", "postprocessing", "evaluation", "preview"),
    ("training", "prediction", "results"),
    ("worker",),
    ("commandline", "scene", "__main__"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Preparation isolates the lungs first; both are steps of one floor.
ALLOWED_NEIGHBOURS = {
    ("preparation", "lungs"),
    ("recipe", "volume"),
    ("model", "recipe"),
    ("model", "volume"),
    ("training", "prediction"),
}
TRAINING = PACKAGE / "training"
FLOORS_OF_TRAINING = (
    ("processes", "watching"),
    ("data",),
    ("patches", "validating"),
    ("optimizing",),
    ("ready",),
    ("start", "export"),
    ("launching", "search"),
)
FLOOR_IN_TRAINING = {room: floor for floor, rooms in enumerate(FLOORS_OF_TRAINING) for room in rooms}


def rooms_imported_by(path: Path) -> set[str]:
    """Rooms of the package that a file imports anywhere, inside functions too."""
    here = path.relative_to(PACKAGE).parts[:-1]
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = here[: len(here) - node.level + 1]
            target = (*base, *(node.module or "").split(".")) if node.module else base
            names = [target[0]] if target else [alias.name for alias in node.names]
        elif (node.module or "").startswith("LungTumorSegLib."):
            names = [node.module.split(".")[1]]
        else:
            continue
        rooms.update(name for name in names if name and name != "__version__")
    return rooms


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_from_floors_below(path):
    parts = path.relative_to(PACKAGE).parts
    room = parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for other in rooms_imported_by(path) - {room}:
        below = FLOOR_OF[other] < FLOOR_OF[room]
        assert below or (room, other) in ALLOWED_NEIGHBOURS or room == "__main__", f"{room} imports {other}"


def modules_imported_by(path: Path) -> set[Path]:
    """Files of the package that importing a file brings along; imports inside functions and for types count too."""
    here = path.relative_to(PACKAGE).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        module = PACKAGE.joinpath(*here[: len(here) - node.level + 1], *(node.module or "").split("."))
        for place in (module, *(module / alias.name for alias in node.names)):
            # A package is loaded before its parts.
            found |= {place.with_suffix(".py"), *(folder / "__init__.py" for folder in (place, *place.parents))}
    there_already = {folder / "__init__.py" for folder in path.parents}
    return {file for file in found - there_already if file.is_file() and PACKAGE in file.parents}


@pytest.mark.parametrize("path", sorted(TRAINING.rglob("*.py")), ids=lambda path: str(path.relative_to(TRAINING)))
def test_rooms_of_training_import_only_from_lines_below(path):
    room = path.relative_to(TRAINING).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for file in modules_imported_by(path):
        if TRAINING not in file.parents:
            continue
        other = file.relative_to(TRAINING).parts[0].removesuffix(".py")
        assert other == room or FLOOR_IN_TRAINING[other] < FLOOR_IN_TRAINING[room], f"{room} imports {other}"


@pytest.mark.parametrize("room", ["model", "training", "worker"])
def test_no_files_of_a_room_import_each_other_in_a_circle(room):
    graph = {path: modules_imported_by(path) for path in (PACKAGE / room).rglob("*.py")}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" <- ".join(str(path.relative_to(PACKAGE)) for path in error.args[1]))


LIGHT = (
    "anonymization.anonymize",
    "volume",
    "recipe",
    "model",
    "lungs",
    "measurements",
    "preparation",
    "preview",
    "results.folder",
    "worker",
    "commandline.main",
)


@pytest.mark.parametrize("module", ["LungTumorSegLib", *(f"LungTumorSegLib.{room}" for room in LIGHT)])
def test_import_loads_nothing_heavy(module):
    code = (
        f"import sys, {module}; print([m for m in ('torch', 'monai', 'matplotlib', 'SimpleITK') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_scene_touches_slicer_and_vtk():
    for path in PACKAGE.rglob("*.py"):
        if "scene" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            touched = {name.split(".")[0] for name in names} & {"slicer", "vtk", "qt", "ctk", "PySide6"}
            assert not touched, f"{path.name} imports {touched}"
