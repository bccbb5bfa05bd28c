"""Speed and memory of reading a large result.json beside ijson and pandas on the same file.

    python -m pipeline.benchmarks.reading_speed --megabytes 1000 [--readers ours ingest ijson pandas json]

`ours` is the reader of Telegram Desktop exports (every message checked and turned into a post), `ingest` the whole
command (languages, posts table, merge). `ijson` gives the messages as dictionaries; `json`, and `pandas` by
`json_normalize`, hold the whole file. Each runs in a process of its own, one after the other; ijson is left out where
it is not installed.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

from pipeline.benchmarks.peak_memory import peak_memory_bytes

READERS: Final = ("ours", "ingest", "ijson", "json", "pandas")
_WORDS: Final = (
    "мост",
    "город",
    "порт",
    "море",
    "дождь",
    "музей",
    "новый",
    "открыли",
    "закрыли",
    "сегодня",
    "завтра",
)
_WORDS_A_POST: Final = 60


def write_export(path: Path, megabytes: int) -> int:
    """Write a chat of about this size as Telegram Desktop does and return how many messages it has."""
    random, number, size = Random(0), 0, 0  # noqa: S311 - the same file each time
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "News",\n "type": "public_channel",\n "id": 5,\n "messages": [\n')
        while size < megabytes * 10**6:
            number += 1
            text = " ".join(random.choices(_WORDS, k=_WORDS_A_POST))
            message = {
                "id": number,
                "type": "message",
                "date": "2023-04-24T12:00:00",
                "date_unixtime": str(1600000000 + number * 60),
                "from": "News",
                "from_id": "channel5",
                "text": [text, {"type": "link", "text": f"https://example.org/{number}"}],
                "text_entities": [{"type": "plain", "text": text}],
                "reactions": [{"type": "emoji", "count": number % 9, "emoji": "👍"}],
            }
            written = json.dumps(message, ensure_ascii=False, indent=1)
            size += len(written.encode())
            file.write(("" if number == 1 else ",\n") + written)
        file.write("\n ]\n}\n")
    return number


def read_with(reader: str, path: Path) -> int:
    """Read all messages and return how many there were."""
    if reader == "ours":
        from pipeline.data.exports.detect import detect_format  # noqa: PLC0415 - each loads only its own
        from pipeline.data.exports.raw_posts import ReadOptions  # noqa: PLC0415

        return sum(1 for _ in detect_format(path).read(path, ReadOptions()))
    if reader == "ingest":
        from pipeline.data.exports.raw_posts import ReadOptions  # noqa: PLC0415
        from pipeline.data.posts.ingest import ingest  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            return ingest([path], Path(folder, "posts.parquet"), ReadOptions()).read
    if reader == "ijson":
        ijson = importlib.import_module("ijson")
        with path.open("rb") as file:
            return sum(1 for _ in ijson.items(file, "messages.item"))
    messages = json.loads(path.read_text(encoding="utf-8"))["messages"]
    if reader == "pandas":
        import pandas as pd  # noqa: PLC0415

        return len(pd.json_normalize(messages))
    return len(messages)


def main() -> None:
    """Entry point of `python -m pipeline.benchmarks.reading_speed`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.benchmarks.reading_speed")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the file (default: 1000)")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        started = time.process_time()
        n = read_with(options.measure[0], Path(options.measure[1]))
        figures = {"messages": n, "seconds": time.process_time() - started, "bytes": peak_memory_bytes()}
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.json")
        n = write_export(path, options.megabytes)
        megabytes = path.stat().st_size / 10**6
        sys.stdout.write(f"{megabytes:,.0f} MB, {n:,} messages; seconds of the processor\n")
        for reader in options.readers:
            if reader == "ijson" and importlib.util.find_spec("ijson") is None:
                sys.stdout.write("ijson    not installed\n")
                continue
            command = [
                sys.executable,
                "-m",
                "pipeline.benchmarks.reading_speed",
                "--measure",
                reader,
                str(path),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
            found = json.loads(done.stdout)
            sys.stdout.write(
                f"{reader:8} {found['seconds']:8.1f} s  {megabytes / found['seconds']:8.1f} MB/s  "
                f"{found['bytes'] / 2**20:8,.0f} MiB  {found['messages']:,} messages\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
