"""What the pages say can be typed: every command line parses, every recipe has a page, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from LungTumorSegLib.commandline.main import build_parser
from LungTumorSegLib.recipe import available, load_recipe, override, override_use

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PROGRAMS = ("lungtumorseg ", "python -m LungTumorSegLib ", ".venv/bin/lungtumorseg ")
SECTIONS = ("Where it comes from", "The data", "Train", "Segment and score", "What was tried", "Limits")


def command_lines(page: Path) -> list[str]:
    """The indented lines of a page that start this program, their continuations joined."""
    text = re.sub(r" \\\n\s*", " ", page.read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [line for line in lines if line.startswith(PROGRAMS) and "…" not in line]


def words_of(line: str) -> list[str]:
    """The arguments of a command line, without its comment; a shell's variable stands for some number."""
    words = shlex.split(re.sub(r"\$\w+", "1", line), comments=True)
    return words[words.index("LungTumorSegLib") + 1 :] if "LungTumorSegLib" in words else words[1:]


def page_of(recipe: str) -> Path:
    """The page that the README's table of systems links a recipe to."""
    rows = re.findall(rf"^\| \[`{recipe}`\]\((docs/[\w-]+\.md)\)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 1, f"{recipe} has no row of its own in the README"
    return ROOT / rows[0]


COMMAND_LINES = [
    pytest.param(page.stem, line, id=f"{page.stem}: {line[:70]}") for page in PAGES for line in command_lines(page)
]


@pytest.mark.parametrize(("page", "line"), COMMAND_LINES)
def test_command_line_parses(page, line):
    arguments = build_parser().parse_args(words_of(line))
    settings = getattr(arguments, "set", None) or []
    named = getattr(arguments, "recipe", None)
    if arguments.command in ("segment", "evaluate"):
        override_use(load_recipe(page if page in available() else "lung-tumor"), settings)
    elif named in available():
        override(load_recipe(named), settings)
    for space in getattr(arguments, "space", None) or []:
        assert "=" in space or (ROOT / space).is_file()


@pytest.mark.parametrize("recipe", available())
def test_recipe_has_a_page_of_the_common_structure(recipe):
    text = page_of(recipe).read_text(encoding="utf-8")
    title, *_ = text.splitlines()
    assert f"`{recipe}`" in title
    assert "**Not for clinical use.**" in text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)


@pytest.mark.parametrize("recipe", available())
def test_page_has_the_commands_of_its_recipe(recipe):
    words = [words_of(line) for line in command_lines(page_of(recipe))]
    assert {"prepare", "train", "export", "segment", "evaluate"} <= {line[0] for line in words}
    assert any(line[0] == "train" and "--resume" in line for line in words)
    assert any(recipe in line or recipe.startswith("lung-tumor-") for line in words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
