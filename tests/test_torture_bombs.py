"""Files that ask for much time or memory, read in another process under hard limits of both."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bombs import BOMBS

from pipeline.bundle import ModelBundle

pytestmark = pytest.mark.fault

SCRIPT = Path(__file__).parent / "fuzz_readers.py"
SHORT, LONG = 100_000, 4_000_000  # bytes, about
MEMORY_MB = {False: 600, True: 2000}  # beyond what the libraries take
SECONDS = {False: 10, True: 60}  # of the processor, for one file


def replay(files: list[tuple[str, Path]], *, is_long: bool) -> list[dict[str, object]]:
    pairs = [part for name, path in files for part in (name, str(path))]
    limits = ["--memory-mb", str(MEMORY_MB[is_long]), "--seconds", str(SECONDS[is_long])]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *limits, "--replay", *pairs],
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    unread = f"; it died at {files[len(results)][1].name}" if len(results) < len(files) else ""
    assert done.returncode == 0, f"{done.stderr[-1000:]}{unread}"
    return results


def test_bombs_cost_bounded_time_and_memory(
    is_long: bool, tmp_path: Path, print_figure: Callable[[str], None]
) -> None:
    size = LONG if is_long else SHORT
    files = []
    for number, (target, make) in enumerate(BOMBS.values()):
        path = tmp_path / f"{number}"
        path.write_bytes(make(size))
        files.append((target, path))
    results = replay(files, is_long=is_long)
    named = dict(zip(BOMBS, results, strict=True))
    faults = {name: result["fault"] for name, result in named.items() if "fault" in result}
    slowest = max(named, key=lambda name: float(str(named[name]["seconds"])))
    refused = sum(bool(result.get("refused")) for result in results)
    print_figure(
        f"bombs of {size:,} bytes with {MEMORY_MB[is_long]:,} MB to spare: {len(results)} tried, {refused} refused "
        f"in a line, {len(results) - refused - len(faults)} read, {len(faults)} faults; the slowest ({slowest}) took "
        f"{named[slowest]['seconds']} s"
    )
    assert not faults


@pytest.mark.parametrize(("megabytes", "is_enough"), [(50, False), (500, True)])
def test_the_limit_of_memory_holds(megabytes: int, is_enough: bool) -> None:
    code = f"from fuzz_readers import limit_memory; limit_memory({megabytes}); bytearray(200 * 2**20)"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPT.parent, capture_output=True, check=False)
    assert (done.returncode == 0) is is_enough
    assert is_enough or b"MemoryError" in done.stderr


MILLION = """
import sys
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.bundle import load_bundle
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.scoring.prediction import predict
folder, model, n = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
rows = [
    {"post_key": f"c/{j}", "channel": "c", "text": " ".join(f"Go {i} {j}." for i in range(n)), "content_hash": str(j)}
    for j in range(2)
]
pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), folder / "posts.parquet")
del rows
print(predict([folder / "posts.parquet"], load_bundle(model), folder / "scores").sentences, peak_memory_bytes())
"""


@pytest.mark.long("two minutes; test_scoring.py has what bounds the memory")
def test_two_posts_of_a_million_sentences_take_less_than_two_gigabytes(
    tiny_bundle: ModelBundle, tmp_path: Path, print_figure: Callable[[str], None]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MILLION, str(tmp_path), str(tiny_bundle.folder), "1000000"],
        capture_output=True,
        text=True,
        timeout=1200,
        check=True,
    )
    sentences, peak = map(int, done.stdout.split())
    print_figure(f"two posts of a million sentences: {peak / 1e9:.2f} GB at most")
    assert sentences == 2_000_000
    assert peak < 2e9
