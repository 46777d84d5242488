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
    "- Names of files hold no `/`, do not begin with `.` and are not `model.yaml`.\n"
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
