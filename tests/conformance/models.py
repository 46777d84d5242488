# SPDX-License-Identifier: Apache-2.0
"""The models that a server under test has: one for sums, and one for each datatype."""
ROW = 16
ROWS_MAX = 64  # a request of more rows than this must be too many: 5000 are sent
SUM = "simple"

# JSON values, the struct format of the same, and what they are in raw bytes.
VALUES = {
    "BOOL": ([True, False, True], "<3?"),
    "UINT8": ([0, 1, 255], "<3B"), "UINT16": ([0, 1, 65535], "<3H"),
    "UINT32": ([0, 1, 2**32 - 1], "<3I"), "UINT64": ([0, 1, 2**64 - 1], "<3Q"),
    "INT8": ([-128, 0, 127], "<3b"), "INT16": ([-32768, 0, 32767], "<3h"),
    "INT32": ([-2**31, 0, 2**31 - 1], "<3i"), "INT64": ([-2**63, 0, 2**63 - 1], "<3q"),
    "FP32": ([-1.5, 0.25, 3.0], "<3f"), "FP64": ([-1.5, 0.1, 1e300], "<3d"),
}
HALVES = ("FP16", "BF16")
DATATYPES = (*VALUES, *HALVES, "BYTES")


def identity(datatype: str) -> str:
    """The model that gives INPUT0 [-1,-1] back as OUTPUT0."""
    return f"identity_{datatype.lower()}"
