# SPDX-License-Identifier: Apache-2.0
"""Start here at 3 am: what fires, whether objectives hold, what runs where."""

from panels import Panel, stat

MODELS_ASKED = 'route=~"infer|v2_infer"'

ROWS = [
    (
        "Is it well?",
        [
            stat(
                "Alerts that fire",
                "Of severity page or ticket. The list is below.",
                'count(ALERTS{alertstate="firing", severity=~"page|ticket"}) or vector(0)',
                yellow=1,
                red=3,
            ),
            stat(
                "Processes that answer",
                "Of all that Prometheus knows.",
                'sum(up{job=~"galen.*"}) / count(up{job=~"galen.*"})',
                unit="percentunit",
                yellow=1,
                red=0.5,
                falls=True,
                runbook="GalenTargetDown",
            ),
            stat(
                "Requests a second",
                "For a model's answer, over 5 minutes.",
                f"sum(rate(galen_requests_total{{{MODELS_ASKED}}}[5m]))",
                unit="reqps",
            ),
            stat(
                "Failed, 5 minutes",
                "Share of these answered with 5xx. The objective is 0.1 %.",
                "max(job:galen_failures:ratio_rate5m)",
                unit="percentunit",
                yellow=0.001,
                red=0.0144,
                runbook="GalenErrorBudgetBurnsFast",
            ),
            stat(
                "Slow, 5 minutes",
                "Share of these that took longer than 0.5 s. The objective is 1 %.",
                "max(job:galen_slow:ratio_rate5m)",
                unit="percentunit",
                yellow=0.01,
                red=0.144,
                runbook="GalenLatencyBudgetBurnsFast",
            ),
            stat(
                "Records can be kept",
                "0: every request for a model's answer is refused.",
                "min(galen_audit_available)",
                yellow=1,
                falls=True,
                runbook="GalenAuditUnavailable",
            ),
        ],
    ),
    (
        "Objectives",
        [
            stat(
                "Error budget left, 30 days",
                "What is left of the 0.1 % of requests that may fail. Below 0: no risky change.",
                f'1 - sum(increase(galen_requests_total{{{MODELS_ASKED}, status=~"5.."}}[30d])) '
                f"/ sum(increase(galen_requests_total{{{MODELS_ASKED}}}[30d])) / 0.001",
                unit="percentunit",
                yellow=0.5,
                red=0,
                falls=True,
                width=6,
                runbook="GalenErrorBudgetBurnsSlowly",
            ),
            stat(
                "Latency budget left, 30 days",
                "What is left of the 1 % of requests that may be slow.",
                "1 - (1 - sum(increase(galen_request_duration_seconds_bucket"
                f'{{{MODELS_ASKED}, le="0.5"}}[30d])) '
                "/ sum(increase(galen_request_duration_seconds_count"
                f"{{{MODELS_ASKED}}}[30d]))) / 0.01",
                unit="percentunit",
                yellow=0.5,
                red=0,
                falls=True,
                width=6,
                runbook="GalenLatencyBudgetBurnsSlowly",
            ),
            Panel(
                "Failed",
                (
                    "Share of requests with 5xx, by window: short windows see it "
                    "first, long ones are sure."
                ),
                {
                    window: f"max(job:galen_failures:ratio_rate{window})"
                    for window in ("5m", "1h", "6h", "3d")
                },
                unit="percentunit",
                width=6,
                yellow=0.001,
                red=0.0144,
                runbook="GalenErrorBudgetBurnsFast",
            ),
            Panel(
                "Slow",
                "Share of requests that took longer than 0.5 s, by window.",
                {
                    window: f"max(job:galen_slow:ratio_rate{window})"
                    for window in ("5m", "1h", "6h", "3d")
                },
                unit="percentunit",
                width=6,
                yellow=0.01,
                red=0.144,
                runbook="GalenLatencyBudgetBurnsFast",
            ),
        ],
    ),
    (
        "What fires",
        [
            Panel(
                "Alerts",
                "Each has its runbook under its name in docs/operations.md.",
                {
                    "": "sort_desc(count by (alertname, severity, job, instance) "
                    '(ALERTS{alertstate="firing", severity=~"page|ticket"}))'
                },
                kind="table",
                width=12,
            ),
            Panel(
                "Versions",
                "What runs where: two versions of galen at once are a rollout, or a forgotten one.",
                {"": "sum by (job, role, version) (galen_build_info)"},
                kind="table",
                width=12,
            ),
        ],
    ),
    (
        "Load and what it takes",
        [
            Panel(
                "Requests",
                "By role: what came to listen.http of each process that answers clients.",
                {
                    "{{job}} {{route}}": (
                        f"sum by (job, route) "
                        f"(rate(galen_requests_total{{{MODELS_ASKED}}}[$__rate_interval]))"
                    )
                },
                unit="reqps",
            ),
            Panel(
                "Processors",
                "Cores that each process takes.",
                {
                    "{{job}} {{instance}}": "rate(process_cpu_seconds_total"
                    '{job=~"galen.*"}[$__rate_interval])'
                },
            ),
            Panel(
                "Memory",
                "Share of what it may take. At 1 the kernel kills it.",
                {"{{job}} {{instance}}": "instance:process_resident_memory:ratio"},
                unit="percentunit",
                yellow=0.75,
                red=0.9,
                runbook="GalenMemoryHigh",
            ),
            Panel(
                "Up for",
                "Since each process began; a saw is a crash loop.",
                {"{{job}} {{instance}}": 'time() - process_start_time_seconds{job=~"galen.*"}'},
                unit="s",
                width=12,
                runbook="GalenRestarts",
            ),
            Panel(
                "Image workers lost",
                "Each with the image that it had: an hour's worth.",
                {"{{instance}}": "increase(galen_image_workers_lost_total[1h])"},
                width=12,
                red=3,
                runbook="GalenImageWorkersLost",
            ),
        ],
    ),
]
