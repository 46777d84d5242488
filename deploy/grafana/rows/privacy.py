# SPDX-License-Identifier: Apache-2.0
"""Who was kept out, whether records are kept, and what they say."""

from panels import LOKI, Panel, rate, stat

OF_JOB = 'job=~"$job"'

ROWS = [
    (
        "Who was kept out",
        [
            stat(
                "Keys of the issuer",
                "0: nobody gets in.",
                "min(galen_jwks_keys)",
                red=1,
                yellow=1,
                falls=True,
                runbook="GalenKeysGone",
            ),
            stat(
                "Age of the keys",
                "At 24 hours they are gone.",
                "max(galen_jwks_age_seconds)",
                unit="s",
                yellow=3600,
                red=7200,
                runbook="GalenKeysStale",
            ),
            stat(
                "On the deny list, 24 hours",
                "Who is revoked and still tries: a lost device is in use.",
                'sum(increase(galen_auth_refusals_total{reason="denied"}[24h]))',
                red=1,
                runbook="GalenRevokedCaller",
            ),
            stat(
                "Look forged, 24 hours",
                "Wrong signatures, algorithms or bindings, tokens in URLs.",
                "sum(increase(galen_auth_refusals_total"
                '{reason=~"alg-none|alg|crit|signature|binding|token-in-url"}[24h]))',
                yellow=1,
                red=10,
                runbook="GalenForgedTokens",
            ),
            stat(
                "Certificate ends in",
                "The first of ours to end.",
                "min(galen_tls_certificate_expires_seconds - time())",
                unit="s",
                yellow=7 * 86400,
                red=86400,
                falls=True,
                runbook="GalenCertificateEndsSoon",
            ),
            stat(
                "TLS that came to nothing, 1 hour",
                "Of clients and of peers.",
                "sum(increase(galen_tls_refused_total[1h]))",
                yellow=10,
                runbook="GalenTlsRefused",
            ),
            Panel(
                "Callers not let in",
                "By the word for it in docs/auth.md.",
                {"{{reason}}": rate("galen_auth_refusals_total", OF_JOB, "reason") + " > 0"},
                unit="reqps",
                stacked=True,
                width=12,
                runbook="GalenForgedTokens",
            ),
            Panel(
                "The issuer's keys",
                "How fetching them went; passed over: keys of the set that are of no use.",
                {
                    "{{result}}": "sum by (result) (increase(galen_jwks_fetches_total[1h]))",
                    "not asked again": "sum(increase(galen_jwks_wishes_refused_total[1h]))",
                    "passed over, {{reason}}": "max by (reason) (galen_jwks_keys_passed_over)",
                },
                width=12,
                runbook="GalenKeysUnusable",
            ),
        ],
    ),
    (
        "The audit trail",
        [
            stat(
                "Records can be kept",
                "0: requests are refused.",
                "min(galen_audit_available)",
                yellow=1,
                falls=True,
                runbook="GalenAuditUnavailable",
            ),
            stat(
                "Folders that take records",
                "Of all.",
                "sum(galen_audit_sink_up) / count(galen_audit_sink_up)",
                unit="percentunit",
                yellow=1,
                red=0.5,
                falls=True,
                runbook="GalenAuditSinkDown",
            ),
            stat(
                "Least space left",
                "Of the disks that trails are on.",
                "min(galen_audit_sink_free_bytes)",
                unit="bytes",
                yellow=20e9,
                red=1e9,
                falls=True,
                runbook="GalenAuditDiskFull",
            ),
            stat(
                "Records not kept, 24 hours",
                "Their requests were refused.",
                "sum(increase(galen_audit_refused_total[24h]))",
                red=1,
                runbook="GalenAuditRefuses",
            ),
            stat(
                "Checkpoints not witnessed, 24 hours",
                "What happens to the trail then can be denied.",
                "sum(increase(galen_audit_unwitnessed_checkpoints_total[24h]))",
                red=1,
                runbook="GalenAuditUnwitnessed",
            ),
            stat(
                "Waiting for the disk",
                "Records.",
                "sum(galen_audit_waiting)",
                yellow=100,
                red=1000,
                runbook="GalenAuditSlow",
            ),
            Panel(
                "Records",
                "Durable ones, and those that could not be made so.",
                {
                    "{{job}} {{instance}}": rate("galen_audit_records_total", OF_JOB, "job, instance"),
                    "refused {{instance}}": rate("galen_audit_refused_total", OF_JOB, "instance"),
                },
                unit="ops",
            ),
            Panel(
                "Time to be durable",
                (
                    "Of a group of records that is written and synced at once. "
                    "Every answer waits for it."
                ),
                {"{{job}} {{instance}}": 'instance:galen_audit_commit_seconds:mean5m{job=~"$job"}'},
                unit="s",
                yellow=0.05,
                red=0.1,
                runbook="GalenAuditSlow",
            ),
            Panel(
                "Records of a group",
                "More under load: the disk is what it waits for.",
                {
                    "{{job}} {{instance}}": rate("galen_audit_records_total", OF_JOB, "job, instance")
                    + " / "
                    + rate("galen_audit_commits_total", OF_JOB, "job, instance")
                },
            ),
        ],
    ),
    (
        "What the records say",
        [
            Panel(
                "Requests by outcome",
                "As the trail of who answers clients has them.",
                {
                    "{{event}} {{outcome}}": "sum by (event, outcome) "
                    '(count_over_time({job="galen-audit", '
                    'service=~"gateway|serve", outcome!=""} [$__auto]))'
                },
                source=LOKI,
                width=12,
                stacked=True,
            ),
            Panel(
                "Values hidden by policies",
                "Of answers, by policy.",
                {
                    "{{redact_policy}}": 'sum by (redact_policy) (sum_over_time({job="galen-audit", '
                    'service=~"gateway|serve"} | json '
                    'redact_policy="redact.policy", redact_count="redact.count" '
                    '| redact_policy!="" | unwrap redact_count [$__auto]))'
                },
                source=LOKI,
                width=12,
                stacked=True,
            ),
            Panel(
                "Releases",
                "Who moved what: promote, rollback, canary, disable, enable.",
                {"": '{job="galen-audit", service="model"} | json'},
                source=LOKI,
                kind="logs",
                width=12,
            ),
            Panel(
                "Checkpoints",
                (
                    "Signed notes as they were collected: a copy that the "
                    "machine's administrators cannot change."
                ),
                {"": '{job="galen-checkpoints"}'},
                source=LOKI,
                kind="logs",
                width=12,
            ),
            Panel(
                "Warnings and errors of all processes",
                "The operations log, which names no caller and no payload.",
                {"": '{job="galen-logs", level=~"warn|error"}'},
                source=LOKI,
                kind="logs",
                width=24,
            ),
        ],
    ),
]
