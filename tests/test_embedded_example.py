"""The coded sample of the embedded example is what its data statement says: a draw by chance, coded from the labels."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from pipeline.annotation.draw_sample import SampleSettings, draw_sample
from pipeline.config.run_config import SAMPLE_FOLDER
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest

SOURCES = {  # channels of the export -> sources of the labelled sentences
    "Embassy at the Southern Cape": "embassy_southern_cape",
    "Harbour State Foreign Ministry": "harbour_state_foreign",
}


@pytest.fixture(scope="module")
def coded() -> list[dict[str, str]]:
    with (SAMPLE_FOLDER / "coded_posts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_sample_is_a_draw_of_frames_sample(coded: list[dict[str, str]], tmp_path: Path) -> None:
    posts = tmp_path / "posts.parquet"
    ingest([SAMPLE_FOLDER / "channel_export"], posts, ReadOptions())
    drawn = draw_sample(posts, SampleSettings(size=200, unit="post"))
    digests = {row["id"]: row["text_digest"] for row in drawn.rows}
    assert {row["id"]: row["text_digest"] for row in coded} == digests
    assert {row["design"] for row in coded} == {"random"}
    assert drawn.population == 433


def test_its_codes_are_those_of_the_labelled_sentences(coded: list[dict[str, str]]) -> None:
    of_post: defaultdict[str, set[str]] = defaultdict(set)
    for name in ("labelled_sentences.jsonl", "labelled_january_2025.jsonl"):
        for line in (SAMPLE_FOLDER / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            of_post[row["group"]].update(row["labels"])
    order = load_codebook(SAMPLE_FOLDER / "codebook.yaml").frame_ids
    for row in coded:
        channel, _, number = row["id"].rpartition("/")
        source = SOURCES.get(channel, channel.lower().replace(" ", "_"))
        carried = [frame for frame in order if frame in of_post[f"{source}/{number}"]]
        assert row["labels"] == (";".join(carried) or "(no frame)"), row["id"]
    assert sum(row["labels"] == "(no frame)" for row in coded) > 0
