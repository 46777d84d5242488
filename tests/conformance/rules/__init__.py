# SPDX-License-Identifier: Apache-2.0
"""All rules, in the order in which they are tried: those that a server may die of come last."""
from conformance.models import SUM
from conformance.rule import Rule
from conformance.rules import (
    binary,
    classification,
    compression,
    datatypes,
    describing,
    documents,
    inferring,
    managing,
    messages,
    names,
    operating,
    raw,
    tensors,
    values,
)

MODULES = (describing, names, inferring, datatypes, binary, raw, classification, compression,
           messages, documents, tensors, values, operating, managing)


def rules(model: str = SUM) -> list[Rule]:
    """model: which of the server's adds and subtracts."""
    made = [rule for module in MODULES for rule in module.rules(model)]
    return sorted(made, key=lambda rule: rule.is_dangerous)
