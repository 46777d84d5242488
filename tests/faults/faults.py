# SPDX-License-Identifier: Apache-2.0
"""What a server may do to a request, as a FaultProxy is told it.

Faults of the network befall every request, questions after its health too; a server that answers
wrongly says all the while that it is well.
"""
import asyncio
import json

from proxy import Exchange, Fault, Message, pass_on

DRIP_S = 0.05
DRIP_COUNT = 40
REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}


def of_infer(fault: Fault) -> Fault:
    """Only what is asked of models."""
    async def befall(exchange: Exchange) -> None:
        await (fault if exchange.request.is_infer else pass_on)(exchange)
    return befall


def slow(seconds: float) -> Fault:
    async def befall(exchange: Exchange) -> None:
        answer = await exchange.ask()
        await asyncio.sleep(seconds)
        await exchange.say(answer.bytes)
    return befall


async def drip(exchange: Exchange) -> None:
    data = (await exchange.ask()).bytes
    size = len(data) // DRIP_COUNT + 1
    for at in range(0, len(data), size):
        await exchange.say(data[at:at + size])
        await asyncio.sleep(DRIP_S)


async def be_silent(exchange: Exchange) -> None:
    await exchange.wait_for_end()


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def close(exchange: Exchange) -> None:
    exchange.close()


def part_of(message: Message) -> bytes:
    return message.head + message.body[:len(message.body) // 2]


async def reset_midway(exchange: Exchange) -> None:
    await exchange.say(part_of(await exchange.ask()))
    exchange.reset()


async def truncate(exchange: Exchange) -> None:
    await exchange.say(part_of(await exchange.ask()))
    exchange.close()


async def truncate_head(exchange: Exchange) -> None:
    head = (await exchange.ask()).head
    await exchange.say(head[:len(head) // 2])
    exchange.close()


def answer(status: int, *headers: str) -> Fault:
    body = b'{"error": "told to fail"}'
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Type: application/json",
             f"Content-Length: {len(body)}", *headers, "", ""]

    async def befall(exchange: Exchange) -> None:
        await exchange.say("\r\n".join(lines).encode() + body)
    return of_infer(befall)


def changed(change) -> Fault:
    """change(document, raw bytes): what is said instead; the document is changed in place."""
    async def befall(exchange: Exchange) -> None:
        message = await exchange.ask()
        size = int(message.header("inference-header-content-length") or len(message.body))
        document, raw = json.loads(message.body[:size]), message.body[size:]
        raw = change(document, raw)
        text = json.dumps(document).encode()
        told = message.replace(text + raw, inference_header_content_length=len(text))
        await exchange.say(told.bytes)
    return of_infer(befall)


def change_shape(document: dict, raw: bytes) -> bytes:
    """Of one row two; in itself it is whole."""
    for output in document["outputs"]:
        output["shape"][0] *= 2
        output["parameters"]["binary_data_size"] *= 2
    return raw + raw


def change_datatype(document: dict, raw: bytes) -> bytes:
    """INT32 is as wide as FP32, INT64 as FP64."""
    others = {"FP32": "INT32", "INT32": "FP32", "INT64": "FP64", "FP64": "INT64", "BOOL": "INT8"}
    for output in document["outputs"]:
        output["datatype"] = others.get(output["datatype"], "BOOL")
    return raw


def change_id(document: dict, raw: bytes) -> bytes:
    document["id"] = "of-another-request"
    return raw


def change_outputs(document: dict, _raw: bytes) -> bytes:
    document["outputs"] = []
    return b""


def change_model(document: dict, raw: bytes) -> bytes:
    document |= {"model_name": "another-model", "model_version": "77"}
    return raw


async def garble(exchange: Exchange) -> None:
    message = await exchange.ask()
    await exchange.say(message.head + bytes(range(256)) * (len(message.body) // 256)
                       + b"\xff" * (len(message.body) % 256))


async def babble(exchange: Exchange) -> None:
    await exchange.say(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    exchange.close()
