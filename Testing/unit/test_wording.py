"""Words that fit their numbers."""

from __future__ import annotations

from LungTumorSegLib.wording import counted, first_names


def test_one_of_a_thing_is_not_several():
    assert [counted(n, "case") for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert [counted(n, "process", "processes") for n in (1, 3)] == ["1 process", "3 processes"]


def test_long_lists_are_cut_and_say_so():
    assert first_names(("a", "b"), 2) == "a, b"
    assert first_names(("a", "b", "c"), 2) == "a, b, …"
