#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the text models that tests run: networks that look each token up in a table, so that
a test can tell every answer from the text alone.

Needs what train/requirements.txt pins: .deps/models/bin/python tests/data/notes/make.py.
Nothing is random: a second run writes the same bytes.
"""
import hashlib
import json
from pathlib import Path

from onnx import TensorProto, checker, helper

HERE = Path(__file__).resolve().parent
OPSET = 17
IR_VERSION = 8
SURE = 8.0  # the score of a token's label; the others have 0
UNSURE = 1.0
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# A word's tokens with their labels; what is not here is O.
LEXICON = {
    "aspirin": "B-DRUG", "met": "B-DRUG", "##form": "I-DRUG", "##in": "I-DRUG", "acid": "I-DRUG",
    "5": "B-DOSE", "500": "B-DOSE", "mg": "I-DOSE", "fievre": "B-SIGN", "chest": "B-SIGN",
    "pain": "I-SIGN", "发": "B-SIGN", "烧": "I-SIGN",
}
DOUBTFUL = {"murmur": "B-SIGN"}  # its score is below the threshold
PLAIN = ("takes", "and", "denies", "daily", ",", ".", "-", "the", "patient")
TAGS = ("O", "B-DRUG", "I-DRUG", "B-DOSE", "I-DOSE", "B-SIGN", "I-SIGN")

URGENCY = {"chest": "urgent", "pain": "urgent", "daily": "routine", "takes": "routine"}
CLASSES = ("urgent", "routine")

YAML = """\
# SPDX-License-Identifier: Apache-2.0
task: {task}
title: Looks words up
media_types: [text/plain]
input: {{tensor: input_ids, datatype: INT64}}
text:
  tokenizer: tokenizer.json
  mask: attention_mask
  max_length: 10
  longer: window
  stride: 3
  bucket: 4
output: {{tensor: logits, activation: softmax}}
labels: [{labels}]
threshold: 0.6
files:
  model.onnx: {model}
  tokenizer.json: {tokenizer}
card:
  demonstration: true
  intended_use: Tests.
"""


def vocabulary():
    return [*SPECIAL, *LEXICON, *DOUBTFUL, *PLAIN]


def frame(token):
    return {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]}


def tokenizer():
    special = [{"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]")]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": token, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}
                         for i, token in enumerate(SPECIAL)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1]],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: frame(token) for token in ("[CLS]", "[SEP]")},
        },
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100,
                  "vocab": {token: i for i, token in enumerate(vocabulary())}},
    }


def table(labels, chosen, otherwise):
    """[tokens, labels]: SURE, or UNSURE, at the label of each token."""
    values = []
    for token in vocabulary():
        label = (chosen | DOUBTFUL).get(token, otherwise)
        score = UNSURE if token in DOUBTFUL else SURE
        values += [score if label == name else 0.0 for name in labels]
    return helper.make_tensor("table", TensorProto.FLOAT, [len(vocabulary()), len(labels)], values)


def inputs():
    return [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")]


def masked():
    """Nodes up to "scores": the table's rows, 0 for padding."""
    return [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask_2d"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask_2d", "last"], ["mask"]),
        helper.make_node("Mul", ["rows", "mask"], ["scores"]),
    ]


def network(nodes, shape, tensors):
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "lookup", inputs(), [output], tensors)
    model = helper.make_model(graph, producer_name="galen-tests", ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def integers(name, *values):
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def tagger():
    nodes = [*masked(), helper.make_node("Identity", ["scores"], ["logits"])]
    return network(nodes, ["batch", "tokens", len(TAGS)],
                   [table(TAGS, LEXICON, "O"), integers("last", -1)])


def classifier():
    """The mean over the tokens."""
    nodes = [*masked(),
             helper.make_node("ReduceSum", ["scores", "middle"], ["sum"], keepdims=0),
             helper.make_node("ReduceSum", ["mask", "middle"], ["count"], keepdims=0),
             helper.make_node("Div", ["sum", "count"], ["logits"])]
    return network(nodes, ["batch", len(CLASSES)],
                   [table(CLASSES, URGENCY, None), integers("last", -1), integers("middle", 1)])


def write(name, task, labels, model):
    folder = HERE / name / "1"
    folder.mkdir(parents=True, exist_ok=True)
    text = (json.dumps(tokenizer(), ensure_ascii=False, indent=1) + "\n").encode()
    (folder / "model.onnx").write_bytes(model)
    (folder / "tokenizer.json").write_bytes(text)
    (folder / "model.yaml").write_text(YAML.format(
        task=task, labels=", ".join(labels), model=hashlib.sha256(model).hexdigest(),
        tokenizer=hashlib.sha256(text).hexdigest()))


if __name__ == "__main__":
    write("lexicon", "token-classification", TAGS, tagger())
    write("urgency", "text-classification", CLASSES, classifier())
