# SPDX-License-Identifier: Apache-2.0
"""Statistics and configuration of models, and extensions that answer under paths of their own."""
import functools
from collections.abc import Iterator, Sequence

from conformance.bodies import get, infer, quote, sum_document
from conformance.models import ROW
from conformance.rule import CONFIGURATION, EXTENSION, STATISTICS, Compare, each, is_json, is_refused
from conformance.rule import Rule as AnyRule
from conformance.rules.inferring import rows_document
from conformance.server import Answer

Statistics = functools.partial(AnyRule, extension="statistics", source=STATISTICS,
                               level=EXTENSION, compare=Compare.FORM)
Configuration = functools.partial(AnyRule, extension="model_configuration", source=CONFIGURATION,
                                  level=EXTENSION, compare=Compare.STATUS)
DURATIONS = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output")
COUNTERS = ("last_inference", "inference_count", "execution_count")


def is_count(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_duration(value) -> bool:
    return is_count(value["count"]) and is_count(value["ns"])


def is_statistic(each: dict) -> bool:
    return isinstance(each["name"], str) and isinstance(each.get("version", ""), str) \
        and all(is_count(each[name]) for name in COUNTERS) \
        and all(is_duration(each["inference_stats"][name]) for name in DURATIONS) \
        and all(is_count(batch["batch_size"]) for batch in each["batch_stats"])


def of_model(answer: Answer, model: str) -> dict:
    return next(each for each in answer.json()["model_stats"] if each["name"] == model)


def grown(model: str, inferences: int, executions: int):
    """The counters between the first answer and the last."""
    def complain(answers: Sequence[Answer]) -> str:
        try:
            before, after = (of_model(answers[at], model) for at in (0, -1))
            found = [after[name] - before[name] for name in ("inference_count", "execution_count")]
            found.append(after["inference_stats"]["success"]["count"]
                         - before["inference_stats"]["success"]["count"])
        except (ValueError, LookupError, TypeError, StopIteration):
            return "expected statistics of the model"
        wanted = [inferences, executions, executions]
        return "" if found == wanted else "expected inference_count, execution_count and success to" \
            f" grow by {wanted}, they grew by {found}"
    return complain


def statistics(model: str) -> Iterator[AnyRule]:
    path = f"/v2/models/{quote(model)}/stats"
    yield Statistics(id="statistics.model", sentence="A model has statistics: counts and durations",
                     requests=(get(path),), check=each(is_json(
                         lambda document: len(document["model_stats"]) == 1
                         and all(map(is_statistic, document["model_stats"])), "one model_stats")))
    yield Statistics(id="statistics.version", sentence="So has a version", requests=(
        get(f"/v2/models/{quote(model)}/versions/1/stats"),), check=each(is_json(
            lambda document: [each["version"] for each in document["model_stats"]] == ["1"],
            "statistics of version 1")))
    yield Statistics(id="statistics.all", sentence="All models have them at once",
                     compare=Compare.STATUS, requests=(get("/v2/models/stats"),), check=each(is_json(
                         lambda document: model in [each["name"] for each in document["model_stats"]]
                         and all(map(is_statistic, document["model_stats"])), "statistics of all")))
    yield Statistics(id="statistics.grow", sentence="An inference is counted: once", requests=(
        get(path), infer(model, sum_document()), get(path)), check=grown(model, 1, 1))
    yield Statistics(id="statistics.rows", sentence="A batch of 7 is 7 inferences in one execution",
                     requests=(get(path), infer(model, rows_document(7)), get(path)),
                     check=grown(model, 7, 1))
    yield Statistics(id="statistics.unknown", sentence="An unknown model has none: an error object",
                     requests=(get("/v2/models/nope/stats"),), check=each(is_refused))


def has_config(model: str):
    def holds(document) -> bool:
        tensors = {each["name"]: each["data_type"]
                   for each in document["input"] + document["output"]}
        return document["name"] == model and is_count(document["max_batch_size"]) \
            and tensors == {name: "TYPE_INT32" for name in ("INPUT0", "INPUT1", "OUTPUT0", "OUTPUT1")} \
            and [str(size) for size in document["input"][0]["dims"]][-1] == str(ROW)
    return is_json(holds, "name, max_batch_size, input and output as model_config.proto has them")


def configuration(model: str) -> Iterator[AnyRule]:
    path = f"/v2/models/{quote(model)}"
    yield Configuration(id="configuration.model", sentence="A model's configuration is that of"
                        " model_config.proto in JSON", requests=(get(f"{path}/config"),),
                        check=each(has_config(model)))
    yield Configuration(id="configuration.version", sentence="So is a version's",
                        requests=(get(f"{path}/versions/1/config"),), check=each(has_config(model)))
    yield Configuration(id="configuration.unknown", sentence="An unknown model has none: an error"
                        " object", requests=(get("/v2/models/nope/config"),), check=each(is_refused))


def rules(model: str) -> Iterator[AnyRule]:
    yield from statistics(model)
    yield from configuration(model)
