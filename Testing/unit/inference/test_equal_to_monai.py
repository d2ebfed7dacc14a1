"""The sliding window gives what MONAI's gives, on the same network, for any size and overlap."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data.utils import compute_importance_map
from monai.inferers import SlidingWindowInferer
from monai.networks.nets import UNet

from LungTumorSegLib.inference.blending import importance_map
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow

CPU = DeviceChoice("cpu", "a test")
PADDING = -1.0


def monai_logits(network, image, window, overlap, blending="gaussian", batch_size=1) -> torch.Tensor:
    inferer = SlidingWindowInferer(
        window, batch_size, overlap, mode=blending, sigma_scale=0.125, padding_mode="constant", cval=PADDING
    )
    with torch.inference_mode():
        return inferer(image[None], network)[0]


def our_logits(network, image, window, overlap, blending="gaussian", batch_size=None) -> torch.Tensor:
    sliding = SlidingWindow(window, overlap, blending, batch_size=batch_size, padding_value=PADDING)
    return sliding.run(network, image, device=CPU).logits


def largest_difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    assert a.dtype == b.dtype == torch.float32
    return float((a - b).abs().max())


@settings(max_examples=150, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 13)] * 3),
    window=st.tuples(*[st.integers(3, 8)] * 3),
    overlap=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.625, 0.7, 0.8, 0.9, 0.99]),
    blending=st.sampled_from(["gaussian", "constant"]),
    batch_size=st.integers(1, 4),
    in_channels=st.integers(1, 2),
    out_channels=st.integers(1, 3),
)
def test_equal_to_monai(
    small_network, random_image, shape, window, overlap, blending, batch_size, in_channels, out_channels
):
    network, image = small_network(out_channels, in_channels), random_image(shape, in_channels)
    expected = monai_logits(network, image, window, overlap, blending, batch_size)
    assert largest_difference(our_logits(network, image, window, overlap, blending, batch_size), expected) < 1e-4


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.8, 0.9])
@pytest.mark.parametrize(
    "shape",
    [
        (8, 8, 8),  # the window itself
        (9, 9, 9),  # one voxel more
        (7, 7, 7),  # one voxel less: an odd number is missing
        (3, 8, 12),  # smaller in z only
        (12, 5, 4),  # smaller in y and x
        (1, 2, 3),  # smaller in every axis
        (16, 24, 8),  # multiples
        (15, 17, 10),  # no multiples
    ],
)
def test_equal_to_monai_at_every_corner_case_of_size(small_network, random_image, shape, overlap):
    network, image = small_network(2), random_image(shape)
    window = (8, 8, 8)
    expected = monai_logits(network, image, window, overlap)
    assert largest_difference(our_logits(network, image, window, overlap), expected) < 1e-4


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(*[st.integers(1, 40)] * 3),
    blending=st.sampled_from(["gaussian", "constant"]),
    sigma_scale=st.floats(0.05, 0.5),
)
def test_importance_map_is_monais(size, blending, sigma_scale):
    expected = compute_importance_map(size, mode=blending, sigma_scale=sigma_scale)
    assert torch.allclose(importance_map(size, blending, sigma_scale), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("overlap", [0.5, 0.8])
def test_equal_to_monai_with_a_unet(random_image, overlap):
    torch.manual_seed(3)
    network = UNet(3, 1, 2, channels=(8, 16, 32), strides=(2, 2), num_res_units=1, norm="instance").eval()
    image, window = random_image((20, 41, 37)), (24, 32, 16)
    expected = monai_logits(network, image, window, overlap)
    assert largest_difference(our_logits(network, image, window, overlap), expected) < 1e-4


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("accumulate_on", ["device", "cpu"])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_cuda_agrees_with_cpu(small_network, random_image, accumulate_on, batch_size):
    network, image = small_network(2), random_image((20, 21, 22))
    expected = our_logits(network, image, (8, 8, 8), 0.5)
    sliding = SlidingWindow((8, 8, 8), 0.5, batch_size=batch_size, padding_value=PADDING)
    tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        on_gpu = sliding.run(network, image, device=DeviceChoice("cuda:0", ""), accumulate_on=accumulate_on)
        half = sliding.run(network, image, device=DeviceChoice("cuda:0", "", "float16", ""))
    finally:
        torch.backends.cudnn.allow_tf32 = tf32
    assert on_gpu.logits.device.type == ("cuda" if accumulate_on == "device" else "cpu")
    assert on_gpu.notes == ()
    assert largest_difference(on_gpu.logits.cpu(), expected) < 1e-4
    assert 0 < largest_difference(half.logits.cpu(), expected) < 0.02
