# SPDX-License-Identifier: Apache-2.0
"""A gateway and a real identity provider, oidc-provider on node: its key rotates under load and amid
a flood of keys that nobody has. Skipped, with the reason, where there is none."""
import time

import counted
import provider
import pytest
from key_load import CALLERS, FLOODERS, INTERVAL_S, Load, ask, gateway_of, keys_known, kid_of, stranger
from process import until

pytestmark = pytest.mark.skipif(provider.why_not() is not None, reason=str(provider.why_not()))


@pytest.fixture(params=["ES256", "RS256"])
def real(request, tmp_path):
    running = provider.Provider(tmp_path, request.param)
    yield running
    running.stop()


@pytest.fixture
def gateway(real, tmp_path):
    with gateway_of(real.url, tmp_path) as running:
        yield running


def test_a_rotation_amid_a_flood_loses_no_valid_request(gateway, real, capsys):
    """The provider shows the next key before it signs with it, as providers do."""
    asked_before, began_s = real.asked_for_keys(), time.monotonic()
    with Load(gateway, real.token(), stranger(real.algorithm, real.url)) as load:
        load.wait_for_more()
        real.show("first", "second")
        until(lambda: keys_known(gateway) == 2, "the next key is known")
        real.show("second", "first")
        load.tokens.append(real.token())
        assert [kid_of(token) for token in load.tokens] == ["first", "second"]
        load.wait_for_more()
        load.tokens.pop(0)
        real.show("second")
        until(lambda: keys_known(gateway) == 1, "the key from before is gone")
        load.wait_for_more()
    took_s = load.check(began_s)
    asked = real.asked_for_keys() - asked_before
    assert 2 <= asked <= took_s / INTERVAL_S + 1
    with capsys.disabled():
        print(f"\n{real.algorithm}: {load.statuses['valid'].total()} valid requests, none lost; "
              f"{load.statuses['unknown'].total()} by unknown keys; keys fetched {asked} times in "
              f"{took_s:.1f} s")
    counted.check(capsys, f"oidc-provider-{real.algorithm.lower()}", callers=CALLERS,
                  flooders=FLOODERS, lost=0, seen=counted.today())


def test_a_key_that_signs_at_once_is_known_within_the_interval(gateway, real):
    """Without being shown before: requests wait for one fetch, or are refused until it may be."""
    old = real.token()
    assert ask(gateway, old) == 200
    real.rotate("third")
    fresh = real.token()
    until(lambda: ask(gateway, fresh) == 200, "the new key is known", 5 * INTERVAL_S)
    assert ask(gateway, old) == 401  # the provider has taken its key back


def test_while_the_provider_is_away_its_tokens_count_on(gateway, real):
    token = real.token()
    real.stop()
    flood = stranger(real.algorithm, real.url)
    assert {ask(gateway, flood.token({"kid": f"k{turn}"})) for turn in range(20)} == {401}
    assert {ask(gateway, token) for _ in range(20)} == {200}
    real.start()
    assert ask(gateway, real.token()) == 200
