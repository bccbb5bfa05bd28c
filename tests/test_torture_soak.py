"""Endurance: hours of ingest and predict in one process leave its memory and its open files as they were."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from pipeline.bundle import ModelBundle

pytestmark = pytest.mark.fault

SCRIPT = Path(__file__).parent / "soak.py"
MIB = 2**20
HOUR = 3600.0
GROWTH = (
    32 * MIB
)  # allocators keep some; a leak of one round's posts or tables would pass this within the hour


@pytest.mark.long("an hour of ingest and predict")
def test_memory_and_open_files_stay_flat(
    tiny_bundle: ModelBundle, tmp_path: Path, print_figure: Callable[[str], None]
) -> None:
    seconds, at_least = HOUR, 200
    command = [
        sys.executable,
        str(SCRIPT),
        str(tiny_bundle.folder),
        str(tmp_path / "soak"),
        str(seconds),
        str(at_least),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    rounds = [json.loads(line) for line in ran.stdout.splitlines()]
    days = [line for line in rounds if "rows" in line]
    assert [day["rows"] for day in days] == [day["expected"] for day in days]  # nothing lost, nothing twice

    settled = rounds[len(rounds) // 5 :]
    parts = [settled[i * len(settled) // 3 : (i + 1) * len(settled) // 3] for i in range(3)]
    files, resident = (
        [median(line[name] for line in part) for part in parts] for name in ("files", "resident")
    )
    versions = sum(line["scored"] for line in rounds)
    memory = " then ".join(f"{value / MIB:.0f}" for value in resident)
    print_figure(
        f"soak: {len(rounds)} rounds of ingest and predict, {versions:,} versions of posts, none lost, none twice; "
        f"MiB resident {memory}; open files {files[0]:.0f} then {files[2]:.0f}"
    )
    assert files[2] == files[0]
    assert resident[2] - resident[0] < GROWTH
