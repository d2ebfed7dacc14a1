"""While the network runs: the person sees how far it is, goes on working, cancels, leaves."""

from __future__ import annotations

import time

import psutil
import pytest
import slicer

from support.panels import Gaps, previews
from support.workers import has_ended, pid_of, shared_files, stand_in

BLOCKED_S = 0.1


def choose_slow_network(driver, folder, overlap: float) -> None:
    """Choose a network that has the more windows the more they overlap."""
    from support.models import RECIPE, save_constant_model

    recipe = RECIPE.replace("overlap: 0.25", f"overlap: {overlap}")
    assert recipe != RECIPE
    driver.choose_network(save_constant_model(folder / "slow", recipe=recipe))


@pytest.fixture
def long_driver(driver, tmp_path):
    """A person whose network would take minutes."""
    driver.wait_until_ready()
    choose_slow_network(driver, tmp_path, 0.95)
    return driver


def test_progress_is_shown_in_words_and_the_window_stays_alive(driver, tmp_path):
    driver.wait_until_ready()
    choose_slow_network(driver, tmp_path, 0.8)
    ui, said, values = driver.ui, set(), []
    for _attempt in range(3):  # a busy computer may hold any process up
        driver.window.settle(0.5)  # the views draw what was there before
        gaps = Gaps()
        driver.begin()
        assert not ui.inputSection.enabled

        def done(gaps=gaps):
            if driver.worker.job.state != "running":
                gaps.stop()
            said.add(ui.stageLabel.text)
            values.append(ui.progressBar.value)
            return not driver.panel.run.isRunning

        driver.wait(done)
        blocked = [gap for gap in gaps.seconds if gap > BLOCKED_S]
        if not blocked:
            break
    assert blocked == [], f"three runs, each blocked the window for longer than {BLOCKED_S} s"
    assert any(text.startswith("Running the network") for text in said)
    assert max(values) > min(values)
    assert "lesions found" in driver.message
    assert ui.segmentButton.text == "Segment"
    assert ui.inputSection.enabled
    assert not ui.progressBar.visible


def test_the_mask_is_shown_while_it_grows_and_cancel_leaves_nothing(long_driver):
    driver = long_driver
    nodes, files = driver.window.scene.GetNumberOfNodes(), shared_files()
    driver.begin()
    driver.wait(lambda: previews(driver.window.scene))  # the mask so far, while windows finish
    family = [psutil.Process(pid_of(driver.worker)), *psutil.Process(pid_of(driver.worker)).children(recursive=True)]
    time.sleep(0.5)  # longer than a double click
    began = time.monotonic()
    driver.press(driver.ui.segmentButton)
    assert not driver.panel.run.isRunning
    assert time.monotonic() - began < 1.0
    driver.wait(lambda: all(has_ended(one.pid) for one in family), 1.0)
    assert "Cancelled" in driver.message
    assert driver.ui.segmentButton.text == "Segment"
    assert driver.window.scene.GetNumberOfNodes() <= nodes + 1  # the folder of previews, at most
    assert previews(driver.window.scene) == []
    assert shared_files() <= files
    assert driver.result is None
    driver.wait_until_ready()  # warm again


def test_the_second_segment_pays_no_start(driver):
    driver.segment()
    pid = pid_of(driver.worker)
    driver.segment()
    assert pid_of(driver.worker) == pid
    assert driver.worker.job.result.timing["starting"] < 0.1
    assert driver.ui.segmentComboBox.count == 2
    assert driver.ui.segmentComboBox.currentText == "Lung tumor 2"


def test_a_double_click_segments_once_and_does_not_cancel(long_driver):
    driver = long_driver
    driver.press(driver.ui.segmentButton)
    driver.press(driver.ui.segmentButton)
    assert driver.panel.run.isRunning
    driver.cancel()
    assert not driver.panel.run.isRunning


def test_segment_can_be_pressed_while_the_worker_starts(driver):
    assert driver.worker.state == "starting"
    assert driver.ui.deviceMeaningLabel.text == "asking…"
    driver.segment()
    assert "2 lesions found" in driver.message
    assert driver.ui.deviceMeaningLabel.text.startswith(("CPU, because", "GPU: "))


def test_another_module_can_be_opened_meanwhile(driver):
    driver.wait_until_ready()
    driver.begin()
    slicer.util.selectModule("Volumes")
    driver.wait(lambda: not driver.panel.run.isRunning)
    slicer.util.selectModule("LungTumorSeg")
    driver.window.settle(0.3)
    assert driver.measured("Lesions") == ["2"]


@pytest.mark.parametrize("ending", ["scene", "ct", "reload", "window"])
def test_what_takes_the_ct_away_ends_the_run(long_driver, ending):
    driver = long_driver
    driver.begin()
    driver.wait_for_stage("network")
    pid, run = pid_of(driver.worker), driver.panel.run
    if ending == "scene":
        slicer.mrmlScene.Clear()
    elif ending == "ct":
        slicer.mrmlScene.RemoveNode(driver.parameters.inputVolume)
    elif ending == "reload":
        driver.widget.onReload()
    else:
        driver.window.app.aboutToQuit.emit()
    driver.wait(lambda: has_ended(pid), 5.0)
    assert not run.isRunning
    if ending in ("scene", "ct"):
        driver.window.settle(0.1)
        assert driver.message.startswith("Cancelled, because the")
        assert not driver.ui.segmentButton.enabled
        assert "Load a CT first" in driver.ui.segmentButton.toolTip


def test_without_a_ct_the_button_says_why(window, panel):
    assert not panel.ui.segmentButton.enabled
    assert "Load a CT first" in panel.ui.segmentButton.toolTip
    assert "Load a CT first" in panel.ui.messageLabel.text


def test_the_devices_are_asked_for_and_then_told(driver, monkeypatch):
    worker = driver.worker
    worker.close()
    with monkeypatch.context() as patch:  # the worker is the application's, and others use it after this
        patch.setattr(worker, "command", stand_in("never ready"))
        worker.start()
        driver.window.settle(0.1)
        assert driver.ui.deviceMeaningLabel.text == "asking…"
        worker.close()
    worker.start()
    driver.wait_until_ready()
    driver.window.settle(0.1)
    assert driver.ui.deviceMeaningLabel.text not in ("", "asking…")
