"""A model's card says what values its network is given."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.model.saving import data_format
from LungTumorSegLib.preparation import intensity_channels
from LungTumorSegLib.recipe import load_recipe, override


@pytest.mark.parametrize("normalization", ["null", "[[-500, 250.5], [40, 90]]"])
def test_value_range_is_that_of_the_networks_input(normalization):
    recipe = override(load_recipe("lung-tumor"), [f"preparation.normalization={normalization}"])
    hu = np.arange(-1100, 1000, dtype=np.int16).reshape(1, 1, -1)
    channels = intensity_channels(hu, recipe.preparation.windows_hu, recipe.preparation.normalization)
    stated = data_format(recipe)["inputs"]["image"]["value_range"]
    assert stated == pytest.approx([channels.min(), channels.max()], abs=1e-4)
