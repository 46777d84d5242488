# SPDX-License-Identifier: Apache-2.0
"""No request that schemathesis makes of /openapi.json gets an answer that it does not tell of."""
import deployment
import pytest
import repository
import tester


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Both at once: most of the time is the tester's own."""
    folders = {name: tmp_path_factory.mktemp(name) for name in deployment.NAMES}
    running = {name: deployment.start(name, folder, **repository.write(folder))
               for name, folder in folders.items()}
    started = {name: tester.begin(galen.url, "schemathesis.toml", folders[name])
               for name, galen in running.items()}
    yield started
    for process in started.values():
        process.kill()
        process.wait()
    for galen in running.values():
        galen.stop()


@pytest.mark.parametrize("name", deployment.NAMES)
def test_schemathesis_finds_nothing(runs, name):
    tester.end(runs[name])
