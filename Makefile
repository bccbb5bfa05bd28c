# The two commands of the README: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test lint

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	# torch first and alone: the pinned version has a CPU build, a range would not
	$(BIN)/python -m pip install --quiet torch==2.13.0
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
