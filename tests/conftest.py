"""Fixtures that several test files share."""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import save_plain_bundle

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.config.model import TfidfSettings
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.files.first_load import VARIABLE as FIRST_LOAD

os.environ.setdefault(FIRST_LOAD, "off")  # every test would be the first to load its bundle

TINY_FRAMES = ("order", "threat: from outside", "unity.1")  # ids may hold spaces, dots and colons
_PHRASES = {
    "order": "the world order is changing",
    "threat: from outside": "they threaten our borders",
    "unity.1": "we stand together as one people",
}
_ENDINGS = ("today", "again", "in the north", "говорит министр", "as before", "and more so")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the fault and abuse tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long(reason): in the long form alone, which `make torture` runs")
    config.addinivalue_line(
        "markers", "fault: hostile files, kills, full disks, several processes: `make faults`"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files of faults are not even read where none is wanted: some take seconds."""
    if config.option.markexpr != "not fault" or collection_path.suffix != ".py":
        return None
    return "pytestmark = pytest.mark.fault" in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long form unless it was asked for, before anything is set up for it."""
    if config.getoption("--long"):
        return
    for item in items:
        for mark in item.iter_markers("long"):
            item.add_marker(pytest.mark.skip(reason=f"--long: {mark.args[0]}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted, also those that ran in other processes."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    figures = {text for report in reports for name, text in report.user_properties if name == "figure"}
    if figures:
        terminalreporter.section("figures")
        for figure in sorted(figures):
            terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form was asked for: `make torture`."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def print_figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Give it a line with a count, it stands at the end of the test run."""
    return lambda text: record_property("figure", text)


def make_tiny_bundle(folder: Path, *, name: str = "tiny", threshold: float = 0.4) -> ModelBundle:
    """Train a small baseline on two dozen sentences and write it as the bundle `folder`.

    The frames are those of `TINY_FRAMES`; a sentence carries one when it holds its phrase of `_PHRASES`.
    Another threshold gives another bundle hash.
    """
    codebook = draft_codebook("Tiny", TINY_FRAMES, mode="multi_label")
    data = read_labelled(_write_tiny_labels(folder.with_suffix(".jsonl")), codebook)
    classifier = TfidfBaseline(
        TfidfSettings(min_df=1, max_features=2000, c_grid=(10.0,)), codebook.frame_ids, single_label=False
    )
    context = FitContext(0, folder.parent, lambda *_: None, lambda *_: None)
    classifier.fit(data, None, np.arange(len(data)), context)
    return save_plain_bundle(folder, name, classifier, codebook, threshold=threshold)


def _write_tiny_labels(path: Path) -> Path:
    rows = [
        {"text": f"{phrase} {ending}", "labels": [frame]}
        for (frame, phrase), ending in itertools.product(_PHRASES.items(), _ENDINGS)
    ]
    rows += [{"text": f"the weather is fine {ending}", "labels": []} for ending in _ENDINGS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A small real baseline; its folder is `tiny_bundle.folder`."""
    return make_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")
