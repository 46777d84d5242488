# SPDX-License-Identifier: Apache-2.0
"""Steps side by side. Each lane goes through its own, one after another, in the order of the list:

FRONT   what is about servers and their clients, and mostly waits for them;
BACK    what computes: it is given what FRONT leaves of the processors, and no more;
LAST    what measures time, or is to have all of it: begins when both others are over.

A step waits for the one that it needs, which stands before it in the list. Where a quota rations the
processors there is one lane for FRONT and BACK: who gives way would still use up what others need.
"""
import os
import pathlib
import signal
import subprocess
import threading
import time
from concurrent import futures

FRONT, BACK, LAST = "front", "back", "last"
QUOTAS = {"/sys/fs/cgroup/cpu.max": "max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"}  # of v2, v1
GRACE_S = 3.0  # for what a terminal has told
TEARDOWN_S = 20.0  # for what we told: tests stop their servers
PAUSE_S = 0.05


class Ended(Exception):
    """A command that was to begin after the end."""


def give_way():
    """This thread, and what it starts, runs where nothing else wants to."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        os.nice(19)


def is_rationed(quotas=QUOTAS):
    """Has the control group, which may be a container's, a quota?"""
    files = {pathlib.Path(name): none for name, none in quotas.items()}
    return any(not file.read_text().startswith(none) for file, none in files.items() if file.exists())


class Children:
    """The commands that run now."""

    def __init__(self):
        self.running: set[subprocess.Popen] = set()
        self.is_over = False
        self.lock = threading.Lock()

    def run(self, words, **options) -> int:
        """Its exit status. OSError: there is no such program."""
        with self.lock:
            if self.is_over:
                raise Ended
            child = subprocess.Popen(words, **options)
            self.running.add(child)
        try:
            return child.wait()
        finally:
            self.running.discard(child)

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(PAUSE_S)

    def end(self) -> None:
        """Those that a terminal has told already are let end; others are told, and then killed."""
        with self.lock:
            self.is_over = True
        self.wait(GRACE_S)
        for reason in (signal.SIGINT, signal.SIGKILL):
            for child in list(self.running):
                child.send_signal(reason)
            self.wait(TEARDOWN_S)


class Lanes:
    """with Lanes(steps, run, children) as lanes: for step, result in lanes.results(): …

    run(step, needed): needed is the result of the step that it needs; None: that is not among the
    steps. Whoever leaves early, by an interrupt, ends what runs."""

    def __init__(self, steps, run, children: Children):
        self.steps, self.run, self.children = steps, run, children
        self.futures: dict[str, futures.Future] = {}
        self.pools = {FRONT: futures.ThreadPoolExecutor(1),
                      BACK: futures.ThreadPoolExecutor(1, initializer=give_way),
                      LAST: futures.ThreadPoolExecutor(1)}
        self.pools |= {BACK: self.pools[FRONT]} if is_rationed() else {}

    def __enter__(self) -> "Lanes":
        for step in sorted(self.steps, key=lambda step: step.lane == LAST):
            self.futures[step.name] = self.pools[step.lane].submit(self._run_in_turn, step)
        return self

    def __exit__(self, kind, *_) -> None:
        if kind:
            for pool in self.pools.values():
                pool.shutdown(wait=False, cancel_futures=True)
            self.children.end()
        for pool in self.pools.values():
            pool.shutdown()

    def _run_in_turn(self, step):
        before = [each.name for each in self.steps if each.lane != LAST]
        for name in before if step.lane == LAST else ():
            self.futures[name].exception()  # raises when that one is cancelled, and so are we
        needed = self.futures.get(step.needs)
        return self.run(step, needed.result() if needed else None)

    def results(self):
        """In the order of the list, each as soon as it and all before it are over."""
        for step in self.steps:
            yield step, self.futures[step.name].result()
