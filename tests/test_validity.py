"""The command that measures the claims of the documentation: what it prints, and when it fails."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipeline.benchmarks.validity import __main__ as validity
from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.benchmarks.validity.simulated_tests import (
    Population,
    draw_clusters,
    draw_decisions,
    draw_truth,
)
from pipeline.measures.metrics import count_decisions, total

KEPT = Claim("half is half", lambda n: iter([Finding.of_share("fair", 0.5, Target(0.4, 0.6), n)]), 10, 40)
BROKEN = Claim("all is half", lambda n: iter([Finding("unfair", 0.9, Target(0.4, 0.6), n)]), 10, 40)


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch, *claims: Claim) -> tuple[int, str]:
    """Status and all that the command printed, with these claims as its only module."""
    monkeypatch.setattr(validity, "MODULES", {"coins": claims})
    app = typer.Typer()
    app.command()(validity.main)
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_a_missed_target_fails_the_long_form_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    status, printed = run([], monkeypatch, KEPT, BROKEN)
    assert status == 0
    assert "2 figures, 1 outside their targets" in printed
    status, printed = run(["--long"], monkeypatch, KEPT, BROKEN)
    assert status == 1
    assert "1 of 2 targets were missed" in printed
    assert run(["--long"], monkeypatch, KEPT)[0] == 0


def test_every_finding_stands_with_its_setting_value_error_and_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The standard error of a share of .5 in 10 repetitions is sqrt(.25 / 10) = .158."""
    printed = run([], monkeypatch, KEPT, BROKEN)[1].splitlines()
    (kept,) = (line.split() for line in printed if line.strip().startswith("fair"))
    (broken,) = (line.split() for line in printed if line.strip().startswith("unfair"))
    assert kept[1:] == ["0.500", "±", "0.158", "0.4", "to", "0.6"]
    assert broken[1:] == ["0.900", "0.4", "to", "0.6", "MISSED"]


def test_an_unknown_module_of_claims_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    status, printed = run(["--only", "dice"], monkeypatch, KEPT)
    assert status == 1
    assert "there are coins" in printed


def test_nothing_measured_keeps_no_promise() -> None:
    assert not Target(high=1.0).holds(float("nan"))


def test_simulated_decisions_reach_the_f1_that_the_simulation_calls_true() -> None:
    population = Population(np.array([0.1, 0.3]), np.array([0.6, 0.8]), np.array([0.5, 0.9]))
    generator = np.random.default_rng(0)
    clusters = draw_clusters(60_000, generator)
    truth = draw_truth(population.shares, clusters, generator)
    counts = total(count_decisions(truth, draw_decisions(population, truth, clusters, generator)))
    np.testing.assert_allclose(counts.recall, population.recall, atol=0.02)
    np.testing.assert_allclose(counts.precision, population.precision, atol=0.02)
    np.testing.assert_allclose(counts.f1, population.f1, atol=0.02)
