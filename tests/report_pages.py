"""What both report test files build: an output folder with hostile, Russian and ordinary posts."""

import base64
import csv
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.exports.raw_posts import RawPost
from pipeline.data.posts.posts_table import POSTS_SCHEMA, make_post_row
from pipeline.scoring.prediction import predict

ORDER, THREAT, UNITY = "order", "threat: from outside", "unity.1"
PHRASES = {
    ORDER: "the world order is changing",
    THREAT: "they threaten our borders",
    UNITY: "we stand together as one people",
}
PUBLIC, RUSSIAN, HOSTILE_NAME = "nord_news", "Голос севера", "<img src=x onerror=alert(1)>"
HOSTILE_TEXTS = (
    "<script>alert(1)</script> they threaten our borders today",
    "</script><script>alert(2)</script> they threaten our borders again",
    '<b onmouseover="alert(3)">the world order is changing</b> as before',
    "they threaten our borders\u2028alert(4)//<!-- <svg/onload=alert(5)> in the north",
    'javascript:alert(6) " autofocus onfocus=alert(7) x=" we stand together as one people',
)
UNSURE_TEXTS = (
    "weather is changing today",
    "they threaten the weather in the north",
    "the order of our borders",
)
RISING_FROM, RISING_WEEKS = datetime(2024, 1, 1, tzinfo=UTC), 16
RUSSIAN_TEXT = "Ещё раз: the world order is changing, говорит министр."


def name_matters(i: int) -> str:
    """Eight words that no other number below 60 has most of, so that posts are no copies of one another."""
    heads, tails = ("bri", "cal", "dor", "fen", "gal", "hol", "jun", "kel"), "abcdefgh"
    return " ".join(
        f"{head}{tails[(i + place * (i // 8)) % 8]}n{tails[i // 8]}" for place, head in enumerate(heads)
    )


def make_posts() -> list[RawPost]:
    """Sixty ordinary posts of two channels over 15 months, hostile ones, an undated one, one without a frame."""
    start = datetime(2024, 1, 10, 12, tzinfo=UTC)
    phrases = list(PHRASES.values())
    posts = [
        RawPost(
            channel=PUBLIC if i % 2 else RUSSIAN,
            message_id=i + 1,
            published_at=start + timedelta(days=7 * i),
            text=f"A dull report of day {i} on {name_matters(i)}. {phrases[i % 3].capitalize()} today. Number {i}.",
            record=f"post {i}",
        )
        for i in range(60)
    ]
    posts += [
        RawPost(channel=HOSTILE_NAME, message_id=i + 1, published_at=start, text=text, record=f"hostile {i}")
        for i, text in enumerate(HOSTILE_TEXTS)
    ]
    posts += [
        RawPost(channel=PUBLIC, message_id=200 + i, published_at=start, text=text, record=f"unsure {i}")
        for i, text in enumerate(UNSURE_TEXTS)
    ]
    posts.append(
        RawPost(channel=RUSSIAN, message_id=500, published_at=None, text=RUSSIAN_TEXT, record="undated")
    )
    posts.append(
        RawPost(channel=PUBLIC, message_id=501, published_at=start, text="the weather is fine", record="x")
    )
    return posts


def make_rising_posts(weeks: int = RISING_WEEKS) -> Iterator[RawPost]:
    """Six posts a day of two channels; the frame ORDER in one of six, THREAT too until the last three weeks."""
    generator = np.random.default_rng(5)
    words = [f"{a}{b}{c}" for a in ("bri", "cal", "dor", "fen", "gal") for b in "aeiou" for c in "lmnprst"]
    for i in range(weeks * 7 * 6):
        day, place = divmod(i, 6)
        rises = day >= (weeks - 3) * 7
        phrase = (
            PHRASES[ORDER]
            if place == 0
            else PHRASES[THREAT]
            if place < (5 if rises else 2)
            else "the weather"
        )
        text = f"{' '.join(generator.choice(words, 14))}. {phrase.capitalize()} today."
        moment = RISING_FROM + timedelta(days=day, hours=8 + place)
        yield RawPost(f"channel_{i % 2}", i, moment, text, record=f"post {i}")


def write_scores(folder: Path, bundle: ModelBundle, posts: Iterable[RawPost]) -> Path:
    """Score posts as `frames predict` does; the output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "posts.parquet"
    pq.write_table(pa.Table.from_pylist([make_post_row(post, "made") for post in posts], POSTS_SCHEMA), table)
    predict([table], bundle, folder / "scores")
    return folder / "scores"


def code_sample(scores: Path, folder: Path) -> Path:
    """A sample drawn by the command and coded by what the texts say."""
    drawn = folder / "sample.csv"
    done = CliRunner().invoke(app, ["sample", str(scores), "--unit", "post", "-n", "60", "-o", str(drawn)])
    assert done.exit_code == 0, done.output
    with drawn.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    coded = folder / "coded.csv"
    with coded.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "labels"])
        writer.writeheader()
        for row in rows:
            carried = [frame for frame, phrase in PHRASES.items() if phrase in row["text"].lower()]
            writer.writerow({**row, "labels": ";".join(carried)})
    return coded


def unpack(packed: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def embedded(html: str) -> Any:
    found = re.search(r'<script type="application/octet-stream" id="payload">([^<]*)</script>', html)
    assert found
    return unpack(found[1])
