# SPDX-License-Identifier: Apache-2.0
"""Traffic, failures, latency, saturation, and who is asked behind it."""

from panels import Panel, quantiles, rate

MODELS_ASKED = 'route=~"infer|v2_infer"'
JOB = 'job=~"$job", instance=~"$instance"'

ROWS = [
    (
        "Traffic and failures",
        [
            Panel(
                "Requests by status",
                "All operations. 4xx is what clients sent, 5xx is us or what we ask.",
                {"{{status}}": rate("galen_requests_total", JOB, "status")},
                unit="reqps",
                stacked=True,
            ),
            Panel(
                "Requests by operation",
                "As /openapi.json names them; none: by no operation of it.",
                {"{{route}}": rate("galen_requests_total", JOB, "route") + " > 0"},
                unit="reqps",
                stacked=True,
            ),
            Panel(
                "Failures",
                "5xx by operation and status: 502 and 503 are upstreams, 504 time, 500 us.",
                {
                    "{{route}} {{status}}": rate(
                        "galen_requests_total", JOB + ', status=~"5.."', "route, status"
                    )
                },
                unit="reqps",
                stacked=True,
                runbook="GalenErrorBudgetBurnsFast",
            ),
        ],
    ),
    (
        "Latency",
        [
            Panel(
                "Requests for a model's answer",
                "From the head of a request to its answer.",
                quantiles("galen_request_duration_seconds", f"{JOB}, {MODELS_ASKED}"),
                unit="s",
                red=0.5,
                runbook="GalenLatencyBudgetBurnsFast",
            ),
            Panel(
                "Phases, p99",
                "Which part is slow: preprocess, infer (the engine) or audit (the record).",
                {
                    "{{phase}}": "histogram_quantile(0.99, sum by (le, phase) "
                    f"(rate(galen_phase_duration_seconds_bucket{{{JOB}}}[$__rate_interval])))"
                },
                unit="s",
            ),
            Panel(
                "Phases, mean time of a request",
                "Waited for each, on average.",
                {
                    "{{phase}}": f"{rate('galen_phase_duration_seconds_sum', JOB, 'phase')} / "
                    f"{rate('galen_phase_duration_seconds_count', JOB, 'phase')}"
                },
                unit="s",
                stacked=True,
            ),
        ],
    ),
    (
        "Saturation",
        [
            Panel(
                "Under way",
                "Requests that were taken on, against all that came.",
                {
                    "taken on {{instance}}": f"galen_requests_under_way{{{JOB}}}",
                    "in flight {{instance}}": f"galen_requests_in_flight{{{JOB}}}",
                },
                runbook="GalenSheds",
            ),
            Panel(
                "Not taken on",
                (
                    "rate: one caller's doing; concurrency: one route's; "
                    "capacity, bodies, lag: too little of galen."
                ),
                {"{{route}} {{reason}}": rate("galen_shed_total", JOB, "route, reason")},
                unit="reqps",
                stacked=True,
                runbook="GalenSheds",
            ),
            Panel(
                "Bodies under way",
                "As limits.bodies_size_bytes counts them.",
                {"{{instance}}": f"galen_bodies_under_way_bytes{{{JOB}}}"},
                unit="bytes",
            ),
            Panel(
                "Connections",
                "Open, and opened a second.",
                {
                    "open {{instance}}": f"galen_connections_open{{{JOB}}}",
                    "opened/s {{instance}}": "rate(galen_connections_accepted_total"
                    f"{{{JOB}}}[$__rate_interval])",
                },
            ),
            Panel(
                "Machine's processors busy",
                "Of each machine, 0 to 1.",
                {"{{instance}}": f"nv_cpu_utilization{{{JOB}}}"},
                unit="percentunit",
                yellow=0.8,
                red=0.95,
            ),
            Panel(
                "Machine's memory used",
                "Of each machine; galen's own is in the overview.",
                {
                    "{{instance}}": (
                        f"nv_cpu_memory_used_bytes{{{JOB}}} / nv_cpu_memory_total_bytes{{{JOB}}}"
                    )
                },
                unit="percentunit",
                yellow=0.8,
                red=0.95,
            ),
        ],
    ),
    (
        "Upstreams",
        [
            Panel(
                "In rotation",
                "Event loops that take an endpoint for ready; all at 0: nobody to ask.",
                {
                    "{{service}} {{endpoint}}": (
                        f"sum by (service, endpoint) (galen_upstream_in_rotation{{{JOB}}})"
                    )
                },
                runbook="GalenNobodyInRotation",
            ),
            Panel(
                "Attempts that failed",
                "By what became of them; clients see only what no retry mended.",
                {
                    "{{service}} {{endpoint}} {{outcome}}": rate(
                        "galen_upstream_attempts_total",
                        JOB + ', outcome!="ok"',
                        "service, endpoint, outcome",
                    )
                },
                unit="reqps",
                stacked=True,
                runbook="GalenRetriesMany",
            ),
            Panel(
                "Retries",
                (
                    "Attempts beyond the first; delayed: the budget was spent; "
                    "nobody: no endpoint to ask."
                ),
                {
                    "retries {{service}}": rate("galen_upstream_retries_total", JOB, "service"),
                    "delayed {{service}}": rate("galen_upstream_retries_delayed_total", JOB, "service"),
                    "nobody {{service}}": rate("galen_upstream_unavailable_total", JOB, "service"),
                },
                unit="reqps",
                runbook="GalenRetriesMany",
            ),
            Panel(
                "Pending",
                "Attempts under way at each endpoint: uneven is a slow one.",
                {
                    "{{service}} {{endpoint}}": (
                        f"sum by (service, endpoint) (galen_upstream_pending{{{JOB}}})"
                    )
                },
                width=12,
            ),
            Panel(
                "Set aside",
                "Event loops that ejected it, and how often in an hour.",
                {
                    "now {{endpoint}}": f"sum by (endpoint) (galen_upstream_ejected{{{JOB}}})",
                    "1 h {{endpoint}}": (
                        f"sum by (endpoint) (increase(galen_upstream_ejections_total{{{JOB}}}[1h]))"
                    ),
                },
                width=12,
                runbook="GalenEndpointEjected",
            ),
        ],
    ),
]
