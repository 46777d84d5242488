// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins h2spec, which has no module of its own, and what it is built from.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
