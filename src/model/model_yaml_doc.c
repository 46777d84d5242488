/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/model-yaml.md from the table that reads model.yaml. */
#include <stdio.h>
#include <stdlib.h>

#include "model/contract_impl.h"

enum { PAGE_SIZE_BYTES_MAX = 1 << 20 };

static const char *const before =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Printed by src/model/model_yaml_doc.c from the table that reads the file. -->\n"
    "# model.yaml\n"
    "\n"
    "The contract of one model version, in `models/<name>/<version>/model.yaml`: what it "
    "takes\n"
    "from a client, how that becomes a tensor, what the scores that come back mean, and "
    "the\n"
    "model card. A version without it serves `/v2` only.\n"
    "\n"
    "```yaml\n"
    "task: tabular-classification\n"
    "title: Breast mass, benign or malignant\n"
    "media_types: [application/json]\n"
    "input: {tensor: features, datatype: FP32}\n"
    "features:\n"
    "  - {name: mean radius, unit: mm, units: {um: 0.001}, min: 0, max: 60}\n"
    "  - {name: age, unit: a, min: 0, max: 120, missing: {replace: 50}}\n"
    "output: {tensor: probabilities, activation: none}\n"
    "labels: [malignant, benign]\n"
    "threshold: 0.5\n"
    "files:\n"
    "  model.onnx: 947e7cf2fc32fcdcad9c5ba4dcdb3a652cef84f992c156f57b97d274f53904b5\n"
    "card:\n"
    "  demonstration: true\n"
    "  intended_use: Shows how a tabular model is served. Not for any decision about a "
    "person.\n"
    "```\n"
    "\n"
    "A model that finds entities in text:\n"
    "\n"
    "```yaml\n"
    "task: token-classification\n"
    "title: Problems, medications and tests in a clinical note\n"
    "media_types: [text/plain]\n"
    "input: {tensor: input_ids, datatype: INT64}\n"
    "text:\n"
    "  tokenizer: tokenizer.json\n"
    "  mask: attention_mask\n"
    "  max_length: 128\n"
    "  longer: window\n"
    "  stride: 32\n"
    "  bucket: 8\n"
    "entities: {scheme: bio, words: first}\n"
    "output: {tensor: logits, activation: softmax}\n"
    "labels: [O, B-PROBLEM, I-PROBLEM, B-MEDICATION, I-MEDICATION]\n"
    "threshold: 0.5\n"
    "files:\n"
    "  model.onnx: 947e7cf2fc32fcdcad9c5ba4dcdb3a652cef84f992c156f57b97d274f53904b5\n"
    "  tokenizer.json: "
    "5c0fd1a32b0ae2a0cb5b8f3cbbcf0b1bd1fda7d8a8f0fbd5ed1b3c2f1bd8cbf2\n"
    "card:\n"
    "  demonstration: true\n"
    "  intended_use: Shows how a text model is served.\n"
    "```\n"
    "\n"
    "## Keys\n"
    "\n";

static const char *const after =
    "\n"
    "A key that is not listed is refused, and so is one that is there twice or has no "
    "value.\n"
    "The rows below a key count when that key is there.\n"
    "\n"
    "## Beyond the table\n"
    "\n"
    "- Names of features, labels and media types are each unique.\n"
    "- `min` is not greater than `max`; `missing.replace` lies between them and fits the\n"
    "  datatype.\n"
    "- `units` does not list the feature's own unit; factors are greater than 0.\n"
    "- `features` belong to tabular tasks, whose `input.datatype` is FP32 or FP64; `text` "
    "to\n"
    "  text tasks, whose token ids are INT32 or INT64; `entities` to "
    "token-classification.\n"
    "- `text.stride` is less than `max_length` and needs `longer: window`; `text.bucket` "
    "needs\n"
    "  `mask`; `text.tokenizer` is one of `files`.\n"
    "- Labels of token-classification fit `entities.scheme`; its activation is not "
    "sigmoid.\n"
    "- Names of files hold no `/`, do not begin with `.` and are not `model.yaml`.\n"
    "- What `galen model init` could not know of the card says `TO BE FILLED IN`; as long "
    "as a\n"
    "  member of it begins so, `card.demonstration` must be `true`.\n"
    "\n"
    "## How values are written\n"
    "\n"
    "- Numbers are JSON numbers: `0.5`, `-1`, `1e-3`; not `.5`, `010`, `1_000`, `0x10`.\n"
    "- Booleans are `true` and `false`; not `yes`, `on`, `True`.\n"
    "- Text that some YAML reader takes for a number, a boolean or null is quoted: "
    "`\"1\"`,\n"
    "  `\"no\"`.\n"
    "- One document of UTF-8. No anchors, aliases, tags, directives or merge keys.\n"
    "\n"
    "Errors say where and why: `models/x/1/model.yaml:7:40: features[0].min: is greater "
    "than\n"
    "max`.\n";

int main(void)
{
    struct writer page;
    writer_init(&page, PAGE_SIZE_BYTES_MAX);
    writer_put_string(&page, before);
    yaml_write_markdown(contract_keys, contract_key_count, &page);
    writer_put_string(&page, after);
    const struct bytes bytes = writer_bytes(&page);
    const bool is_written = page.status == GALEN_OK &&
                            fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size &&
                            fflush(stdout) == 0;
    writer_deinit(&page);
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
