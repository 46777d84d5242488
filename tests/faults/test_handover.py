# SPDX-License-Identifier: Apache-2.0
"""Gateways are replaced under load, as a rollout does it: once the next one is ready the old one gets
SIGTERM, and once that says that it is not ready any more, new connections go to the next."""
from process import Process, until
from rows import About
from run import under_load

TURNS = 4
DRAIN = {"drain_delay_ms": 300}
ABOUT = About("engine", f"well; {TURNS} gateways before them replaced one after another (SIGTERM)", 0)


def hand_over(old: Process, new: Process, load) -> None:
    new.wait_for("/readyz")
    old.popen.terminate()
    until(lambda: old.get_status("/readyz") != 200, "it is not ready any more")
    load.port = new.port
    assert old.wait() == 0


def test_gateways_take_over_from_one_another(field, timing, hold):
    gateways = [field.start_gateway(**DRAIN)]
    gateways[0].wait_for("/readyz")

    def replace_all(load):
        for _ in range(TURNS):
            gateways.append(field.start_gateway(**DRAIN))
            hand_over(*gateways[-2:], load)
    try:
        hold(under_load(ABOUT, gateways[0], timing, replace_all))
    finally:
        for each in gateways:
            each.check_end()
