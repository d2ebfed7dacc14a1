"""TF32 is set for the time of inference only, and said to do nothing where it does nothing."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.tensor_float import tensor_float_32, tensor_float_32_in_words


def settings() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.mark.parametrize("enabled", [True, False])
def test_both_switches_follow_and_come_back_even_after_an_error(enabled):
    before = settings()
    with tensor_float_32(enabled):
        assert settings() == (enabled, enabled)
    assert settings() == before

    class OwnError(Exception):
        pass

    with pytest.raises(OwnError), tensor_float_32(enabled):
        raise OwnError
    assert settings() == before


def test_it_says_that_it_does_nothing_on_the_cpu():
    cpu = DeviceChoice("cpu", "a test")
    assert tensor_float_32_in_words(True, cpu) == "on: no effect on the CPU"
    assert tensor_float_32_in_words(False, cpu) == "off"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_float32_is_exact_on_a_card_unless_it_is_allowed_to_round():
    a, b = torch.rand(512, 512, device="cuda"), torch.rand(512, 512, device="cuda")
    exact = (a.double() @ b.double()).float()
    with tensor_float_32(False):
        assert float((a @ b - exact).abs().max() / exact.max()) < 1e-5
