"""Say what is installed, which device would be used and why, and what to do about what is missing.

Exit status 0 when `segment` can run here, 2 when something has to be done first.
"""

from __future__ import annotations

import argparse

from .console import Console

SUMMARY = "check the installation and the machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: there are none."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Examine, print, and say by the exit status whether `segment` can run."""
    from .examination import examine

    findings = examine(console.progress)
    able = all(finding.verdict != "missing" for finding in findings)
    lines = [line for finding in findings for line in finding.lines()]
    lines.append("" if able else "Something is missing: follow the arrows above.")
    lines.append("Ready to segment. Not for clinical use." if able else "Not ready to segment.")
    content = [finding._asdict() for finding in findings]
    console.result("\n".join(lines), "doctor", able_to_segment=able, findings=content)
    return 0 if able else 2
