# SPDX-License-Identifier: Apache-2.0
import unittest

import site_figures

PAGE = ("<p>before</p>\n"
        "        <!-- figures of docs/benchmarks.md, written by tools/site_figures.py -->\n"
        "old\n        <!-- end of figures -->\n<p>after</p>\n")
HEAD = ("| what | galen | measured against | it takes | ratio | bar |  | p50 / p99, µs |\n"
        "|---|---|---|---|---|---|---|---|\n")
ABOUT = ("- measured: 2026-01-02\n- processor: P <1>, 2 cores\n- memory: 4 GiB\n- other work: none\n"
         "- system: S\n- galen: 0.1.0\n- compiler: gcc 12\n")
ROWS = ("| echo | 1 µs |  |  |  |  |  |  |\n"
        "| words | 3.36 µs CPU | `tokenizers` | 119.3 | 1/33.7 (1/51.8 to 1/28.2) | ≤ 1/10 | met |  |\n"
        "| a note | 60.4 µs | FastAPI | 592.3 | 1/9.4 (1/10.8 to 1/9.1) | ≤ 1/20 | **not met** |  |\n")


class FiguresTest(unittest.TestCase):
    def setUp(self):
        self.page = site_figures.with_figures(PAGE, HEAD + ROWS + "\n" + ABOUT)

    def test_the_rest_of_the_page_stays(self):
        self.assertTrue(self.page.startswith("<p>before</p>\n"))
        self.assertTrue(self.page.endswith("<!-- end of figures -->\n<p>after</p>\n"))
        self.assertNotIn("old", self.page)

    def test_writing_twice_changes_nothing(self):
        self.assertEqual(self.page, site_figures.with_figures(self.page, HEAD + ROWS + "\n" + ABOUT))

    def test_rows_with_a_bar_are_shown_met_or_not(self):
        self.assertIn("<code>tokenizers</code>: 119.3", self.page)
        self.assertIn(">1/33.7<", self.page)
        self.assertIn('≤ 1/20 <span class="missed">not met</span>', self.page)
        self.assertNotIn("echo", self.page)

    def test_machine_and_date_are_told_without_markup_of_their_own(self):
        self.assertIn("Measured on 2026-01-02: P &lt;1&gt;, 2 cores, 4 GiB, S;", self.page)

    def test_figures_without_a_date_are_refused(self):
        with self.assertRaisesRegex(site_figures.Missing, "measured"):
            site_figures.with_figures(PAGE, HEAD + ROWS + ABOUT.replace("measured", "done"))

    def test_a_page_without_the_place_is_refused(self):
        with self.assertRaisesRegex(site_figures.Missing, "no place"):
            site_figures.with_figures("<p></p>", HEAD + ROWS + ABOUT)


if __name__ == "__main__":
    unittest.main()
