# The two commands of the README: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
BENCH_SETS ?= bench
MODEL ?=
SECONDS ?= 60
LONG ?=
ONLY ?=
FUZZ ?= $(shell $(BIN)/python tests/fuzz_readers.py --list)

.PHONY: setup demo test faults torture fuzz test-lowest lint bench-quality bench-scoring bench-validity constraints lock licences dist-check offline-check

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

# A file of tests at a time in a process more than there are cores, since some wait for the disk or another program; each
# counts on one thread, or they would wait for one another
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
test: lint
	$(PYTEST) -m "not fault"

# Hostile files, commands and workers that are killed, disks that are full, clocks that jump, stores that go away, work of
# several processes and of a cluster: each in its short form, minutes
faults: setup
	$(PYTEST) -m fault

# Faults, hostile input and endurance in their long form; the figures stand at the end. Hours: TORTURE="-k fuzz" for a part
torture: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --long $(TORTURE) tests/test_torture_*.py tests/test_engines.py tests/test_cluster.py \
		tests/test_distributed_training.py

# Every reader fuzzed by coverage, SECONDS each; what is found stands in .venv-fuzz/found. atheris has wheels for few
# platforms and no part in anything else, so it stays out of pyproject.toml and of .venv: make fuzz SECONDS=300 FUZZ=rss
# A fault ends its target and not the others.
fuzz: setup
	test -d .venv-fuzz || $(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet atheris==3.0.0
	mkdir -p .venv-fuzz/found
	cd .venv-fuzz/found && faulty= && for target in $(FUZZ); do \
		PYTHONPATH=$(abspath $(wildcard .venv/lib/python3.*/site-packages)) OMP_NUM_THREADS=1 \
		../bin/python $(CURDIR)/tests/fuzz_readers.py --target $$target --seconds $(SECONDS) \
		|| faulty="$$faulty $$target"; done; test -z "$$faulty" || { echo "Faults in:$$faulty"; exit 1; }

# The same tests with the lowest versions that pyproject.toml allows; constraints.txt holds the newest
test-lowest: setup
	rm -rf .venv-lowest && $(PYTHON) -m venv .venv-lowest
	$(BIN)/uv pip compile --quiet pyproject.toml --extra ray --extra xlsx --extra cleanlab --extra llm --extra sweep \
		--resolution lowest --no-deps --no-header --no-annotate -o .venv-lowest/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet torch==2.13.0
	.venv-lowest/bin/python -m pip install --quiet --constraint .venv-lowest/lowest.txt --editable '.[dev]'
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -n auto --dist loadfile
	rm -rf .venv-lowest

# Ours against rivals on every set below a folder: make bench-quality BENCH_SETS=path
bench-quality: setup
	$(BIN)/python -m pipeline.benchmarks.quality $(BENCH_SETS)

# Speed of scoring against transformers.pipeline, in one run on this machine
bench-scoring: setup
	$(BIN)/python -m pipeline.benchmarks.scoring_speed $(if $(MODEL),--model $(MODEL))

# Do the printed figures mean what the documentation says? Simulations with known truth: claim, setting, measured,
# target. The short form takes under ten minutes; the long one fails if a target is missed: make bench-validity LONG=1
# One module of claims: ONLY=f1
bench-validity: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pipeline.benchmarks.validity $(if $(LONG),--long) $(if $(ONLY),--only $(ONLY))

# Newest versions that pyproject.toml allows, as pins; run the tests before committing them
constraints:
	rm -rf .venv-pins && $(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet torch==2.13.0
	.venv-pins/bin/python -m pip install --quiet --editable '.[dev]'
	echo '# The whole tree as it was tested. Made by: make constraints' > constraints.txt
	.venv-pins/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >> constraints.txt
	rm -rf .venv-pins

# What pip would install of constraints.txt on this platform, with hashes: for pip install --require-hashes -r
lock: setup
	rm -rf .venv-pins && mkdir .venv-pins
	$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --constraint constraints.txt \
		--report .venv-pins/report.json .
	$(BIN)/python -m pipeline.upkeep.lock_file .venv-pins/report.json -o requirements.lock
	rm -rf .venv-pins

# Licences of all that is installed, held against the list in pyproject.toml, and a bill of materials (CycloneDX)
licences: setup
	$(BIN)/pip-licenses
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o sbom.json .venv

# Wheel and source distribution: built, compared with the sources, installed elsewhere, trained with
dist-check: setup
	DIST_CHECK=full $(BIN)/python -m pytest tests/test_distribution.py

# Demo and tests in a network namespace that holds nothing but the loopback device
offline-check: setup
	unshare -rn sh -c 'ip link set lo up 2>/dev/null; $(BIN)/frames demo && OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile'
