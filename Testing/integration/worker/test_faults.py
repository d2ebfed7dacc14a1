"""Whatever a worker does, its client says in a line what happened, is never held up, and can go on."""

from __future__ import annotations

import signal
import time

import numpy as np
import psutil
import pytest

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.worker import WorkerError
from support.volumes import chest_volume
from support.workers import has_ended, pid_of, poll_to_end, poll_until, shared_files, stand_in

RUBBISH = (
    "text",
    "huge line",
    "no event",
    "unknown event",
    "no stage",
    "unknown stage",
    "no number",
    "mask beside the CT",
    "mask upside down",
    "mask of two axes",
    "result without lesions",
    "result without labels",
    "unknown failure",
    "binary",
)


@pytest.mark.parametrize("how", RUBBISH)
def test_rubbish_ends_the_worker_and_is_said(make_worker, chest, how):
    worker = make_worker(stand_in(how))
    job = worker.segment(chest)
    pid = pid_of(worker)
    poll_to_end(worker, job)
    assert (job.state, job.failure.kind) == ("failed", "rubbish")
    assert job.failure.message.startswith("the worker said what cannot be understood")
    assert "\n" not in job.failure.message
    assert len(job.failure.message) < 300
    assert job.result is None
    poll_until(worker, lambda: has_ended(pid), "the end of the old process")
    assert pid_of(worker) != pid  # a new one is warming up


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("half a line", "died", "exit status 0"),
        ("close stdout", "died", "exit status 0"),
        ("exit", "died", "exit status 3"),
        ("crash", "died", "SIGSEGV"),
        ("die", "died", "memory ran out"),
        ("memory error", "memory", "memory ran out"),
    ],
)
def test_a_death_in_mid_run_is_explained(make_worker, chest, how, kind, words):
    worker = make_worker(stand_in(how))
    job = poll_to_end(worker, worker.segment(chest))
    assert (job.state, job.failure.kind) == ("failed", kind)
    assert words in job.failure.message
    again = poll_to_end(worker, worker.segment(chest))
    assert again.failure.kind == kind


def test_wait_raises_what_happened(make_worker, chest):
    worker = make_worker(stand_in("exit"))
    with pytest.raises(WorkerError, match="exit status 3") as raised:
        worker.segment(chest).wait()
    assert raised.value.failure.kind == "died"


def test_a_missing_package_is_named_and_the_next_attempt_starts_anew(make_worker, chest):
    worker = make_worker(stand_in("missing package"))
    worker.start()
    poll_until(worker, lambda: worker.failure, "the failure")
    assert worker.state == "stopped"
    assert worker.failure.kind == "packages"
    assert "no_such_package_for_tests is not installed" in worker.failure.message
    assert "ModuleNotFoundError" in worker.failure.details
    assert "ModuleNotFoundError" in worker.log_tail()
    assert poll_to_end(worker, worker.segment(chest)).failure.kind == "packages"
    worker.command = stand_in("serve")  # as after the package was installed
    assert poll_to_end(worker, worker.segment(chest)).state == "done"
    assert worker.failure is None


def test_a_command_that_does_not_exist_is_a_failure_and_no_exception(make_worker, chest):
    worker = make_worker(["/no/such/program"])
    job = worker.segment(chest)
    assert (job.state, job.failure.kind) == ("failed", "died")
    assert "cannot be started" in job.failure.message
    assert worker.state == "stopped"


@pytest.mark.parametrize(("how", "words"), [("other protocol", "version 99"), ("endless greeting", "not JSON")])
def test_another_program_in_its_place_is_refused(make_worker, chest, how, words):
    worker = make_worker(stand_in(how))
    job = poll_to_end(worker, worker.segment(chest))
    assert job.failure.kind == "rubbish"
    assert words in job.failure.message
    assert worker.state == "stopped"  # it never worked: it is not started again by itself


def test_what_is_printed_before_the_first_event_goes_to_the_log(make_worker, chest):
    worker = make_worker(stand_in("greet"))
    assert poll_to_end(worker, worker.segment(chest)).state == "done"
    assert "Welcome to Python!" in worker.log_tail()


def test_a_flood_in_the_log_blocks_neither_side(make_worker, chest):
    worker = make_worker(stand_in("flood"))
    for _ in range(2):
        assert poll_to_end(worker, worker.segment(chest)).state == "done"
    assert worker.log_tail(1).startswith("log line ")


@pytest.mark.parametrize("how", ["hang", "deaf", "never ready", "stop listening"])
def test_cancel_kills_what_hears_nothing_and_all_its_descendants(make_worker, chest, how):
    worker = make_worker(stand_in(how))
    job = worker.segment(chest)
    descendants = []
    if how == "hang":
        poll_until(worker, lambda: "descendants" in worker.log_tail(), "the descendants")
        descendants = [int(pid) for pid in worker.log_tail().split()[-2:]]
        assert not any(has_ended(pid) for pid in descendants)
    elif how != "never ready":
        poll_until(worker, lambda: worker.devices, "the start")
        for _ in range(5):
            worker.poll()
    pids = [pid_of(worker), *descendants]
    worker.cancel()
    assert job.state == "cancelled"
    assert worker.state == "starting"
    # By themselves they would go on for minutes.
    poll_until(worker, lambda: all(has_ended(pid) for pid in pids), "the end of all of them", seconds=20)
    assert pid_of(worker) not in pids


def test_after_cancelling_the_next_job_runs_at_once(make_worker, chest):
    worker = make_worker(stand_in("hang"))
    first = worker.segment(chest)
    poll_until(worker, lambda: first.stage == "loading", "the CT to be handed over")
    worker.command = stand_in("serve")
    worker.cancel()
    second = worker.segment(chest)
    assert poll_to_end(worker, second).state == "done"
    assert first.state == "cancelled"
    assert first.result is None
    with pytest.raises(CancelledError):
        first.wait()


def test_a_second_job_is_refused_while_one_runs(make_worker, chest):
    worker = make_worker(stand_in("hang"))
    job = worker.segment(chest)
    with pytest.raises(InputError, match="busy"):
        worker.segment(chest)
    assert worker.job is job
    assert worker.state == "busy"


@pytest.mark.parametrize("how", ["hang", "serve", "never ready"])
def test_closing_ends_everything_and_can_be_repeated(make_worker, chest, how):
    worker = make_worker(stand_in(how))
    job = worker.segment(chest)
    pid = pid_of(worker)
    for _ in range(3):
        worker.poll()
    running = job.state == "running"
    worker.close()
    worker.close()
    worker.poll()
    worker.cancel()
    assert worker.state == "stopped"
    assert job.state == ("cancelled" if running else "done")
    assert has_ended(pid)


def test_a_forgotten_worker_ends(make_worker):
    from LungTumorSegLib.worker import Worker

    worker = Worker(stand_in("serve"))
    worker.start()
    pid = pid_of(worker)
    del worker
    deadline = time.monotonic() + 20
    while not has_ended(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert has_ended(pid)


def test_one_that_died_idle_is_replaced_without_a_word(make_worker, chest):
    worker = make_worker(stand_in("serve"))
    worker.start()
    poll_until(worker, lambda: worker.state == "ready", "the start")
    psutil.Process(pid_of(worker)).send_signal(signal.SIGKILL)
    psutil.Process(pid_of(worker)).wait(5)
    job = worker.segment(chest)  # nobody has polled meanwhile
    assert poll_to_end(worker, job).state == "done"


def test_one_that_died_idle_is_seen_to_have_died(make_worker):
    worker = make_worker(stand_in("serve"))
    worker.start()
    poll_until(worker, lambda: worker.state == "ready", "the start")
    psutil.Process(pid_of(worker)).send_signal(signal.SIGKILL)
    poll_until(worker, lambda: worker.state == "stopped", "the end")
    assert worker.failure.kind == "died"


@pytest.mark.parametrize("error", [CancelledError, KeyboardInterrupt, ZeroDivisionError])
def test_what_progress_raises_while_one_waits_cancels(make_worker, chest, error):
    worker = make_worker(stand_in("hang"))
    job = worker.segment(chest)
    pid = pid_of(worker)

    def progress(stage: str, fraction: float) -> None:
        if stage == "loading":
            raise error

    with pytest.raises(error):
        job.wait(progress)
    assert job.state == "cancelled"
    poll_until(worker, lambda: has_ended(pid), "the end of the process")


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 3, 4), complex), np.zeros((2, 3, 4), object), np.zeros((2, 3, 0), np.int16)],
    ids=["complex", "objects", "empty"],
)
def test_what_is_no_ct_is_refused_before_anything_is_sent(make_worker, array):
    worker = make_worker(stand_in("serve"))
    with pytest.raises(InputError):
        worker.segment(Volume(array, Grid(array.shape[::-1])))
    assert (worker.state, worker.job) == ("stopped", None)
    assert not shared_files()
    assert poll_to_end(worker, worker.segment(chest_volume())).state == "done"


def test_a_large_ct_is_handed_over_in_pieces_and_nothing_is_held_up(make_worker):
    """The longest call is what a window would stand still for."""
    ct = Volume(np.zeros((300, 512, 512), np.int16), Grid((512, 512, 300)))
    worker = make_worker(stand_in("serve"))
    worker.start()
    poll_until(worker, lambda: worker.state == "ready", "the start")
    calls = []

    def timed(call, *arguments):
        began = time.perf_counter()
        result = call(*arguments)
        calls.append(time.perf_counter() - began)
        return result

    job = timed(worker.segment, ct)
    while job.state == "running":
        timed(worker.poll)
    assert job.state == "done"
    assert len(calls) > 2  # in pieces
    assert sorted(calls)[-2] < 0.1  # one call may meet a busy moment of the machine
