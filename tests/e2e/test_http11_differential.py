# SPDX-License-Identifier: Apache-2.0
"""The requests of tests/data/http11 before nginx and haproxy, where they are installed: what two
others refuse, galen does not take. docs/http.md has all differences."""
import counted
import front_ends
import http11_verdicts
import pytest
from process import SANITIZED

# Each with its reason.
LOOSER = {"largest head"}  # they have buffers of 8 and 16 KB for it, galen takes 32

missing = [name for name in http11_verdicts.NAMES if front_ends.find(name) is None]


@pytest.mark.skipif(missing, reason=f"{' and '.join(missing)}: not installed (NGINX_BIN, HAPROXY_BIN)")
@pytest.mark.skipif(SANITIZED, reason="galen does not run in it: what it makes of them is in the list")
def test_galen_takes_nothing_that_both_others_refuse(tmp_path, capsys):
    verdicts, versions = http11_verdicts.judge_all(tmp_path)
    stricter = [each for each in verdicts if each.galen != "takes" and "takes" in each.others]
    assert {each.case.name for each in verdicts if http11_verdicts.is_looser(each)} == LOOSER
    assert len(stricter) > 200
    counted.check(capsys, "http11-others", requests=len(verdicts), others=" and ".join(versions),
                  stricter=len(stricter), looser=len(LOOSER), seen=counted.today())
