# SPDX-License-Identifier: Apache-2.0
"""The seed of what tests draw: GALEN_SEED, a number or `random`. Without it always the same, so that
a run tells of the tree and of nothing else."""
import os
import random


def _seed() -> int:
    text = os.environ.get("GALEN_SEED", "1")
    return random.SystemRandom().randrange(1 << 32) if text == "random" else int(text)


SEED = _seed()
