#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a page does not hold what a program prints. usage: check_holds.py PAGE TEXT"""
import pathlib
import sys

page, text = map(pathlib.Path, sys.argv[1:])
if text.read_text() not in page.read_text():
    sys.exit(f"{page} does not hold {text}: put it there")
