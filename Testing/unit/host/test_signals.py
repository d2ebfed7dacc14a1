"""Connections with signals, timers and processes."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def faults():
    """What callbacks raised meanwhile; forgotten afterwards."""
    import pythonqt

    yield pythonqt.faults
    pythonqt.faults.clear()


def test_both_ways_to_connect(qt):
    button, seen = qt.QPushButton(), []
    assert button.clicked.connect(lambda checked: seen.append(("attribute", checked)))
    assert button.connect("clicked(bool)", lambda checked: seen.append(("signature", checked)))
    button.click()
    assert seen == [("attribute", False), ("signature", False)]


def test_a_callback_may_take_fewer_arguments(qt):
    button, seen = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda: seen.append("none"))
    button.connect("clicked(bool)", lambda *arguments: seen.append(arguments))
    button.connect("clicked()", lambda *arguments: seen.append(arguments))
    button.click()
    assert seen == ["none", (False,), ()]


def test_a_parameter_with_a_default_is_given_the_argument(qt):
    button, seen = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda row=7: seen.append(row))
    button.click()
    assert seen == [False]


def test_a_signal_that_is_not_there_only_warns(qt, capfd):
    assert not qt.QPushButton().connect("noSuchSignal()", print)
    assert "signal 'noSuchSignal()' does not exist on QPushButton" in capfd.readouterr().err


def test_disconnecting(qt):
    button, seen = qt.QPushButton(), []

    def callback():
        seen.append("clicked")

    button.connect("clicked(bool)", callback)
    assert button.disconnect("clicked(bool)", callback)
    assert not button.disconnect("clicked(bool)", callback)
    button.clicked.connect(callback)
    assert button.clicked.disconnect(callback)
    button.click()
    assert seen == []


def test_what_a_callback_raises_is_printed_and_kept(qt, faults, capsys):
    button, seen = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda: 1 / 0)
    button.connect("clicked(bool)", lambda: seen.append("next"))
    button.click()
    assert seen == ["next"]
    assert [type(one) for one in faults] == [ZeroDivisionError]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_objects_arrive_in_their_wrappers(qt):
    group, seen = qt.QButtonGroup(), []
    button = qt.QPushButton()
    group.addButton(button)
    group.connect("buttonClicked(QAbstractButton*)", seen.append)
    button.click()
    assert seen == [button]


def test_a_timer(qt, run_until):
    timer, ticks = qt.QTimer(), []
    timer.interval = 5
    timer.connect("timeout()", lambda: ticks.append(1))
    timer.start()
    run_until(lambda: len(ticks) >= 3)
    timer.stop()
    assert not timer.active


def test_a_single_shot(qt, run_until):
    shots = []
    qt.QTimer.singleShot(10, lambda: shots.append(1))
    run_until(lambda: shots)
    timer = qt.QTimer()
    timer.setSingleShot(True)
    assert timer.isSingleShot()
    with pytest.raises(AttributeError):
        timer.singleShot = True  # the static function hides the property


def test_a_process(qt, run_until):
    process, output, ends = qt.QProcess(), [], []
    process.connect("readyReadStandardOutput()", lambda: output.append(process.readAllStandardOutput().data()))
    process.connect("finished(int,QProcess::ExitStatus)", lambda *arguments: ends.append(arguments))
    process.start(sys.executable, ["-c", "print('ready', flush=True); raise SystemExit(5)"])
    run_until(lambda: ends)
    assert b"".join(output).split() == [b"ready"]
    assert ends == [(5, 0)]
