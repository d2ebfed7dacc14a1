"""Which device and precision are chosen, and the reasons given."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import (
    PRECISIONS,
    choose_device,
    cpu_flags,
    cpu_precisions,
    cuda_obstacle,
    cuda_precisions,
)

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
with_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def test_cpu_is_used_when_asked_for():
    choice = choose_device("cpu", "float32")
    assert (choice.device, choice.device_reason) == ("cpu", "asked for")
    assert (choice.precision, choice.precision_reason) == ("float32", "asked for")
    assert not choice.is_cuda


def test_choice_says_itself_in_a_line_and_in_the_report():
    choice = choose_device()
    for part in (choice.device, choice.device_reason, choice.precision, choice.precision_reason):
        assert part in choice.describe()
    assert "\n" not in choice.describe()
    assert set(choice.as_dict()) == {"device", "device_reason", "precision", "precision_reason"}


@without_cuda
def test_auto_says_why_it_is_the_cpu():
    choice = choose_device("auto")
    assert choice.device == "cpu"
    assert choice.device_reason == f"because {cuda_obstacle(0)}"


@without_cuda
@pytest.mark.parametrize("request_", ["cuda", "cuda:0", "cuda:7"])
def test_cuda_asked_for_in_vain_is_an_error_with_the_reason(request_):
    with pytest.raises(InputError, match="cannot be used") as caught:
        choose_device(request_)
    reason = "built for the CPU only" if torch.version.cuda is None else "no CUDA device"
    assert reason in str(caught.value)
    assert "--device cpu" in caught.value.do


@pytest.mark.parametrize("request_", ["gpu", "cuda:", "cuda:x", "cuda:-1", "CPU ", "", "mps"])
def test_unknown_device_is_refused(request_):
    with pytest.raises(InputError, match="unknown device"):
        choose_device(request_)


def test_unknown_precision_is_refused():
    with pytest.raises(InputError, match="unknown precision"):
        choose_device("cpu", "int8")


@pytest.mark.parametrize(
    ("capability", "expected"),
    [
        ((6, 1), ["float32"]),
        ((7, 0), ["float16", "float32"]),
        ((7, 5), ["float16", "float32"]),
        ((8, 0), ["bfloat16", "float16", "float32"]),
        ((9, 0), ["bfloat16", "float16", "float32"]),
        ((12, 0), ["bfloat16", "float16", "float32"]),
    ],
)
def test_precision_by_compute_capability(capability, expected):
    assert list(cuda_precisions(capability)) == expected


def test_precision_by_cpu_features():
    assert list(cpu_precisions(frozenset())) == ["float32"]
    assert list(cpu_precisions(frozenset({"avx512_bf16"}))) == ["bfloat16", "float32"]
    assert list(cpu_precisions(frozenset({"amx_bf16", "avx512_bf16"}))) == ["bfloat16", "float32"]
    assert "AMX" in cpu_precisions(frozenset({"amx_bf16", "avx512_bf16"}))["bfloat16"]


def test_every_reason_says_something_about_the_hardware():
    for native in (cpu_precisions(frozenset()), cuda_precisions((6, 1)), cuda_precisions((9, 0))):
        assert set(native) <= set(PRECISIONS)
        assert all(native.values())


def test_this_cpu_gets_bfloat16_only_where_it_has_it():
    choice = choose_device("cpu")
    assert choice.precision == ("bfloat16" if cpu_flags() else "float32")
    if not cpu_flags():
        with pytest.raises(InputError, match="neither AVX512_BF16 nor AMX"):
            choose_device("cpu", "bfloat16")
    with pytest.raises(InputError, match="float16 natively"):
        choose_device("cpu", "float16")


@pytest.mark.cuda
@with_cuda
def test_cuda_is_used_where_there_is_one():
    choice = choose_device()
    assert choice.device == "cuda:0"
    assert torch.cuda.get_device_name(0) in choice.device_reason
    assert choose_device("cuda").device == "cuda:0"
    with pytest.raises(InputError, match="cannot be used"):
        choose_device(f"cuda:{torch.cuda.device_count()}")
