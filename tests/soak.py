"""Ingest and predict in one process again and again, as a service would; its memory and open files on standard output.

    python tests/soak.py BUNDLE FOLDER SECONDS ROUNDS

Each round brings new posts, edited ones and those of the round before; after some rounds a new day begins with a
new table and a new output. It ends when both the seconds and the rounds are over. One line of JSON a round.
"""

import gc
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.bundle import load_bundle
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores

ROUNDS_A_DAY = 10
NEW, EDITED = 30, 5
START = datetime(2024, 1, 1, tzinfo=UTC)
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def post(number: int, edit: int) -> dict[str, object]:
    text = f"Word{number} says the world order is changing. They threaten our borders {number % 7} times, {edit}."
    row = {"channel": f"channel_{number % 3}", "message_id": number, "text": text}
    row["date"] = (START + timedelta(minutes=number)).isoformat()
    if edit:
        row["edit_date"] = (START + timedelta(minutes=number, hours=edit)).isoformat()
    return row


def write_export(path: Path, round_of_day: int, first: int) -> int:
    """New posts, and of the round before all again, a few of them edited; returns how many versions are new."""
    rows = [post(first + i, 0) for i in range(NEW)]
    edited = 0
    if round_of_day:
        edited = EDITED
        rows += [post(first - NEW + i, round_of_day if i < EDITED else 0) for i in range(NEW)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return NEW + edited


def main() -> None:
    bundle, folder = load_bundle(Path(sys.argv[1])), Path(sys.argv[2])
    ends, rounds = time.monotonic() + float(sys.argv[3]), int(sys.argv[4])
    done = expected = 0
    while done < rounds or time.monotonic() < ends or done % ROUNDS_A_DAY:
        round_of_day = done % ROUNDS_A_DAY
        if round_of_day == 0:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            expected = 0
        expected += write_export(folder / "export.jsonl", round_of_day, done * NEW)
        ingest([folder / "export.jsonl"], folder / "posts.parquet", ReadOptions())
        report = predict([folder / "posts.parquet"], bundle, folder / "scores")
        done += 1
        line = {"round": done, "scored": report.newly_scored}
        if done % ROUNDS_A_DAY == 0:
            scores = read_scores(folder / "scores", "posts", latest=False)
            line |= {"rows": len(scores), "expected": expected}
        del report
        gc.collect()  # what remains is held, not merely not yet collected
        line |= {"resident": resident_bytes(), "files": open_files()}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
