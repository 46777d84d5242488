# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tree

MESON = "project('galen', 'c', version: '1.2.3', license: 'Apache-2.0')\n"
CHANGES = "# Changelog\n\n## 1.2.3, {}\n\n- new\n\n## 1.2.2, 2026-01-01\n\n- old\n"


class ReleaseTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        (self.root / "tools").mkdir()
        shutil.copy(tree.ROOT / "tools/release", self.root / "tools/release")
        (self.root / "meson.build").write_text(MESON)
        self.date("2026-02-03")

    def date(self, text):
        (self.root / "CHANGELOG.md").write_text(CHANGES.format(text))

    def run_release(self, *words):
        return subprocess.run([self.root / "tools/release", *words], capture_output=True, text=True,
                              check=False)

    def test_a_tag_that_is_the_version_is_right(self):
        self.assertEqual(self.run_release("check", "v1.2.3").returncode, 0)

    def test_another_tag_is_refused(self):
        for tag in ("v1.2.4", "1.2.3", "v1.2.3-rc1", "v1.2"):
            self.assertIn("meson.build has 1.2.3", self.run_release("check", tag).stderr)

    def test_what_is_unreleased_is_refused(self):
        self.date("unreleased")
        self.assertIn("does not say when", self.run_release("check", "v1.2.3").stderr)

    def test_notes_are_those_of_the_version_alone(self):
        self.assertEqual(self.run_release("notes", "v1.2.3").stdout.split(), ["-", "new"])

    def test_sums_are_right_and_name_each_file_but_themselves(self):
        dist = self.root / "dist"
        dist.mkdir()
        for name in ("a b", "c"):
            (dist / name).write_text(name)
        for _ in range(2):
            self.assertEqual(self.run_release("sums", str(dist)).returncode, 0)
        done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=dist, capture_output=True,
                              check=False)
        self.assertEqual(done.stdout, b"a b: OK\nc: OK\n")

    def test_wrong_usage_is_2(self):
        self.assertEqual(self.run_release("pack", "v1").returncode, 2)


class VersionTest(unittest.TestCase):
    def test_the_newest_heading_of_the_changelog_is_the_version(self):
        version = re.search(r"version: '([^']+)'", (tree.ROOT / "meson.build").read_text())[1]
        heading = re.search(r"^## (\S+), ", (tree.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
        self.assertEqual(heading, version)


class WorkflowsTest(unittest.TestCase):
    """What actionlint does not ask for."""

    def setUp(self):
        self.texts = {path.name: path.read_text()
                      for path in sorted((tree.ROOT / ".github/workflows").glob("*.yml"))}

    def test_actions_are_pinned_by_commit_and_say_their_version(self):
        for name, text in self.texts.items():
            for used in re.findall(r"uses: (.*)", text):
                self.assertRegex(used, r"^(\./\S+|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", name)

    def test_nothing_of_an_event_is_put_into_a_command(self):
        for name, text in self.texts.items():
            for command in re.findall(r"run: (?:\|\n((?:(?: {10,}.*)?\n)+)|(.*))", text):
                self.assertNotIn("${{", "".join(command), name)

    def test_each_has_no_permission_but_those_of_its_jobs(self):
        for name, text in self.texts.items():
            self.assertIn("\npermissions: {}\n", text, name)
            jobs = text.partition("\njobs:\n")[2]
            count = len(re.findall(r"^  \w+:$", jobs, re.MULTILINE))
            self.assertEqual(jobs.count("\n    permissions:\n"), count, name)
            self.assertEqual(jobs.count("timeout-minutes:") + jobs.count("uses: ./"), count, name)

    def test_scripts_that_they_run_are_there(self):
        for name, text in self.texts.items():
            for script in re.findall(r"(?<![\w/])((?:tools|\.ci)/\w[\w.]*)", text):
                self.assertTrue((tree.ROOT / script).is_file(), f"{name}: {script}")


if __name__ == "__main__":
    unittest.main()
