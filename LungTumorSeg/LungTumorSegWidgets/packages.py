"""Python packages that Slicer does not bring: which are missing, and their installation on the person's consent."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from subprocess import CalledProcessError

import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"
TORCH = "torch>=2.6"
REQUESTER = "LungTumorSeg"

_MEGABYTES = {  # of the download, with what the package itself needs; roughly, as they differ between systems
    "connected-components-3d": 5,
    "h5py": 5,
    "monai": 2,
    "psutil": 1,
    "pydantic": 3,
    "pyyaml": 1,
    "rich": 2,
    "safetensors": 1,
    "threadpoolctl": 1,
}


@dataclass(frozen=True)
class Package:
    """A Python package that is needed.

    Attributes
    ----------
    requirement : str
        As in ``requirements.txt``.
    name : str
    """

    requirement: str
    name: str

    def describe(self) -> str:
        """Return its name and the size of its download."""
        if self.name == "torch":
            return _("PyTorch (0.2 GB for a CPU, up to 3 GB for a GPU)")
        size = _MEGABYTES.get(self.name.lower())
        if size is None:
            return self.name
        return _("{name} ({size} MB)").format(name=self.name, size=size)


def missingPackages() -> list[Package]:
    """Return what is needed and not installed, or too old; PyTorch first, in the order of installation."""
    from packaging.requirements import Requirement  # Slicer brings it

    lines = (line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    needed = [TORCH, *(line for line in lines if line and not line.startswith("#"))]
    packages = []
    for text in needed:
        requirement = Requirement(text)
        try:
            there = requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)
        except metadata.PackageNotFoundError:
            there = False
        if not there:
            packages.append(Package(text, requirement.name))
    return packages


def install(packages: list[Package]) -> None:
    """Install packages into Slicer's Python; the person has agreed to it.

    PyTorch comes through Slicer's PyTorch extension, which chooses the build that fits the computer's graphics card.

    Raises
    ------
    InputError
        Not installed; one line says why and what to do.
    """
    if slicer.app.testingEnabled():
        raise InputError("no packages are installed while Slicer is testing")
    try:
        if any(package.name == "torch" for package in packages):
            _installTorch()
        _installOthers([package.requirement for package in packages if package.name != "torch"])
    except CalledProcessError as error:
        raise InputError(
            f"the packages were not installed (pip ended with status {error.returncode})",
            do="see the Python console for pip's reason. Behind a proxy, set the environment variables HTTP_PROXY and "
            "HTTPS_PROXY before starting Slicer. Without internet, see “Offline” in the documentation",
        ) from error
    importlib.invalidate_caches()
    if missing := missingPackages():
        names = ", ".join(package.name for package in missing)
        raise InputError(f"{names} cannot be used yet", do="restart Slicer, and open this module again")


def _installTorch() -> None:
    if importlib.util.find_spec("PyTorchUtils") is None:
        raise InputError(
            "Slicer's PyTorch extension is not installed",
            do="install “PyTorch” in the Extensions Manager (View menu), restart Slicer, and press Install again",
        )
    import PyTorchUtils

    version = TORCH.removeprefix("torch")
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(torchVersionRequirement=version) is None:
        raise InputError(
            "PyTorch was not installed", do="install it in the module PyTorch Utils, and press Install again"
        )


def _installOthers(requirements: list[str]) -> None:
    if not requirements:
        return
    if importlib.util.find_spec("slicer.packaging") is None:  # before Slicer 5.12
        slicer.util.pip_install(requirements)
        return
    from slicer.packaging import pip_ensure

    # The person has agreed already. This asks for a restart where a package was updated that is in use.
    pip_ensure(requirements, requester=REQUESTER, prompt_install=False)
