# SPDX-License-Identifier: Apache-2.0
# What people and CI type. Each target installs what it needs first (tools/bootstrap).
.PHONY: build run test bench conformance compose-test faults soak evidence fuzz lint format models sbom clean help deps manifests cluster-test

PYTHON = /usr/bin/python3
SECONDS = 60
BENCHES = http_echo ort_floor json_tensor tokenizer image audit schema upstream
RELEASE = -Doptimization=2 -Ddebug=true -Db_lto=true -Db_pie=true

build: deps build/build.ninja ## build the program: build/galen
	ninja -C build galen

run: build ## build and serve the sample models on 127.0.0.1:8000
	@exec build/galen serve --set mode=demo

test: ## every check and test, quickest first
	@tools/bootstrap --tests --security --manifests
	@$(PYTHON) tools/test.py

bench: build ## measure, and write docs/benchmarks.md
	@tools/bootstrap --bench
	ninja -C build $(BENCHES:%=tests/bench/%_bench)
	tests/bench/run
	@tools/site_figures.py

conformance: build ## hold galen, Triton and MLServer to v2, and write docs/conformance.md
	@tools/bootstrap --tests --conformance
	cd tests && PYTHONPATH=support ../.deps/venv/bin/python -m conformance.publish

compose-test: ## bring up docker-compose.yaml with Docker, and try what it promises
	@tools/bootstrap --tests
	.deps/venv/bin/python -m pytest -q -p no:cacheprovider tests/compose

faults: build ## kill, stop, cut and mislead servers under load, and write docs/resilience.md
	@tools/bootstrap --tests
	.deps/venv/bin/python tests/faults/publish.py

soak: build ## ten minutes of load and faults: memory and open files stay flat
	@tools/bootstrap --tests
	.deps/venv/bin/python tests/faults/soak.py

evidence: build ## run the tests that SECURITY.md names, and write build-test/evidence.md
	@tools/bootstrap --tests
	ninja -C build
	@$(PYTHON) tools/evidence.py

cluster-test: build ## the manifests in the cluster of KUBECONFIG; deletes its namespace galen
	@tools/bootstrap --tests
	.deps/venv/bin/python -m pytest -c tests/cluster/pytest.ini tests/cluster

manifests: ## copy the Kubernetes files of this folder to where kustomize reads them
	cp k8s.yaml preprocessor.yaml hpa.yaml deploy/kustomize/base/

fuzz: ## fuzz each target for SECONDS=60
	@tools/bootstrap --tests
	@tools/fuzz $(SECONDS)

lint: ## format, layers, banned calls, headers, manifests, clang-tidy
	@tools/bootstrap --tests --manifests
	@$(PYTHON) tools/test.py --lint

format: ## rewrite the C sources in the house format
	@tools/bootstrap --tests
	find src include tests -name '*.[ch]' -exec .deps/lint/bin/clang-format -i {} +

models: ## train the sample models again
	@tools/bootstrap --models
	train/run

sbom: build ## a bill of materials of the program: build/sbom.cdx.json
	@tools/sbom.py >build/sbom.cdx.json

clean: ## remove what was built, keep what was downloaded
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

deps:
	@tools/bootstrap

build/build.ninja:
	meson setup build $(RELEASE)
