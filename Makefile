# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:

# The collection in this checkout, whatever collections the machine has.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
# The demo and the tests run on localhost, which needs no inventory.
export ANSIBLE_LOCALHOST_WARNING := false
export ANSIBLE_INVENTORY_UNPARSED_WARNING := false
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The scenarios to run; "make molecule SCENARIOS=default" runs one.
SCENARIOS ?= $(patsubst extensions/molecule/%/molecule.yml,%,$(wildcard extensions/molecule/*/molecule.yml))

.PHONY: help
help: ## Say what "make" can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

.PHONY: demo
demo: .venv/demo.stamp ## Run a small fleet on this machine (needs no root)
	@ansible-playbook playbooks/demo.yml

.PHONY: test
test: .venv/test.stamp ## Run the unit and the conformance tests
	@python -m pytest $(PYTEST)

.PHONY: molecule
molecule: .venv/test.stamp ## Run the roles on systemd containers (needs root and podman)
	@tests/bed/scenarios $(SCENARIOS)

.PHONY: docs
docs: .venv/test.stamp ## Write the pages that are made from the code
	@PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH):tests python docs/arguments.py

.PHONY: bench
bench: .venv/test.stamp ## Run the benchmarks
	@python -m pytest tests/benchmarks $(PYTEST)

.PHONY: lint
lint: .venv/test.stamp ## Run every linter
	yamllint --strict .
	ruff check .
	mypy plugins
	antsibull-changelog lint
	ansible-lint --offline

.PHONY: clean
clean: ## Remove what the other targets made
	@[ ! -d .bed ] || tests/bed/bed clean
	rm -rf .ansible .bed .cache .demo .venv .mypy_cache .ruff_cache .hypothesis docs/build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo.stamp: tests/requirements-demo.txt tests/setup/environment
	@tests/setup/environment demo

.venv/test.stamp: .venv/demo.stamp tests/requirements.txt
	@tests/setup/environment test
