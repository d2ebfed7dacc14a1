"""Lines: put together from pieces, and refused where they are not of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from LungTumorSegLib.worker.protocol import LineBuffer, RubbishError, decode, encode, shortened

MESSAGES = [{"event": "progress", "stage": "network", "fraction": 0.5}, {"path": "/tmp/Тест \udcff\n"}, {}]


@given(st.lists(st.integers(1, 30)))
def test_lines_come_out_whole_however_they_are_cut(cuts):
    stream = b"".join(encode(message) for message in MESSAGES) * 3
    buffer, lines = LineBuffer(), []
    for length in cuts:
        lines += buffer.feed(stream[:length])
        stream = stream[length:]
    lines += buffer.feed(stream)
    assert [decode(line) for line in lines] == MESSAGES * 3


def test_windows_line_ends_are_taken_off():
    assert LineBuffer().feed(b"{}\r\n{}\r\n") == [b"{}", b"{}"]


def test_a_line_without_end_is_refused_before_it_fills_the_memory():
    buffer = LineBuffer(longest=100)
    buffer.feed(b"x" * 60)
    with pytest.raises(RubbishError, match="longer than 100 bytes"):
        buffer.feed(b"x" * 60)


@pytest.mark.parametrize(
    "line", [b"", b"rubbish", b'{"event":', b"[1, 2]", b"3", b"\xff\x00", b"[" * 100_000], ids=lambda line: line[:9]
)
def test_what_is_not_a_json_object_is_refused(line):
    with pytest.raises(RubbishError):
        decode(line)


def test_messages_show_the_beginning_of_a_line_as_printable_text():
    assert shortened(b"abc") == "abc"
    assert shortened(b"\x1b[31m" + b"x" * 1000) == "�[31m" + "x" * 75 + "…"
