"""Results of the quality benchmark: records, JSON, tables."""

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.benchmarks.methods import OURS
from pipeline.benchmarks.run_method import MethodCost
from pipeline.commands.result_tables import format_p, plain_table, print_notes
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluation_report import EvaluationReport

_MIB = 2**20
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method on one set; either report and cost, or the reason why there are none."""

    method: str
    report: EvaluationReport | None = None
    cost: MethodCost | None = None
    failure: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        if self.report is None or self.cost is None:
            return {"failure": self.failure}
        return {
            **self.report.to_json(),
            "train_seconds": self.cost.train_seconds,
            "n_train": self.cost.n_train,
            "train_sentences_per_second": self.cost.sentences_per_second,
            "peak_memory_bytes": self.cost.peak_memory_bytes,
            "method_notes": list(self.cost.notes),
        }


@dataclass(slots=True)
class SetResult:
    """All methods on one set, and what ours gain over each other method (ours minus the other)."""

    name: str
    single_label: bool
    methods: list[MethodResult] = field(default_factory=list)
    gains: dict[tuple[str, str], Comparison] = field(default_factory=dict)  # (ours, other)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        pairs = itertools.groupby(sorted(self.gains), key=lambda pair: pair[0])
        return {
            "single_label": self.single_label,
            "methods": {result.method: result.to_json() for result in self.methods},
            "gain_over": {
                ours: {other: self.gains[ours, other].to_json() for _, other in group}
                for ours, group in pairs
            },
        }


def write_results(path: Path, results: Sequence[SetResult], header: dict[str, Any]) -> None:
    """Write all results as JSON, whole or not at all; called after each method, so that nothing is lost."""
    content = {**header, "sets": {result.name: result.to_json() for result in results}}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - atomic on every platform


def print_results(screen: Console, results: Sequence[SetResult]) -> None:
    """For each set the figures of every method, then what ours gain over the others."""
    if not screen.is_terminal:
        screen.width = max(screen.width, _WIDTH)  # a file need not be cut to a terminal's usual width
    columns = ("method", "macro-F1", "micro-F1", "mean AP", "training s", "sentences/s", "peak MB")
    for result in results:
        title = f"{result.name}: quality on test (intervals count clusters)"
        screen.print(plain_table(title, columns, [_row(method) for method in result.methods]))
        gains = [
            (f"{ours} - {other}", gain.macro_f1.gain, gain.micro_f1.gain, _p_value(gain))
            for (ours, other), gain in result.gains.items()
        ]
        if gains:
            title = f"{result.name}: ours minus another, paired on the same test clusters"
            screen.print(plain_table(title, ("pair", "macro-F1", "micro-F1", "p of macro-F1"), gains))
            print_notes(screen, (f"p values are not corrected for the {len(gains)} pairs compared",))
        failed = [method for method in result.methods if method.failure]
        print_notes(screen, (f"{method.method} gave no result: {method.failure}" for method in failed))


def is_ours(method: str) -> bool:
    """Whether a method is one of the project's own."""
    return method in OURS


def _row(result: MethodResult) -> tuple[Any, ...]:
    if result.report is None or result.cost is None:
        return (result.method, "failed", "", "", "", "", "")
    report, cost = result.report, result.cost
    return (
        result.method,
        report.macro_f1,
        f"{report.micro_f1.value:.3f}",
        "too few"
        if report.mean_average_precision.value is None
        else f"{report.mean_average_precision.value:.3f}",
        f"{cost.train_seconds:,.1f}",
        f"{cost.sentences_per_second:,.1f}",
        f"{cost.peak_memory_bytes / _MIB:,.0f}",
    )


def _p_value(comparison: Comparison) -> str:
    p_value = comparison.macro_f1.p_value
    return "" if p_value is None else format_p(p_value)
