"""A network over an image: the device, the windows, how they are blended.

`sliding_window.SlidingWindow` runs a network; `device.choose_device` says where. Both import torch.
"""
