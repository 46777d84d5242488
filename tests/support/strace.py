# SPDX-License-Identifier: Apache-2.0
"""A running process whose system calls are watched, or made to fail, until it is let go."""
import dataclasses
import pathlib
import re
import shutil
import subprocess

import pytest
from process import Process, until

LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))", re.DOTALL)
UNFINISHED = " <unfinished ...>"
TEXT_SIZE_MAX = 1 << 20


@dataclasses.dataclass
class Call:
    """begin and end: lines of the trace, which is in the order of events."""
    thread: str
    name: str
    text: str  # arguments, then the result
    begin: int
    end: int | None = None

    @property
    def target(self) -> str:
        """What the descriptor, the first argument, is of; "" where it is of nothing."""
        match = re.match(r"\d+<(.*?)>[,)]", self.text)
        return match[1] if match else ""

    @property
    def failed(self) -> bool:
        return " = -1 " in self.text


def read_calls(text: str) -> list[Call]:
    calls, open_calls = [], {}
    for number, line in enumerate(text.splitlines()):
        match = LINE.match(line)
        if not match:
            continue  # signals and ends
        thread, name, begun, resumed, rest = match.groups()
        if resumed:
            call = open_calls.pop(thread, None)
            if call is not None:  # else it was under way before we were there
                call.text, call.end = call.text + rest, number
            continue
        calls.append(Call(thread, name, begun.removesuffix(UNFINISHED), number))
        if begun.endswith(UNFINISHED):
            open_calls[thread] = calls[-1]
        else:
            calls[-1].end = number
    return calls


class Strace:
    """with Strace(process, file, "-e", …): from when all its threads are held. Skips the test
    where that is not allowed."""

    def __init__(self, process: Process, output: pathlib.Path, *words: str):
        if not shutil.which("strace"):
            pytest.skip("strace is not installed")
        self.pid, self.output = process.popen.pid, output
        self.popen = subprocess.Popen(
            ["strace", "-f", "-y", "-s", str(TEXT_SIZE_MAX), "-o", output, *words, "-p", str(self.pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _holds_all(self) -> bool:
        if self.popen.poll() is not None:
            pytest.skip(f"no process may be traced here: {self.popen.stderr.read().decode()}")
        held = f"TracerPid:\t{self.popen.pid}\n"
        return all(held in (task / "status").read_text()
                   for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir())

    def __enter__(self) -> "Strace":
        until(self._holds_all, "strace has all threads")
        return self

    def __exit__(self, *_raised) -> None:
        self.popen.terminate()
        self.popen.wait()
        self.popen.stderr.close()

    def calls(self) -> list[Call]:
        """Once it has been let go."""
        return read_calls(self.output.read_text(errors="replace"))


def failing(process: Process, output: pathlib.Path, call: str, error: str, *paths) -> Strace:
    """Each such call fails, or those on certain files."""
    chosen = [word for path in paths for word in ("-P", str(path))]
    return Strace(process, output, *chosen, "-e", f"trace={call}", "-e", f"inject={call}:error={error}")
