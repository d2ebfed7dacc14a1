"""What goes wrong is said in one line, with the log behind Details, and the scene stays as it was."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import slicer

from support.workers import pid_of, stand_in


@pytest.fixture
def clumsy(window, ct_node, panel):
    """A person whose worker is replaced by one that misbehaves: ``clumsy(how)``."""
    from support.panels import Driver

    driver = Driver(window, panel)

    def replace(how: str) -> Driver:
        driver.worker.close()
        driver.worker.command = stand_in(how)
        return driver

    yield replace
    driver.worker.close()
    driver.worker.command = None  # the worker is the application's, and others use it after this


def press_and_wait(driver) -> None:
    driver.press(driver.ui.segmentButton)
    driver.wait(lambda: not driver.panel.run.isRunning)
    driver.window.settle(0.1)


def test_a_killed_worker_is_explained_and_the_next_one_works(driver, window):
    driver.wait_until_ready()
    driver.begin()
    os.kill(pid_of(driver.worker), signal.SIGKILL)
    driver.wait(lambda: not driver.panel.run.isRunning)
    assert "was killed" in driver.message
    assert "\n" not in driver.message
    assert driver.ui.messageIcon.visible
    assert driver.result is None
    driver.segment()
    assert "2 lesions found" in driver.message
    assert not driver.ui.messageIcon.visible
    assert not driver.ui.detailsButton.visible


@pytest.mark.parametrize("how", ["text", "half a line", "mask beside the CT"])
def test_rubbish_shows_its_log_behind_details(clumsy, how):
    driver = clumsy(how)
    nodes = driver.window.scene.GetNumberOfNodes()
    press_and_wait(driver)
    assert driver.ui.messageIcon.visible
    assert driver.message
    assert "\n" not in driver.message
    assert driver.window.scene.GetNumberOfNodes() == nodes
    assert driver.ui.segmentButton.text == "Segment"


def test_details_are_the_last_lines_of_the_log(clumsy):
    driver = clumsy("memory error")
    press_and_wait(driver)
    assert "memory ran out" in driver.message
    assert not driver.ui.detailsText.visible
    driver.press(driver.ui.detailsButton)
    assert driver.ui.detailsText.visible
    assert "MemoryError" in driver.ui.detailsText.plainText
    driver.press(driver.ui.detailsButton)
    assert not driver.ui.detailsText.visible


@pytest.mark.parametrize(("answer", "asked_for"), [("Yes", ["auto", "cpu"]), ("No", ["auto"])])
def test_a_full_gpu_asks_before_the_cpu_is_used(clumsy, answer, asked_for):
    from slicer_widgets.dialogs import answers, asked

    driver = clumsy("full GPU")
    answers.append(answer)
    press_and_wait(driver)
    assert len(asked) == 1
    assert "Compute on the CPU instead?" in asked[0].text
    assert driver.worker.log_tail().split()[-len(asked_for) :] == [f"device={device}" for device in asked_for]
    assert ("none was found" in driver.message) == (answer == "Yes")


def test_a_worker_that_cannot_start_is_said_before_segment_is_pressed(clumsy):
    driver = clumsy("missing package")
    driver.worker.start()
    driver.wait(lambda: driver.worker.failure is not None)
    driver.window.settle(0.2)
    assert "no_such_package_for_tests is not installed" in driver.message
    assert driver.ui.detailsButton.visible


def test_what_is_no_ct_is_refused(clumsy, ct_node):
    driver = clumsy("serve")
    slicer.util.updateVolumeFromArray(ct_node, np.full((12, 28, 32), 7, np.int16))
    driver.press(driver.ui.segmentButton)
    assert not driver.panel.run.isRunning
    assert "CT" in driver.message
    assert driver.ui.messageIcon.visible


def test_a_folder_that_is_no_network_says_what_it_lacks(clumsy, tmp_path):
    driver = clumsy("serve")
    ui = driver.ui
    assert not ui.networkPathEdit.visible
    ui.networkComboBox.currentIndex = ui.networkComboBox.findData("folder")
    assert ui.networkPathEdit.visible
    assert not ui.segmentButton.enabled
    driver.choose_network(tmp_path)
    assert "lacks model.safetensors, recipe.yaml, metadata.json" in ui.segmentButton.toolTip
    ui.networkComboBox.currentIndex = ui.networkComboBox.findData("lung-tumor")
    assert ui.segmentButton.enabled
    assert driver.parameters.network == "lung-tumor"


def test_a_device_that_is_not_here_is_shown_as_such(clumsy):
    driver = clumsy("serve")
    driver.parameters.device = "cuda:7"
    driver.worker.start()
    driver.wait(lambda: driver.worker.state == "ready")
    driver.window.settle(0.2)
    assert driver.ui.deviceComboBox.currentText == "cuda:7"
    assert "not on this computer" in driver.ui.deviceMeaningLabel.text


def test_an_error_of_the_program_ends_the_run(clumsy, monkeypatch):
    import pythonqt

    def fail(request, result):
        raise ZeroDivisionError("division by zero")

    driver = clumsy("serve")
    monkeypatch.setattr(driver.widget.logic, "insertResult", fail)
    press_and_wait(driver)
    assert "division by zero" in driver.message
    assert driver.ui.segmentButton.text == "Segment"
    assert [type(fault) for fault in pythonqt.faults] == [ZeroDivisionError]  # raised once, and seen on the console
    pythonqt.faults.clear()
