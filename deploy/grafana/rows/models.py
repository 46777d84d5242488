# SPDX-License-Identifier: Apache-2.0
"""Versions, queues, batches and canaries."""

from panels import Panel, rate, stat

MODEL = 'model=~"$model"'

ROWS = [
    (
        "Versions",
        [
            Panel(
                "Answered",
                "Requests a second by version: a promotion is where one line takes over.",
                {
                    "{{model}}/{{version}}": rate(
                        "nv_inference_request_success", MODEL, "model, version"
                    )
                },
                unit="reqps",
                stacked=True,
            ),
            Panel(
                "Not answered",
                (
                    "REJECTED: full, draining or late; BACKEND: the network "
                    "failed; CANCELED: the client left."
                ),
                {
                    "{{model}}/{{version}} {{reason}}": rate(
                        "nv_inference_request_failure", MODEL, "model, version, reason"
                    )
                },
                unit="reqps",
                stacked=True,
                runbook="GalenEngineRejects",
            ),
            Panel(
                "Time in the engine",
                "Of a request, with its wait.",
                {
                    f"{{{{model}}}}/{{{{version}}}} {legend}": expression
                    for legend, expression in (
                        (
                            f"p{p}",
                            f"histogram_quantile({p / 100}, sum by (le, model, version) "
                            f"(rate(nv_inference_request_duration_histogram_us_bucket{{{MODEL}}}[$__rate_interval])))",
                        )
                        for p in (50, 99)
                    )
                },
                unit="µs",
                runbook="GalenQueueSlow",
            ),
        ],
    ),
    (
        "Queue and batches",
        [
            Panel(
                "Waiting",
                "Requests that wait for an instance; engine.queue_size (1024) is the end.",
                {
                    "{{model}}/{{version}}": (
                        f"sum by (model, version) (nv_inference_pending_request_count{{{MODEL}}})"
                    )
                },
                yellow=256,
                red=900,
                runbook="GalenQueueSlow",
            ),
            Panel(
                "Mean wait",
                "In the queue. Alerts at 0.25 s.",
                {
                    "{{model}}/{{version}}": "job_model_version:nv_inference_queue_seconds:mean5m"
                    f"{{{MODEL}}}"
                },
                unit="s",
                yellow=0.1,
                red=0.25,
                runbook="GalenQueueSlow",
            ),
            Panel(
                "Where the time goes",
                "Share of a request's time in the engine; queue above infer: too few instances.",
                {
                    part: f"sum(rate(nv_inference_{part}_duration_us{{{MODEL}}}[$__rate_interval])) "
                    f"/ sum(rate(nv_inference_request_duration_us{{{MODEL}}}[$__rate_interval]))"
                    for part in ("queue", "compute_input", "compute_infer", "compute_output")
                },
                unit="percentunit",
                stacked=True,
            ),
            Panel(
                "Rows of a batch",
                "On average. 1 under load: nothing is gained by batching.",
                {
                    "{{model}}/{{version}}": rate("nv_inference_count", MODEL, "model, version")
                    + " / "
                    + rate("nv_inference_exec_count", MODEL, "model, version")
                },
            ),
            Panel(
                "Rows of a batch, p95",
                "By version.",
                {
                    "{{model}}/{{version}}": "histogram_quantile(0.95, sum by (le, model, version) "
                    f"(rate(nv_inference_batch_size_histogram_bucket{{{MODEL}}}[$__rate_interval])))"
                },
            ),
            Panel(
                "Why batches left",
                "full and preferred are efficient; deadline: requests have too little time.",
                {"{{reason}}": rate("nv_inference_batch_closed_total", MODEL, "reason")},
                unit="ops",
                stacked=True,
            ),
        ],
    ),
    (
        "Canaries",
        [
            Panel(
                "Share of the canary",
                "0: it was found to be bad, or is a shadow only. No line: none is under way.",
                {"{{model}}": f"max by (model) (galen_arm_share{{{MODEL}}})"},
                unit="percentunit",
            ),
            Panel(
                "Requests by arm",
                "Those that named no version.",
                {
                    "{{model}} {{arm}} {{version}} {{outcome}}": rate(
                        "galen_arm_requests_total", MODEL, "model, arm, version, outcome"
                    )
                },
                unit="reqps",
                stacked=True,
                runbook="GalenCanaryRolledBack",
            ),
            Panel(
                "Answers by arm, p95",
                "The canary is rolled back where it stays well above the stable version.",
                {
                    "{{model}} {{arm}} {{version}}": "histogram_quantile(0.95, "
                    "sum by (le, model, arm, version) "
                    f"(rate(galen_arm_duration_seconds_bucket{{{MODEL}}}[$__rate_interval])))"
                },
                unit="s",
                runbook="GalenCanaryRolledBack",
            ),
            Panel(
                "Not answered, by arm",
                "Share that failed or was refused: the canary's should be no higher.",
                {
                    "{{model}} {{arm}}": rate(
                        "galen_arm_requests_total", MODEL + ', outcome!="answered"', "model, arm"
                    )
                    + " / "
                    + rate("galen_arm_requests_total", MODEL, "model, arm")
                },
                unit="percentunit",
                runbook="GalenCanaryRolledBack",
            ),
            Panel(
                "Shadow",
                "What was asked of both.",
                {
                    "{{model}} {{outcome}}": rate(
                        "galen_shadow_requests_total", MODEL, ("model, outcome")
                    )
                },
                unit="reqps",
                stacked=True,
            ),
            stat(
                "Verdicts, 7 days",
                "errs, slows and disagrees were rolled back.",
                "sum by (verdict) (increase(galen_rollout_verdicts_total[7d]))",
                width=4,
                runbook="GalenCanaryRolledBack",
            ),
            stat(
                "Rollbacks that are not on record",
                "1: the repository cannot be written, and gateways differ.",
                f"max(galen_rollout_unrecorded{{{MODEL}}})",
                width=4,
                red=1,
                runbook="GalenRolloutUnrecorded",
            ),
        ],
    ),
]
