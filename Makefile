# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:

# Use the collection in this checkout, whatever collections are installed.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
# The demo and the tests run on localhost, which needs no inventory.
export ANSIBLE_LOCALHOST_WARNING := false
export ANSIBLE_INVENTORY_UNPARSED_WARNING := false
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The scenarios to run; "make molecule SCENARIOS=default" runs one. LONG are too slow for CI; "make nightly" runs them.
LONG := conformance forky fronts handovers platforms
SCENARIOS ?= $(filter-out $(LONG),$(patsubst extensions/molecule/%/molecule.yml,%,$(wildcard extensions/molecule/*/molecule.yml)))

.PHONY: help
help: ## Say what "make" can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

.PHONY: demo
demo: .venv/demo.stamp ## Run a small fleet on this machine (needs no root); HOLD=1 keeps it up until Enter is pressed
	@ansible-playbook playbooks/demo.yml $(if $(HOLD),--extra-vars=demo_hold=true)

# Four at once on any machine, since the tests mostly wait.
TESTS := python -m pytest -n 4 --dist worksteal

.PHONY: test
test: .venv/test.stamp ## Run the unit and the conformance tests
	@$(TESTS) -m "not long"

.PHONY: molecule
molecule: .venv/test.stamp ## Run the roles on systemd containers (needs root and podman)
	@tests/bed/scenarios $(SCENARIOS)

.PHONY: docs
docs: .venv/test.stamp ## Build the documentation site, offline
	@PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH):tests python docs/arguments.py
	@python docs/board.py
	@PYTHONPATH=tests python docs/upgrading.py
	@docs/site

.PHONY: bench
bench: .venv/bench.stamp ## Run the benchmarks
	@PYTHONPATH=tests:$(ANSIBLE_COLLECTIONS_PATH) python -m benchmarks $(BENCH)

# The slowest first, for "make -j2 -O lint".
LINTS := lint-sanity-2.19 lint-tarball lint-code lint-docs
# The oldest ansible-core finds little that a newer one doesn't, so only "make nightly" uses it.
OLDER := lint-sanity-2.18

.PHONY: lint $(LINTS) $(OLDER)
lint: $(LINTS) ## Run every linter and check
$(LINTS) $(OLDER): .venv/test.stamp

$(filter lint-sanity-%,$(LINTS) $(OLDER)): lint-sanity-%:
	@tests/sanity/run $*

lint-tarball:
	@tests/release/tarball check

lint-code:
	yamllint --strict .
	ruff check .
	mypy
	vermin --quiet --no-tips --violations --target=3.8- plugins/module_utils plugins/modules
	PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH) lint-imports --no-cache
	ansible-lint --offline
	shellcheck $$(git ls-files ':!*.j2' | xargs grep -lE '^#!/bin/sh')
	reuse lint --lines

lint-docs:
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --check-extra-docs-refs --validate-collection-refs=all \
	  --disallow-unknown-collection-refs .
	docs/site

.PHONY: matrix
matrix: .venv/test.stamp ## Run tests on every Python and ansible-core that is supported
	@tests/matrix/run

# One part of the matrix, such as matrix-python-3.8 or matrix-core-2.21.
matrix-%: .venv/test.stamp
	@tests/matrix/run $*

# The sample is always the same. This many mutants take less than a minute.
MUTANTS := 80

.PHONY: mutants
mutants: .venv/test.stamp ## Change the pure code in some places, and see that the tests notice
	@PYTHONPATH=tests:$(ANSIBLE_COLLECTIONS_PATH) python -m mutation --sample $(MUTANTS)

.PHONY: model
model: ## Check the order of runs with a model of routers, nodes and lost datagrams (needs spin)
	@tests/model/run

# Inputs per target; "make fuzz FUZZ='stats ini'" runs only some targets.
COUNT := 1000

.PHONY: fuzz
fuzz: .venv/test.stamp ## Give whatever reads strangers' text a lot of it, valid and not
	@PYTHONPATH=tests:$(ANSIBLE_COLLECTIONS_PATH) python -m hostile.fuzz $(COUNT) $(FUZZ)

# Runs per case; "make races RACES='drain keys'" runs only some cases.
races: COUNT := 100

.PHONY: races
races: .venv/test.stamp ## Run modules against another user who changes its own files meanwhile (needs root)
	@PYTHONPATH=tests:$(ANSIBLE_COLLECTIONS_PATH) python -m hostile.races $(COUNT) $(RACES)

.PHONY: rulebook
rulebook: .venv/test.stamp ## Run the rulebook of Event-Driven Ansible on a live pool (needs Java)
	@TEST_RULEBOOK=$$(tests/setup/rulebook) python -m pytest tests/conformance/test_rulebook.py

.PHONY: nightly
nightly: .venv/bench.stamp ## All that takes too long for CI (needs root and podman)
	@$(MAKE) $(OLDER)
	@$(MAKE) fuzz COUNT=100000
	@$(MAKE) races COUNT=300
	@$(MAKE) rulebook
	@$(TESTS) -m long
	@PYTHONPATH=tests:$(ANSIBLE_COLLECTIONS_PATH) python -m mutation
	@tests/model/run nightly
	@$(MAKE) matrix
	@$(MAKE) bench
	@BED_EVERY=1 $(MAKE) molecule SCENARIOS="$(LONG) pool"

.PHONY: version
version: .venv/test.stamp ## Make the work tree VERSION=X.Y.Z, with its changelog
	@python tests/release/version.py set $(VERSION)

.PHONY: release
release: .venv/test.stamp ## Do all of a release but the upload
	@python tests/release/version.py check
	@$(MAKE) lint
	@tests/release/tarball install
	@echo "Now tag it, and: ansible-galaxy collection publish $$(ls .cache/release/*.tar.gz)"

.PHONY: clean
clean: ## Remove what the other targets made
	@[ ! -d .bed ] || tests/bed/bed clean
	rm -rf .ansible .bed .cache .demo .venv .mypy_cache .ruff_cache .hypothesis docs/build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo.stamp: tests/requirements-demo.txt tests/setup/environment
	@tests/setup/environment demo

.venv/bench.stamp: .venv/test.stamp tests/requirements-bench.txt
	@tests/setup/environment bench

.venv/test.stamp: .venv/demo.stamp tests/requirements.txt tests/requirements-unit.txt
	@tests/setup/environment test
