"""What may be used of the machine, within the control groups of a container or a cluster's job."""

from __future__ import annotations

import pytest

from LungTumorSegLib import machine

MIB = 2**20


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Lay out control groups as Linux does, and put this process into one of them."""
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")

    def lay_out(own: str, files: dict[str, str]) -> None:
        (tmp_path / "own").write_text(own)
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return lay_out


def test_tightest_group_of_version_2_counts(groups):
    """The job may use 100 MiB; it does use 60, of which 20 are files that would be given up for it."""
    groups(
        "0::/job/step\n",
        {
            "job/memory.max": str(100 * MIB),
            "job/memory.current": str(60 * MIB),
            "job/memory.stat": f"anon 1\ninactive_file {20 * MIB}\n",
            "job/step/memory.max": "max\n",
            "job/step/memory.current": str(60 * MIB),
        },
    )
    assert machine.memory() == machine.Memory(total=100 * MIB, free=60 * MIB)


def test_group_of_version_1(groups):
    """Beside the group's limit stands one that means none; a used amount above the limit leaves nothing."""
    groups(
        "5:cpu,cpuacct:/x\n4:memory:/batch\n",
        {
            "memory/batch/memory.limit_in_bytes": str(50 * MIB),
            "memory/batch/memory.usage_in_bytes": str(51 * MIB),
            "memory/memory.limit_in_bytes": str(2**63 - 4096),
            "memory/memory.usage_in_bytes": str(80 * MIB),
        },
    )
    assert machine.memory() == machine.Memory(total=50 * MIB, free=0)


def test_without_groups_it_is_the_machines(groups, tmp_path):
    there = machine.memory()
    assert 0 < there.free <= there.total
    groups("0::/\n", {"memory.max": "max\n"})
    assert machine.memory().total == there.total


def test_cores():
    assert machine.usable_cores() >= 1
