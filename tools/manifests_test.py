# SPDX-License-Identifier: Apache-2.0
"""Each kind of manifest that is wrong is refused, by the tool that knows; one that is right is not."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import manifests

TOOLS = pathlib.Path(__file__).parent
DOCKERFILE = """FROM debian:13.2-slim
COPY galen /usr/bin/galen
USER 65532
HEALTHCHECK CMD ["/usr/bin/galen", "health"]
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: galen, namespace: galen}
spec:
  ports: [{port: 8000}]
  selector: {app: galen}
"""
WORKFLOW = """name: test
on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""
RULES = """groups:
  - name: galen
    rules:
      - {record: "galen:up:sum", expr: sum(up)}
"""
RULE_TEST = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - input_series: [{series: up, values: "1 1"}]
    promql_expr_test:
      - {expr: "galen:up:sum", eval_time: 1m, exp_samples: [{labels: "galen:up:sum", value: 1}]}
"""


def needs(*names):
    """Skips where a tool is not installed: tools/bootstrap --tests --manifests."""
    missing = []
    for name in names:
        try:
            manifests.tool(name)
        except (manifests.Missing, manifests.Skipped):
            missing.append(name)
    return unittest.skipIf(missing, f"{', '.join(missing)} not installed")


class Manifests(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def verdict(self, *looks):
        subprocess.run(["git", "add", "--all"], cwd=self.root, check=True)
        done = subprocess.run([sys.executable, TOOLS / "manifests.py", *looks], check=False, text=True,
                              capture_output=True, env=os.environ | {"GALEN_TREE": str(self.root)})
        return done.returncode, done.stdout + done.stderr

    def assert_refused(self, look, why):
        status, said = self.verdict(look)
        self.assertEqual(status, 1, said)
        self.assertIn(why, said)

    def assert_accepted(self, *looks):
        status, said = self.verdict(*looks)
        self.assertEqual(status, 0, said)
        self.assertIn(f"{len(looks)} passed, 0 failed", said)


class Files(Manifests):
    def test_a_tree_without_manifests_is_accepted(self):
        self.assertEqual(self.verdict()[0], 0)

    def test_what_is_not_in_git_is_not_looked_at(self):
        self.write(".gitignore", "deploy\n")
        self.write("deploy/x.json", "{")
        self.assertEqual(self.verdict()[0], 0)

    def test_json_that_cannot_be_read_is_refused(self):
        self.write("deploy/grafana/dashboards/a.json", '{"title": }')
        self.assert_refused("json", "deploy/grafana/dashboards/a.json: ")

    def test_json_with_a_name_twice_is_refused(self):
        self.write("deploy/a.json", '{"a": 1, "a": 2}')
        self.assert_refused("json", "a is there twice")

    @needs("yamllint")
    def test_yaml_with_a_key_twice_is_refused(self):
        self.write("k8s.yaml", "a: 1\na: 2\n")
        self.assert_refused("yamllint", 'duplication of key "a"')


class Suppressions(Manifests):
    def test_a_suppression_without_a_reason_is_refused(self):
        for name, line in (("Dockerfile", "# hadolint ignore=DL3008"),
                           ("Dockerfile", "# hadolint global ignore=DL3008"),
                           ("Dockerfile", "# checkov:skip=CKV_DOCKER_2"),
                           ("Dockerfile", "# checkov:skip=CKV_DOCKER_2: no"),
                           ("k8s.yaml", "checkov.io/skip1: CKV_K8S_43="),
                           ("k8s.yaml", "kube-score/ignore: pod-networkpolicy"),
                           ("deploy/x/kustomization.yaml", "path: /metadata/kube-score~1ignore"),
                           ("docker-compose.yaml", "# yamllint disable-line rule:colons"),
                           ("deploy/a.sh", "# shellcheck disable=SC2086")):
            with self.subTest(line):
                self.write(name, f"\n{line}\n")
                self.assert_refused("suppressions", f"{name}:2: a suppression without its reason")
                (self.root / name).unlink()

    def test_a_suppression_with_its_reason_is_accepted(self):
        for line in ("# Debian keeps no old versions.\n# hadolint ignore=DL3008",
                     "# checkov:skip=CKV_DOCKER_2:Kubernetes asks by probes",
                     "checkov.io/skip1: CKV_K8S_43=digests come with a release",
                     "kube-score/ignore: pod-networkpolicy  # policies select by namespace",
                     "# shellcheck disable=SC2086 # a list of words"):
            with self.subTest(line):
                self.write("k8s.yaml", f"{line}\n")
                self.assert_accepted("suppressions")

    def test_one_reason_is_not_for_two_suppressions(self):
        self.write("Dockerfile", "# the reason of one\n# hadolint ignore=DL3008\n"
                   "# hadolint ignore=DL3015\n")
        self.assert_refused("suppressions", "Dockerfile:3: ")

    def test_a_suppression_far_from_what_it_is_about_is_refused(self):
        for name in (".hadolint.yaml", ".checkov.yaml", ".yamllint", ".github/actionlint.yaml"):
            with self.subTest(name):
                self.write(name, "x: y\n")
                self.assert_refused("suppressions", f"{name}: suppressions belong beside")
                (self.root / name).unlink()


class Images(Manifests):
    @needs("hadolint", "checkov")
    def test_a_good_dockerfile_is_accepted(self):
        self.write("Dockerfile", DOCKERFILE)
        self.assert_accepted("hadolint", "checkov")

    @needs("hadolint")
    def test_hadolint_refuses_an_image_without_a_version(self):
        self.write("Dockerfile", DOCKERFILE.replace(":13.2-slim", ""))
        self.assert_refused("hadolint", "DL3006")

    @needs("checkov")
    def test_checkov_refuses_an_image_that_runs_as_root(self):
        self.write("Dockerfile", DOCKERFILE.replace("USER 65532\n", ""))
        self.assert_refused("checkov", "CKV_DOCKER_3")

    @needs("docker-compose")
    def test_compose_refuses_a_key_that_it_does_not_know(self):
        self.write("docker-compose.yaml", "services:\n  gateway:\n    image: galen\n")
        self.assert_accepted("compose")
        self.write("docker-compose.yaml", "services:\n  gateway:\n    imagine: galen\n")
        self.assert_refused("compose", "imagine")

    @needs("docker-compose")
    def test_compose_refuses_what_is_put_on_top(self):
        self.write("docker-compose.yaml", "services:\n  gateway:\n    image: galen\n")
        self.write("deploy/compose/more.yaml", "services:\n  gateway:\n    ports: [nowhere]\n")
        self.assert_refused("compose", "nowhere")


class Kubernetes(Manifests):
    @needs("kubernetes-validate")
    def test_a_field_that_kubernetes_does_not_know_is_refused(self):
        self.write("k8s.yaml", SERVICE)
        self.assert_accepted("kubernetes")
        self.write("k8s.yaml", SERVICE.replace("selector", "selektor"))
        self.assert_refused("kubernetes", "selektor")

    @needs("kube-score")
    def test_kube_score_refuses_a_service_without_pods(self):
        self.write("k8s.yaml", SERVICE)
        self.assert_refused("kube-score", "Service Targets Pod")

    @needs("checkov")
    def test_checkov_refuses_the_default_namespace(self):
        self.write("k8s.yaml", SERVICE.replace(", namespace: galen", ""))
        self.assert_refused("checkov", "CKV_K8S_21")

    @needs("kustomize", "kubernetes-validate")
    def test_an_overlay_is_built_and_looked_at(self):
        self.write("deploy/kustomize/demo/kustomization.yaml", "resources: [service.yaml]\n")
        self.write("deploy/kustomize/demo/service.yaml", SERVICE)
        self.assert_accepted("kustomize", "kubernetes")
        self.write("deploy/kustomize/demo/service.yaml", SERVICE.replace("selector", "selektor"))
        self.verdict("kustomize")
        self.assert_refused("kubernetes", "selektor")

    @needs("kustomize")
    def test_an_overlay_that_cannot_be_built_is_refused(self):
        self.write("deploy/kustomize/demo/kustomization.yaml", "resources: [gone.yaml]\n")
        self.assert_refused("kustomize", "gone.yaml")


class Workflows(Manifests):
    @needs("actionlint", "checkov")
    def test_a_good_workflow_is_accepted(self):
        self.write(".github/workflows/test.yml", WORKFLOW)
        self.assert_accepted("actionlint", "checkov")

    @needs("actionlint")
    def test_actionlint_refuses_what_a_stranger_may_inject(self):
        self.write(".github/workflows/test.yml",
                   WORKFLOW.replace("make test", "echo '${{ github.event.issue.title }}'"))
        self.assert_refused("actionlint", "potentially untrusted")

    @needs("checkov")
    def test_checkov_refuses_a_workflow_that_may_write_everything(self):
        self.write(".github/workflows/test.yml",
                   WORKFLOW.replace("permissions: {}", "permissions: write-all"))
        self.assert_refused("checkov", "CKV2_GHA_1")


@needs("promtool")
class Prometheus(Manifests):
    def test_a_configuration_that_prometheus_cannot_read_is_refused(self):
        self.write("deploy/prometheus/prometheus.yml", "scrape_configs:\n  - jobname: galen\n")
        self.assert_refused("prometheus", "jobname")

    def test_targets_in_kubernetes_are_no_reason_to_refuse(self):
        good = ("scrape_configs:\n  - job_name: galen\n    kubernetes_sd_configs:\n"
                "      - role: pod\n    honor_labels: true\n")
        self.write("deploy/prometheus/kubernetes.yml", good)
        self.assert_accepted("prometheus")
        self.write("deploy/prometheus/kubernetes.yml", good.replace("honor", "honour"))
        self.assert_refused("prometheus", "honour_labels")

    def test_a_rule_that_cannot_be_read_is_refused(self):
        self.write("deploy/prometheus/rules.yml", RULES.replace("sum(up)", "sum(up"))
        self.assert_refused("rules", "deploy/prometheus/rules.yml")

    def test_a_test_of_rules_that_fails_is_refused(self):
        self.write("deploy/prometheus/rules.yml", RULES)
        self.write("deploy/prometheus/rules_test.yml", RULE_TEST)
        self.assert_accepted("rules", "rule-tests")
        self.write("deploy/prometheus/rules_test.yml", RULE_TEST.replace("value: 1", "value: 2"))
        self.assert_refused("rule-tests", "FAILED")


if __name__ == "__main__":
    unittest.main()
