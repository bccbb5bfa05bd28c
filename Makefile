# The two commands of the README: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
BENCH_SETS ?= bench
MODEL ?=

.PHONY: setup demo test lint bench-quality bench-scoring constraints

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	# torch first and alone: the pinned version has a CPU build, a range would not
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

setup: .venv/.installed

demo: setup
	$(BIN)/frames demo

lint: setup
	$(BIN)/ruff check pipeline tests
	$(BIN)/ruff format --check pipeline tests
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest

# Ours against rivals on every set below a folder: make bench-quality BENCH_SETS=path
bench-quality: setup
	$(BIN)/python -m pipeline.benchmarks.quality $(BENCH_SETS)

# Speed of scoring against transformers.pipeline, in one run on this machine
bench-scoring: setup
	$(BIN)/python -m pipeline.benchmarks.scoring_speed $(if $(MODEL),--model $(MODEL))

# Newest versions that pyproject.toml allows, as pins; run the tests before committing them
constraints:
	rm -rf .venv-pins && $(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet torch==2.13.0
	.venv-pins/bin/python -m pip install --quiet --editable '.[dev]'
	echo '# The whole tree as it was tested. Made by: make constraints' > constraints.txt
	.venv-pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >> constraints.txt
	rm -rf .venv-pins
