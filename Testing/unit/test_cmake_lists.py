"""CMake configures the extension, and what it packages is what is in the tree.

Slicer's build files stand in a small form here: the same macros with the same keywords, which write down what they are
given. That a real Slicer build takes the files is not shown by this.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SLICER_CONFIG = """
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/CPack.cmake)
"""
USE_SLICER = """
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "given nonexistent file ${file}")
    endif()
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/${MY_NAME}.scripts "${MY_SCRIPTS}")
  file(WRITE ${CMAKE_BINARY_DIR}/${MY_NAME}.resources "${MY_RESOURCES}")
  file(WRITE ${CMAKE_BINARY_DIR}/${MY_NAME}.generic "${MY_WITH_GENERIC_TESTS}")
endmacro()
macro(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${MY_SCRIPT})
    message(FATAL_ERROR "given nonexistent test ${MY_SCRIPT}")
  endif()
  file(APPEND ${CMAKE_BINARY_DIR}/tests "${MY_SCRIPT};")
endmacro()
"""
CPACK = """
foreach(name NAME HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL DEPENDS)
  file(WRITE ${CMAKE_BINARY_DIR}/extension.${name} "${EXTENSION_${name}}")
endforeach()
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """The build folder of the extension, configured."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    package = tmp_path_factory.mktemp("slicer")
    (package / "SlicerConfig.cmake").write_text(SLICER_CONFIG)
    (package / "UseSlicer.cmake").write_text(USE_SLICER)
    (package / "GenerateConfig.cmake").write_text("")
    (package / "CPack.cmake").write_text(CPACK)
    folder = tmp_path_factory.mktemp("build")
    # Nothing is compiled, so no compiler need be there.
    compilers = [f"-DCMAKE_{language}_COMPILER{what}" for language in ("C", "CXX") for what in ("=true", "_FORCED=ON")]
    command = [cmake, "-S", ROOT, "-B", folder, "-G", "Unix Makefiles", "-DCMAKE_MAKE_PROGRAM=true", *compilers]
    command += [f"-DSlicer_DIR={package}", "-DBUILD_TESTING=ON"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return folder


def listed(build: Path, name: str) -> list[str]:
    return [item for item in (build / name).read_text().split(";") if item]


def in_the_tree(module: str) -> set[str]:
    """Every file of a module's folder that is not made by running or building it."""
    folder = ROOT / module
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    made = re.compile(r"__pycache__|\.egg-info|\.pyc$|(^|/)\.|(^|/)CMakeLists\.txt$")
    return {path.as_posix() for path in files if not made.search(path.as_posix())}


@pytest.mark.parametrize("module", ["LungTumorSeg", "LungTumorSegTraining"])
def test_every_file_of_a_module_is_packaged(build, module):
    scripts, resources = listed(build, f"{module}.scripts"), listed(build, f"{module}.resources")
    assert len(set(scripts + resources)) == len(scripts + resources)
    assert set(scripts) == {name for name in in_the_tree(module) if name.endswith(".py")}
    assert set(resources) == {name for name in in_the_tree(module) if not name.endswith(".py")}
    assert f"Resources/Icons/{module}.png" in resources
    assert listed(build, f"{module}.generic") == ["TRUE"]


def test_the_tests_inside_slicer_are_registered(build):
    inside_slicer = {path.name for path in (ROOT / "Testing" / "slicer" / "Python").glob("*.py")}
    assert set(listed(build, "tests")) == {"LungTumorSeg.py", "LungTumorSegTraining.py", *inside_slicer}


def test_the_extension_describes_itself(build):
    def said(name: str) -> str:
        return (build / f"extension.{name}").read_text()

    assert said("HOMEPAGE") == "https://github.com/SlicerLungTumorSeg/SlicerLungTumorSeg"
    assert said("DEPENDS") == "PyTorch"
    assert "Not for clinical use" in said("DESCRIPTION")
    assert said("CONTRIBUTORS")
    icon = said("ICONURL").partition("/main/")[2]
    assert (ROOT / icon).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_slicers_requirements_are_the_packages_own_without_those_that_slicer_brings():
    """The same lower bounds; PyTorch comes by its own extension, and what Slicer brings is left alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "LungTumorSeg" / "Resources" / "requirements.txt").read_text().splitlines()
    required = {line for line in lines if line and not line.startswith("#")}
    brought = ("numpy", "pydicom", "scipy", "SimpleITK", "torch")
    assert required == {line for line in project["dependencies"] if re.split(r"[><=]", line)[0] not in brought}
