"""Networks of other recipes in the panel: chosen by their folder, run, listed and measured as what they find."""

from __future__ import annotations

import pytest

from support.models import save_random_model


@pytest.fixture(scope="module")
def pancreas(tmp_path_factory):
    return save_random_model(tmp_path_factory.mktemp("networks") / "my-pancreas", "pancreas-3d")


@pytest.fixture(scope="module")
def lungs(tmp_path_factory):
    return save_random_model(tmp_path_factory.mktemp("networks") / "my-lungs", "lungs-2d")


def names(driver) -> list[str]:
    combo = driver.ui.segmentComboBox
    return [combo.itemText(index) for index in range(combo.count)]


def choose_segment(driver, name: str) -> None:
    driver.ui.segmentComboBox.currentIndex = driver.ui.segmentComboBox.findText(name)
    driver.window.settle(0.3)


def test_a_network_of_an_organ_and_its_lesions(driver, pancreas):
    driver.choose_network(pancreas)
    assert driver.ui.networkFindsLabel.text == "Pancreas, Pancreatic cancer"
    driver.segment()
    assert driver.message.startswith("1 lesion found in")
    assert names(driver) == ["Pancreas", "Pancreatic cancer"]
    assert driver.ui.segmentComboBox.currentText == "Pancreatic cancer"
    assert len(driver.cells(driver.ui.lesionTable)) == 1
    assert driver.measured("Lesions") == ["1"]
    cancer = driver.measured("Volume (mL)")

    choose_segment(driver, "Pancreas")
    assert driver.cells(driver.ui.lesionTable) == []
    assert "An organ" in driver.ui.lesionLabel.text
    assert [row[0] for row in driver.cells(driver.ui.measurementTable)] == ["Volume (mL)"]
    assert driver.measured("Volume (mL)") != cancer
    driver.parameters.referenceNode = driver.result
    driver.window.settle(0.3)
    assert driver.ui.referenceSegmentComboBox.currentText == "Pancreatic cancer"
    assert driver.measured("Dice")[0] == "0.000", "a voxel has one label"

    driver.parameters.referenceNode = None
    choose_segment(driver, "Pancreatic cancer")
    driver.set_kept(0, False)
    assert driver.measured("Lesions") == ["0"]
    assert names(driver) == ["Pancreas", "Pancreatic cancer"], "what was rejected is hidden"
    driver.press(driver.ui.undoButton)
    driver.press(driver.ui.undoButton)
    driver.window.settle(0.4)
    assert names(driver) == ["nothing segmented yet"], "one step for both segments"


def test_a_network_of_an_organ_alone(driver, lungs):
    driver.choose_network(lungs)
    assert driver.ui.networkFindsLabel.text == "Lungs"
    driver.segment()
    assert driver.message.startswith("Lungs: ")
    assert "umor" not in driver.message
    assert "lesion" not in driver.message
    assert names(driver) == ["Lungs"]
    assert driver.cells(driver.ui.lesionTable) == []
    volume = float(driver.measured("Volume (mL)")[0])
    assert driver.message.startswith(f"Lungs: {round(volume)} mL, in ")


def test_a_network_that_was_used_stays_in_the_list(driver, tiny_network, lungs, tmp_path):
    combo = driver.ui.networkComboBox
    driver.segment()
    assert combo.currentText == tiny_network.name
    assert not driver.ui.networkPathEdit.visible
    driver.choose_network(lungs)
    driver.segment()
    entries = [combo.itemText(index) for index in range(combo.count)]
    assert entries.index("my-lungs") < entries.index("A folder…")
    combo.currentIndex = combo.findData(str(tiny_network))
    assert driver.parameters.network == str(tiny_network)
    assert driver.ui.networkFindsLabel.text == "Lung tumor"
    assert driver.ui.segmentButton.enabled

    check_the_next_list(driver, lungs, tmp_path / "gone")


def check_the_next_list(driver, lungs, gone) -> None:
    """The next time, the list holds what was used; not what is gone."""
    import qt

    from LungTumorSegWidgets.networks import SETTING, NetworkChoice

    qt.QSettings().setValue(SETTING, f"{lungs}\n{gone}")
    combo, label = qt.QComboBox(), qt.QLabel()
    choice = NetworkChoice(combo, qt.QLabel(), driver.ui.networkPathEdit, label, lambda network: None)
    assert combo.findData(str(lungs)) >= 0
    assert combo.findData(str(gone)) < 0
    choice.show(str(lungs))
    assert (choice.value, choice.problem(), label.text) == (str(lungs), "", "Lungs")
    choice.show("lung-tumor")
    assert label.text == "Lung tumor"
