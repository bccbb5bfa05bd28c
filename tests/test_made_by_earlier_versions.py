"""What version 0.1.0 wrote is read by this one and gives the same figures."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.bundle import load_bundle
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import iter_posts
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores
from pipeline.tracking.pyfunc_model import _load_pyfunc

MADE = Path(__file__).parent / "made_by_0_1_0"
WRITTEN = json.loads((MADE / "predictions.json").read_text(encoding="utf-8"))


def test_a_bundle_has_the_same_hash_probabilities_and_decisions() -> None:
    bundle = load_bundle(MADE / "bundle")
    assert bundle.bundle_hash == WRITTEN["bundle_hash"]
    probabilities, decided = bundle.predict(WRITTEN["texts"])
    assert probabilities == pytest.approx(np.array(WRITTEN["probabilities"]), abs=2e-6)
    assert decided.tolist() == WRITTEN["decided"]


def test_a_registered_model_names_a_module_that_still_loads_it() -> None:
    """Its MLmodel file says `loader_module: pipeline.tracking.pyfunc_model`."""
    model = _load_pyfunc(str(MADE / "bundle"))
    scored = model.predict(WRITTEN["texts"])
    assert len(scored) == len(WRITTEN["texts"])


def test_a_posts_table_is_added_to_and_scored(tmp_path: Path) -> None:
    table = shutil.copy(MADE / "posts.parquet", tmp_path / "posts.parquet")
    more = tmp_path / "more.csv"
    more.write_text(
        "channel,id,date,text\nalpha,3,2026-03-02T03:04:05Z,We stand together again.\n", encoding="utf-8"
    )
    report = ingest([more], Path(table), ReadOptions())
    assert (report.new, report.posts) == (1, 3)
    assert sum(batch.num_rows for batch in iter_posts(Path(table))) == 3
    done = predict([Path(table)], load_bundle(MADE / "bundle"), tmp_path / "scores")
    assert done.newly_scored == 3
    frames = {row.message_id: list(row.frames) for row in read_scores(tmp_path / "scores").itertuples()}
    assert frames == {1: ["unity"], 2: ["order"], 3: ["unity"]}
