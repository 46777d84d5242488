# SPDX-License-Identifier: Apache-2.0
"""What waits and what computes run side by side, the last ones alone, and an interrupt ends all."""
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent import futures
from unittest import mock

import lanes
from lanes import BACK, FRONT, LAST, Children, Ended, Lanes

DEADLINE_S = 20
IS_RATIONED = lanes.is_rationed
FOREVER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
DEAF = [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "print('up', flush=True); signal.pause()"]


@dataclasses.dataclass
class Step:
    name: str
    lane: str = FRONT
    needs: str = ""


def names_of(steps, run, children=None):
    with Lanes(steps, run, children or Children()) as started:
        return [(step.name, result) for step, result in started.results()]


def setUpModule():
    """Whatever the machine is like."""
    patched = mock.patch.object(lanes, "is_rationed", return_value=False)
    patched.start()
    unittest.addModuleCleanup(patched.stop)


class Order(unittest.TestCase):
    def test_front_and_back_run_side_by_side(self):
        meet = threading.Barrier(2, timeout=DEADLINE_S)  # one after the other they would not meet
        steps = [Step("servers"), Step("compiler", BACK)]
        found = names_of(steps, lambda step, _: meet.wait() is not None and step.lane)
        self.assertEqual(found, [("servers", FRONT), ("compiler", BACK)])

    def test_a_lane_goes_one_by_one_in_the_order_of_the_list(self):
        ran = []
        steps = [Step("first"), Step("second"), Step("third")]
        names_of(steps, lambda step, _: ran.append(step.name))
        self.assertEqual(ran, ["first", "second", "third"])

    def test_the_last_ones_begin_when_all_others_are_over(self):
        ran, started = [], threading.Event()

        def run(step, _):
            if step.lane == BACK:
                started.wait(DEADLINE_S)  # of the front's end
            ran.append(step.lane)
            if step.lane == FRONT:
                started.set()
        names_of([Step("clock", LAST), Step("servers"), Step("compiler", BACK)], run)
        self.assertEqual(ran, [FRONT, BACK, LAST])

    def test_results_are_told_in_the_order_of_the_list(self):
        back_is_over = threading.Event()

        def run(step, _):
            if step.lane == FRONT:
                back_is_over.wait(DEADLINE_S)
            else:
                back_is_over.set()
            return step.name
        found = names_of([Step("slow"), Step("quick", BACK)], run)
        self.assertEqual(found, [("slow", "slow"), ("quick", "quick")])

    def test_a_step_gets_what_the_one_that_it_needs_came_to(self):
        steps = [Step("build", BACK), Step("tests", needs="build"), Step("alone", needs="not chosen")]
        found = names_of(steps, lambda step, needed: (step.name, needed))
        self.assertEqual([result for _, result in found], [
            ("build", None), ("tests", ("build", None)), ("alone", None)])


class Rationed(unittest.TestCase):
    def test_where_processors_are_rationed_nothing_runs_beside(self):
        ran = []
        steps = [Step("first"), Step("second", BACK), Step("clock", LAST), Step("third")]
        with mock.patch.object(lanes, "is_rationed", return_value=True):
            names_of(steps, lambda step, _: ran.append((step.name, os.sched_getscheduler(0))))
        mine = os.sched_getscheduler(0)
        self.assertEqual(ran, [(name, mine) for name in ("first", "second", "third", "clock")])

    def test_a_quota_is_seen(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch) / "cpu.max"
            quotas = {file: "max"}
            self.assertFalse(IS_RATIONED(quotas))
            file.write_text("max 100000\n")
            self.assertFalse(IS_RATIONED(quotas))
            file.write_text("200000 100000\n")
            self.assertTrue(IS_RATIONED(quotas))


class Priority(unittest.TestCase):
    def test_only_the_back_gives_way(self):
        gave_way = []
        steps = [Step("servers"), Step("compiler", BACK), Step("clock", LAST)]
        with mock.patch.object(lanes, "give_way", lambda: gave_way.append(threading.get_ident())):
            found = names_of(steps, lambda *_: threading.get_ident() in gave_way)
        self.assertEqual(found, [("servers", False), ("compiler", True), ("clock", False)])

    def test_what_gives_way_does_so_with_all_that_it_starts(self):
        words = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0) == os.SCHED_IDLE"
                 " or os.nice(0) == 19)"]
        with futures.ThreadPoolExecutor(1, initializer=lanes.give_way) as pool:
            said = pool.submit(subprocess.check_output, words, text=True).result()
        self.assertEqual(said, "True\n")

    def test_where_that_is_not_allowed_it_is_nice(self):
        with mock.patch.object(lanes.os, "sched_setscheduler", side_effect=PermissionError), \
                mock.patch.object(lanes.os, "nice") as nice:
            lanes.give_way()
        nice.assert_called_once_with(19)


class Ends(unittest.TestCase):
    def setUp(self):
        self.children, self.statuses, self.up = Children(), {}, threading.Barrier(3)
        patched = mock.patch.multiple(lanes, GRACE_S=0.2, TEARDOWN_S=0.5)
        patched.start()
        self.addCleanup(patched.stop)

    def run_step(self, step, _):
        read, write = os.pipe()
        threading.Thread(target=self.tell, args=(read,)).start()
        words = DEAF if step.lane == BACK else FOREVER
        self.statuses[step.name] = self.children.run(words, stdout=write, stderr=subprocess.DEVNULL)
        os.close(write)

    def tell(self, read):
        with os.fdopen(read) as out:
            out.readline()
            self.up.wait(DEADLINE_S)

    def test_an_interrupt_ends_what_runs_and_begins_nothing_more(self):
        steps = [Step("servers"), Step("compiler", BACK), Step("later"), Step("clock", LAST)]
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt), Lanes(steps, self.run_step, self.children):
            self.up.wait(DEADLINE_S)
            raise KeyboardInterrupt
        self.assertLess(time.monotonic() - began, DEADLINE_S)
        self.assertEqual(self.statuses["compiler"], -signal.SIGKILL)
        self.assertNotEqual(self.statuses["servers"], 0)
        self.assertEqual(set(self.statuses), {"servers", "compiler"})
        self.assertEqual(self.children.running, set())

    def test_a_command_after_the_end_does_not_begin(self):
        self.children.end()
        with self.assertRaises(Ended):
            self.children.run(FOREVER)

    def test_a_fault_in_a_step_is_told_and_ends_the_others(self):
        def run(step, needed):
            if step.lane == FRONT:
                self.up.wait(DEADLINE_S)
                raise ZeroDivisionError
            self.run_step(step, needed)
        self.up = threading.Barrier(2)
        with self.assertRaises(ZeroDivisionError):
            names_of([Step("servers"), Step("compiler", BACK)], run, self.children)
        self.assertEqual(self.statuses, {"compiler": -signal.SIGKILL})


if __name__ == "__main__":
    unittest.main()
