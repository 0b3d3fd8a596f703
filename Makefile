# make run    set up what is missing, then run everything with a demo fleet
# make test   every test: unit, integration, journeys in a browser, frontend
# make check  style, types, imports, migrations
# make bench  measure the speed; make wheel  build dist/*.whl
.PHONY: setup run test check bench wheel services
.DELETE_ON_ERROR:

PY := .venv/bin/python
# Commands of the virtual environment first: Node may be one of them.
export PATH := $(CURDIR)/.venv/bin:$(or $(PATH),/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
FRONTEND_FILES := $(shell find frontend -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
BUILT := powerdash/web/static/dist/manifest.json

setup: .setup/python .setup/npm $(BUILT)

run: setup
	@exec .venv/bin/powerdash up --demo

test: setup services
	.venv/bin/pytest -q -n auto tests/unit tests/integration
	.venv/bin/pytest -q -n auto tests/journeys  # a browser's loop suits no other test
	cd frontend && npm test --silent
	tests/services oldest .venv/bin/pytest -q -n auto tests/integration

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check powerdash tests
	.venv/bin/mypy
	.venv/bin/lint-imports
	POWERDASH_DATA_DIR=.setup/data $(PY) -W ignore::RuntimeWarning -m django \
	  makemigrations --check --dry-run --settings powerdash.settings
	cd frontend && npm run --silent check

bench: setup
	$(PY) -m tests.bench
	$(PY) -m tests.bench.telemetry

wheel: setup
	$(PY) -m hatchling build -t wheel

services:
	tests/services start

.setup/python: requirements-dev.txt pyproject.toml
	@mkdir -p .setup
	tools/python
	@touch $@

.setup/npm: frontend/package.json frontend/package-lock.json .setup/python
	tools/node
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILT): .setup/npm $(FRONTEND_FILES)
	cd frontend && npm run --silent build -- --logLevel warn
	@touch $@
