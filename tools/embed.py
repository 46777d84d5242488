#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes files into C, so that the program needs none of them when it runs.

usage: tools/embed.py assets WEB_FILE...      the table `assets` (gateway/asset.h)
       tools/embed.py schemas SCHEMAS_JSON    the table `fixed_schemas` (gateway/openapi/schemas.h)
       tools/embed.py samples ANSWER_JSON...  the table `samples` (gateway/openapi/examples.h)

A page x.html of web/ is served as /x, everything else as /web/NAME. What belongs to the
console is there in demo mode only. An answer of examples/answers/ has the name of what was
sent: a file of examples/.
"""
import base64
import hashlib
import json
import pathlib
import sys

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"
COLUMNS = 20
MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
               ".js": "text/javascript; charset=utf-8"}

IMAGE_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


def quoted(text):
    return json.dumps(text)


class Table:
    """Rows of a table, and before them the bytes that they point to."""

    def __init__(self, header, declaration, count):
        self.blocks = [LICENCE, f'#include "{header}"']
        self.declaration, self.count, self.rows = declaration, count, []

    def bytes_of(self, content):
        """The initializer of a struct bytes."""
        name = f"content_{len(self.blocks)}"
        lines = [",".join(map(str, content[at:at + COLUMNS])) for at in range(0, len(content), COLUMNS)]
        self.blocks.append(f"static const uint8_t {name}[] = {{\n" + ",\n".join(lines) + "};")
        return f"{{{name}, sizeof({name})}}"

    def text(self):
        rows = "\n".join(f"    {{{', '.join(row)}}}," for row in self.rows)
        return "\n".join([*self.blocks, f"{self.declaration}[] = {{\n{rows}\n}};",
                          f"const size_t {self.count} = {len(self.rows)};", ""])


def compact(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def assets(files):
    table = Table("gateway/asset.h", "const struct asset assets", "asset_count")
    for file in files:
        content = file.read_bytes()
        path = f"/{file.stem}" if file.suffix == ".html" else f"/web/{file.name}"
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        table.rows.append((quoted(path), quoted(MEDIA_TYPES[file.suffix]), quoted(etag),
                           table.bytes_of(content),
                           str(file.name.startswith("console")).lower()))
    return table


def schemas(files):
    table = Table("gateway/openapi/schemas.h", "const struct fixed_schema fixed_schemas",
                  "fixed_schema_count")
    for name, schema in json.loads(files[0].read_text()).items():
        table.rows.append((quoted(name), table.bytes_of(compact(schema))))
    return table


def request_of(answer_file, model):
    """What was sent: JSON as it is, the text of a note, or an image in base64."""
    sent = {file.suffix: file for file in answer_file.parent.parent.glob(f"{answer_file.stem}.*")}
    if ".json" in sent:
        return json.loads(sent[".json"].read_text())
    if ".txt" in sent:
        return {"model": model, "input": sent[".txt"].read_text()}
    suffix, file = next(iter(sent.items()))
    return {"model": model, "input": base64.b64encode(file.read_bytes()).decode(),
            "content_type": IMAGE_TYPES[suffix]}


def samples(files):
    table = Table("gateway/openapi/examples.h", "const struct sample samples", "sample_count")
    for file in files:
        answer = json.loads(file.read_text())
        table.rows.append((quoted(file.stem),
                           table.bytes_of(compact(request_of(file, answer["model"]["name"]))),
                           table.bytes_of(compact(answer))))
    return table


def main():
    makers = {"assets": assets, "schemas": schemas, "samples": samples}
    if len(sys.argv) < 3 or sys.argv[1] not in makers:
        sys.exit(__doc__)
    sys.stdout.write(makers[sys.argv[1]]([pathlib.Path(name) for name in sys.argv[2:]]).text())


if __name__ == "__main__":
    main()
