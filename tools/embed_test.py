# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import tempfile
import unittest

import embed


class EmbedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def test_a_page_has_its_own_path_and_a_file_that_of_the_folder(self):
        rows = embed.assets([self.write("docs.html", "x"), self.write("docs.js", "y")]).rows
        self.assertEqual([row[0] for row in rows], ['"/docs"', '"/web/docs.js"'])

    def test_what_is_of_the_console_is_for_demo_mode(self):
        files = [self.write(name, "x") for name in ("console.html", "console-answer.js", "dom.js")]
        self.assertEqual([row[-1] for row in embed.assets(files).rows], ["true", "true", "false"])

    def test_an_etag_changes_with_the_content(self):
        tags = [embed.assets([self.write("a.css", text)]).rows[0][2] for text in ("x", "y", "x")]
        self.assertEqual(tags[0], tags[2])
        self.assertNotEqual(tags[0], tags[1])

    def test_each_member_of_the_schemas_is_a_row_of_compact_json(self):
        table = embed.schemas([self.write("s.json", '{"A": {"type": "string"}, "B": {}}')])
        self.assertEqual([row[0] for row in table.rows], ['"A"', '"B"'])
        self.assertIn(",".join(map(str, b'{"type":"string"}')), table.text().replace("\n", ""))

    def test_a_note_is_sent_to_the_model_that_answered(self):
        self.write("note.txt", "Seen.")
        answer = self.write("answers/note.json", json.dumps({"model": {"name": "ner"}}))
        self.assertEqual(embed.request_of(answer, "ner"), {"model": "ner", "input": "Seen."})

    def test_json_is_sent_as_it_is(self):
        self.write("vector.json", '{"input": {"a": 1}}')
        answer = self.write("answers/vector.json", "{}")
        self.assertEqual(embed.request_of(answer, "m"), {"input": {"a": 1}})

    def test_an_image_is_sent_as_base64_with_its_type(self):
        (self.folder / "x.png").write_bytes(b"\x89PNG")
        answer = self.write("answers/x.json", "{}")
        self.assertEqual(embed.request_of(answer, "m"),
                         {"model": "m", "input": "iVBORw==", "content_type": "image/png"})


if __name__ == "__main__":
    unittest.main()
