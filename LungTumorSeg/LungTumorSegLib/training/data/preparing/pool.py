"""The same work for many cases, here or in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import TypeVar

from ....errors import InputError
from ....machine import usable_cores

POLL_SECONDS = 0.2
MOST_WORKERS = 60  # Windows waits for no more


T, R = TypeVar("T"), TypeVar("R")


def results(
    work: Callable[[T], R], items: Sequence[T], workers: int, while_waiting: Callable[[], None]
) -> Iterator[tuple[T, R]]:
    """Yield each item with what ``work`` made of it, as they get ready.

    Parameters
    ----------
    work : callable
        Can be pickled, as can its results.
    items : sequence
    workers : int
        Processes; 0 works in this one, in order.
    while_waiting : callable
        Called often; may raise to end the work, and the workers with it.

    Raises
    ------
    InputError
        A worker process was killed, by a lack of memory most likely.
    """
    if workers < 1 or not items:
        yield from ((item, work(item)) for item in items)
        return
    workers = min(workers, len(items), MOST_WORKERS)
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks in whatever state they are
    stop = context.Event()
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(workers, stop)) as pool:
        waiting = {pool.submit(work, item): item for item in items}
        try:
            while waiting:
                for ready in wait(waiting, POLL_SECONDS, FIRST_COMPLETED).done:
                    yield waiting.pop(ready), ready.result()
                while_waiting()
        except BrokenProcessPool as error:
            raise InputError("a worker process was ended from outside", "--workers", "try fewer of them") from error
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start_worker(workers: int, stop: Event) -> None:
    """Leave Ctrl-C to the parent, end with it or when it says so, and share the cores with the other workers."""
    import SimpleITK as sitk

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(max(1, usable_cores() // workers))
    threading.Thread(target=_end_in_time, args=(stop,), daemon=True).start()


def _end_in_time(stop: Event) -> None:
    while not stop.is_set() and multiprocessing.parent_process().is_alive():
        time.sleep(POLL_SECONDS)
    os._exit(1)
