# SPDX-License-Identifier: Apache-2.0
"""A conformance kit for the Open Inference Protocol v2 over HTTP: see README.md."""
VERSION = "1.0"
