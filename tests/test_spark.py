"""Spark: a registered model as a column function, and the output folder as a table.

pip install 'narrative-frames[spark]'     # about 450 MB, and a Java 17 or newer on the path
python -m pytest tests/test_spark.py
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pytest
from deltalake import DeltaTable
from test_predict import make_row, write_table
from test_score_output import JUNE, make_post, write

from pipeline.bundle import ModelBundle
from pipeline.config.tracking import TrackingSettings
from pipeline.scoring.compact_scores import compact_scores
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import promote, register_bundle

sql = pytest.importorskip(
    "pyspark.sql", reason="pip install 'narrative-frames[spark]', then run this file again"
)
if shutil.which("java") is None:
    pytest.skip(
        "Spark needs a Java on the path (apt install openjdk-17-jre-headless)", allow_module_level=True
    )

TEXTS = ["the world order is changing today", "they threaten our borders", "the weather is fine", "погода"]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.master("local[2]").appName("frames").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def test_a_registered_model_scores_a_column(
    spark: Any, tmp_path: Path, tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with MlflowTracker.start(TrackingSettings(uri=uri), "run") as tracker:
        tracker.log_bundle(tiny_bundle.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    register_bundle(tracker.run_id, "frames", tiny_bundle.manifest, macro_f1=None)
    promote("frames", 1, "the only one")
    frames_of = mlflow.pyfunc.spark_udf(spark, "models:/frames@champion", env_manager="local")
    table = spark.createDataFrame([(i, text) for i, text in enumerate(TEXTS)], ["i", "text"]).repartition(2)
    rows = table.withColumn("scores", frames_of("text")).select("i", "scores.*").orderBy("i").collect()
    probabilities, decided = tiny_bundle.predict(TEXTS)
    found = [[row[f"p_{frame}"] for frame in tiny_bundle.frame_ids] for row in rows]
    np.testing.assert_allclose(found, probabilities, rtol=1e-12)
    named = [[frame for frame, c in zip(tiny_bundle.frame_ids, row, strict=True) if c] for row in decided]
    assert [row["frames"] for row in rows] == [";".join(frames) for frames in named]
    write_table(tmp_path / "posts.parquet", [make_row(i) for i in range(20)])
    page = (Path(__file__).parent.parent / "docs" / "serving.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0].replace("my-project", "frames")
    for name in ("posts.parquet", "scored"):  # Spark's own process stands elsewhere
        example = example.replace(f'"{name}"', repr(str(tmp_path / name)))
    exec(compile(example, "docs/serving.md", "exec"), {"spark": spark})
    scored = DeltaTable(tmp_path / "scored").to_pyarrow_table()
    predict([tmp_path / "posts.parquet"], tiny_bundle, tmp_path / "out")
    expected = read_scores(tmp_path / "out", "sentences")
    assert sorted(scored["text"].to_pylist()) == sorted(expected["text"])


def test_the_files_of_the_output_are_a_table_before_and_after_compaction(spark: Any, tmp_path: Path) -> None:
    """Where Spark has no Delta: the files that the log names, which are not all that stand in the folder."""
    for i in range(3):
        write(tmp_path, [make_post(f"a/{i}"), make_post(f"Канал/{i}", published_at=JUNE)])
    for _ in range(2):
        posts, sentences = (
            spark.read.parquet(*DeltaTable(tmp_path / table).file_uris()) for table in ("posts", "sentences")
        )
        assert posts.count() == 6
        assert {row["channel"] for row in posts.select("channel").collect()} == {"a", "Канал"}
        assert sentences.join(posts, ["sequence"]).count() == 6
        compact_scores(tmp_path)
