# SPDX-License-Identifier: Apache-2.0
import shlex

import images
import project
import pytest

said: dict[str, str] = {}


def pytest_sessionstart():
    for words in (["docker", "info"], ["docker", "compose", "version"]):
        done = project.run(*words, check=False)
        if done.returncode:
            pytest.exit(f"{' '.join(words)}: {done.stderr.strip()}", returncode=2)
    if project.containers():
        pytest.exit("a project called galen runs already: docker compose down first", returncode=2)


@pytest.fixture(scope="session")
def galen():
    """All services that can be had, as README.md starts them and ends them."""
    up, *_, down = project.commands()
    said.update(images.prepare())
    out = [name for name, why in said.items() if why.startswith("left out")]
    services = [name for name in project.configuration()["services"] if name not in out]
    try:
        project.run(*shlex.split(up), *(services if out else []),
                    timeout_s=project.BUILD_DEADLINE_S)
        yield services
    finally:
        project.run(*shlex.split(down))


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("images")
    for name in {each["Config"]["Image"] for each in project.containers()} | {project.image()}:
        size = project.docker("image", "inspect", "--format", "{{.Size}}", name, check=False).stdout
        terminalreporter.write_line(f"{name}: {int(size or 0) / 1e6:.1f} MB")
    for name, why in sorted(said.items()):
        terminalreporter.write_line(f"{name}: {why}")
