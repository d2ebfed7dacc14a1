"""Threads of the libraries beneath, so that they do not stand in each other's way."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache


def one_blas_thread() -> AbstractContextManager:
    """Give the context in which NumPy's matrix products are computed by the calling thread alone.

    After a product the further threads of OpenBLAS keep their cores busy for about 0.1 s, waiting for the next one;
    a network's step that comes then takes a third longer.
    """
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
