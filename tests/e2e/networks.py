# SPDX-License-Identifier: Apache-2.0
"""Small ONNX networks, written as protobuf by hand: [rows, 2] to [rows, 2] by so many products."""
import struct

IR_VERSION, OPSET = 8, 17
FLOAT = 1
WIDTH = 512


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a message: a number, or what has a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes(parts + bytes([value]))


def product(left: str, right: str, output: str) -> bytes:
    return field(1, left) + field(1, right) + field(2, output) + field(4, "MatMul")


def weights(name: str, rows: int, columns: int, diagonal: float) -> bytes:
    """TensorProto: zero but for its diagonal."""
    values = bytearray(4 * rows * columns)
    for i in range(min(rows, columns)):
        struct.pack_into("<f", values, 4 * (i * columns + i), diagonal)
    return (field(1, rows) + field(1, columns) + field(2, FLOAT) + field(8, name)
            + field(9, bytes(values)))


def value_info(name: str) -> bytes:
    """ValueInfoProto of FP32 [-1, 2]."""
    shape = field(1, field(2, "rows")) + field(1, field(1, 2))
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, shape)))


def network(product_count: int, diagonal: float = 1.0) -> bytes:
    """x to y = x * diagonal, by way of so many products of WIDTH columns."""
    nodes = [product("x", "enter", "h0")]
    nodes += [product(f"h{i}", "stay", f"h{i + 1}") for i in range(product_count)]
    nodes += [product(f"h{product_count}", "leave", "y")]
    graph = b"".join(field(1, node) for node in nodes) + field(2, "products")
    for each in (weights("enter", 2, WIDTH, diagonal), weights("stay", WIDTH, WIDTH, 1.0),
                 weights("leave", WIDTH, 2, 1.0)):
        graph += field(5, each)
    graph += field(11, value_info("x")) + field(12, value_info("y"))
    return field(1, IR_VERSION) + field(7, graph) + field(8, field(1, "") + field(2, OPSET))
