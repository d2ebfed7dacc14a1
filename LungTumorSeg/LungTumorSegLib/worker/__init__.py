"""The network in a process of its own: one that stays warm, can be killed at any time, and takes nothing with it.

`Worker` is the handle on that process. It has no threads: whoever uses it calls `Worker.poll` now and then (a timer of
20 to 100 ms), or blocks in `Job.wait`. Importing it needs NumPy and nothing heavier.

The client's side: ``client``, ``job``, ``exchange``, ``process``, ``log``, ``pace``, ``diagnosis``. The worker's side:
``server``, ``connection``, ``segmenting``, ``kept``, ``lesions``, ``examine``, ``faults``. Both use ``protocol``,
``voxels`` and ``outcome``.
"""

from .client import Worker
from .job import Job
from .outcome import DeviceInfo, WorkerError, WorkerFailure, WorkerResult

__all__ = ["DeviceInfo", "Job", "Worker", "WorkerError", "WorkerFailure", "WorkerResult"]
