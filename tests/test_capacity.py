"""The page on capacity is what the command prints from the committed rates."""

import json
from pathlib import Path

import pytest

from pipeline.benchmarks.capacity import (
    RATES,
    machine_hours,
    measure_footprint,
    read_rates,
    render_page,
)
from pipeline.bundle import ModelBundle
from pipeline.errors import DataError

PAGE = Path(__file__).parent.parent / "docs" / "capacity.md"


def test_the_page_is_made_from_the_rates() -> None:
    made = render_page(read_rates(RATES))
    assert PAGE.read_text(encoding="utf-8") == made, (
        "python -m pipeline.benchmarks.capacity > docs/capacity.md"
    )


def test_a_worked_example(tmp_path: Path) -> None:
    """Ten million posts at 1,000 a second are 10,000 seconds, 2.8 hours; at 100 bytes each they are 1 GB."""
    assert machine_hours(10_000_000, 1000) == pytest.approx(2.7778, abs=1e-4)
    rates = json.loads(RATES.read_text(encoding="utf-8"))
    rates["scorers"] = [{"name": "toy", "posts_per_second": 1000, "how": "by hand"}]
    rates |= {"driver_posts_per_second": 5000, "cluster_driver_posts_per_second": 50000, "output_bytes": 100}
    path = tmp_path / "rates.json"
    path.write_text(json.dumps(rates), encoding="utf-8")
    page = render_page(read_rates(path))
    assert "| toy: hours of one node | 2.8 | 277.8 |" in page
    assert "| output, GB | 1.0 | 100.0 |" in page
    assert "| driver of a cluster alone, hours | 0.1 | 5.6 |" in page
    assert "| commits of one machine | 500 | 50,000 |" in page
    assert "| toy | 50 |" in page
    assert "| data files after `frames compact` | 10 | 1,000 |" in page  # of 100 MB


def test_rates_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(
        json.dumps({**json.loads(RATES.read_text(encoding="utf-8")), "output_bytes": 0}), encoding="utf-8"
    )
    with pytest.raises(DataError, match="not a rates file"):
        read_rates(path)


def test_what_the_rates_file_needs_can_be_measured(tiny_bundle: ModelBundle) -> None:
    measured = measure_footprint(tiny_bundle.folder, 2000)
    assert all(value > 0 for value in measured.values())
    assert 4 < measured["sentences_per_post"] < 5
