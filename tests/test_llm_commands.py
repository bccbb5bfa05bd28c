"""A language model through the commands, by a scripted server that errs at a known rate: the truth is found again."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from pipeline.benchmarks.scripted_llm_server import (
    Body,
    Scripted,
    ScriptedLlmServer,
    asked_keys,
    asked_text,
    code_text,
    scripted_server,
)
from pipeline.cli import app
from pipeline.data.codebooks.codebook import draft_codebook, dump_codebook

FRAMES = ("order", "threat", "unity")
BASE_RATES = (0.5, 0.3, 0.2)
HIT, FALSE_ALARM = 0.85, 0.1  # of the scripted answers, for each frame alone
N = 400
WORDS = ("river", "market", "school", "harbour", "bridge", "summer", "letter", "garden", "winter", "station")


def draw(*parts: str) -> float:
    return int(hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12], 16) / 2**48


def write_text(i: int) -> str:
    """Twelve words that say nothing of the frames: a model of words can learn nothing here."""
    return " ".join(f"{WORDS[int(draw(str(i), str(k)) * len(WORDS))]}{i}" for k in range(12))


TEXTS = [write_text(i) for i in range(N)]
CARRIED = {
    text: [f for f, rate in zip(FRAMES, BASE_RATES, strict=True) if draw("truth", f, text) < rate]
    for text in TEXTS
}


def answer(body: Body) -> Scripted:
    """Right for a frame that is there with HIT, wrong for one that is not with FALSE_ALARM; and overconfident."""
    text = asked_text(body)
    chances = {}
    for key in asked_keys(body):
        says_yes = draw("answer", key, text) < (HIT if key in CARRIED.get(text, ()) else FALSE_ALARM)
        chances[key] = 0.999 if says_yes else 0.001
    said = code_text(body, chances)
    if "why" in body["messages"][0]["content"].rpartition("{")[2]:
        message = said.content["choices"][0]["message"]
        message["content"] = '{"why": "=HYPERLINK(0) <b>it says so</b>", ' + message["content"][1:]
    return said


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedLlmServer]:
    with scripted_server(answer) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: ScriptedLlmServer) -> Path:
    folder = tmp_path_factory.mktemp("project")
    book = draft_codebook("Simulated", FRAMES, mode="multi_label")
    (folder / "codebook.yaml").write_text(dump_codebook(book), encoding="utf-8")
    rows = [{"id": f"r{i}", "text": text, "labels": CARRIED[text]} for i, text in enumerate(TEXTS)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shared: dict[str, Any] = {
        "data": {"codebook": "codebook.yaml", "labelled": "rows.jsonl"},
        "folds": {"test_share": 0.4},
        "evaluation": {"bootstrap_samples": 200},
        "output": str(folder / "runs"),
        "tracking": {"uri": f"sqlite:///{folder}/mlflow.db"},
    }
    asked = {
        "kind": "llm",
        "base_url": server.url,
        "model": "scripted",
        "examples": 4,
        "input_price": 2.0,
        "output_price": 8.0,
        "currency": "EUR",
        "calls": str(folder / "calls.sqlite"),
    }
    words = {"kind": "tfidf", "c_grid": [1.0], "char_ngrams": None, "min_df": 1}
    for name, model in (("llm", asked), ("words", words)):
        config = {"name": name, **shared, "model": model}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def frames(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def trained(project: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
        return {name: frames("train", project / f"{name}.yaml") for name in ("llm", "words")}


def test_calibrated_probabilities_are_those_of_the_known_error_rate(trained: dict[str, Any]) -> None:
    found = np.load(Path(trained["llm"]["bundle"], "test_predictions.npz"))
    for k, rate in enumerate(BASE_RATES):
        says_yes = found["raw"][:, k] > 0.5
        after_yes = rate * HIT / (rate * HIT + (1 - rate) * FALSE_ALARM)  # Bayes
        after_no = rate * (1 - HIT) / (rate * (1 - HIT) + (1 - rate) * (1 - FALSE_ALARM))
        for chosen, expected in ((says_yes, after_yes), (~says_yes, after_no)):
            learnt_from = (N - len(says_yes)) * chosen.mean()  # about so many training rows
            error = np.sqrt(expected * (1 - expected) / learnt_from)
            assert abs(found["calibrated"][chosen, k].mean() - expected) < 3 * error


def test_the_measured_f1_is_that_of_the_error_rate(trained: dict[str, Any]) -> None:
    figures = trained["llm"]["evaluation"]["per_frame"]
    for frame, rate in zip(FRAMES, BASE_RATES, strict=True):
        entry = figures[frame]
        expected = 2 * rate * HIT / (rate + rate * HIT + (1 - rate) * FALSE_ALARM)
        assert entry["f1"]["low"] <= expected <= entry["f1"]["high"]


def test_the_card_says_what_a_paper_has_to_report(trained: dict[str, Any]) -> None:
    bundle = Path(trained["llm"]["bundle"])
    card = (bundle / "model_card.md").read_text(encoding="utf-8").replace("\\", "")
    described = json.loads((bundle / "classifier" / "classifier.json").read_text(encoding="utf-8"))
    for said in (
        "fingerprint that the server gave: scripted fp-1",
        *described["prompt_hashes"],
        "texts stand in the",
    ):
        assert said in card


def test_no_test_row_ever_stands_in_a_prompt(trained: dict[str, Any], server: ScriptedLlmServer) -> None:
    ids = np.load(Path(trained["llm"]["bundle"], "test_predictions.npz"))["ids"]
    test_texts = [TEXTS[int(row.removeprefix("r"))] for row in ids]
    prompts = {message["content"] for body in server.requests for message in body["messages"][:-1]}
    assert len(ids) > 100
    assert not [text for text in test_texts if any(text in prompt for prompt in prompts)]
    assert any(text in prompt for text in TEXTS for prompt in prompts)  # of train there are some


def test_compare_says_that_it_beats_words_without_meaning_and_what_it_costs(
    project: Path, trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
    bundles = [trained[name]["bundle"] for name in ("words", "llm")]
    found = frames("compare", *bundles)
    assert "the second is better" in found["verdict"]
    words, asked = found["costs"]
    assert words["money"] is None
    assert asked["money"] == pytest.approx(
        (asked["input_tokens"] * 2.0 + asked["output_tokens"] * 8.0) / 1e6, rel=1e-6
    )
    shown = CliRunner().invoke(app, ["compare", *bundles]).stdout
    assert "1,000 texts: money" in shown
    assert "EUR" in shown


def test_a_replayed_training_is_the_same_model(
    project: Path, trained: dict[str, Any], server: ScriptedLlmServer
) -> None:
    n = len(server.requests)
    again = frames("train", project / "llm.yaml", "--replay")
    assert again["bundle_hash"] == trained["llm"]["bundle_hash"]
    assert len(server.requests) == n


def test_predict_asks_each_text_once_and_counts(
    project: Path, trained: dict[str, Any], server: ScriptedLlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    lines = [f"{i},channel,2024-05-01T10:00:00Z,{text}.\n" for i, text in enumerate(TEXTS[:30])]
    posts = project / "posts.csv"
    posts.write_text("message_id,channel,date,text\n" + "".join(lines), encoding="utf-8")
    n = len(server.requests)
    bundle = trained["llm"]["bundle"]
    first = frames("predict", posts, "--model", bundle, "-o", project / "scores")
    asked = [asked_text(body) for body in server.requests[n:]]
    assert len(asked) == len(set(asked)) == first["sentences"]
    assert f"{len(asked)} new calls" in " ".join(first["warnings"])
    replayed = frames("predict", posts, "--model", bundle, "-o", project / "again", "--replay")
    assert len(server.requests) == n + len(asked)
    assert replayed["posts_per_frame"] == first["posts_per_frame"]
    refused = CliRunner().invoke(
        app, ["predict", str(posts), "--model", bundle, "-o", str(project / "more"), "--workers", "2"]
    )
    assert "as fast as its server" in refused.output


def test_a_coder_of_its_own_stands_beside_people(project: Path, server: ScriptedLlmServer) -> None:
    units = project / "units.csv"
    units.write_text(
        "id,text\n" + "".join(f"r{i},{text}\n" for i, text in enumerate(TEXTS[:60])), encoding="utf-8"
    )
    n, poison = len(server.requests), TEXTS[5]
    server.script = lambda body: Scripted(b"?") if asked_text(body) == poison else answer(body)
    coded = project / "model.csv"
    try:
        made = frames("label-llm", units, "--config", project / "llm.yaml", "-o", coded)
    finally:
        server.script = answer
    assert (made["coded"], made["rejects"]) == (59, 1)
    assert not any(text in body["messages"][0]["content"] for body in server.requests[n:] for text in TEXTS)
    rejects = (project / "model.rejects.jsonl").read_text(encoding="utf-8")
    assert "'r5'" in rejects
    content = coded.read_text(encoding="utf-8-sig")
    assert content.count(",llm,") == 59
    assert ",=HYPERLINK" not in content  # a cell that begins so is a formula
    people = project / "anna.csv"
    lines = [f'r{i},"{text}",anna,{";".join(CARRIED[text])},coded\n' for i, text in enumerate(TEXTS[:60])]
    people.write_text("id,text,annotator,labels,status\n" + "".join(lines), encoding="utf-8")
    book = ["--codebook", project / "codebook.yaml"]
    found = frames("agreement", people, coded, *book)
    assert len(found["annotators"]) == 2
    assert found["units"] == 59
    assert 0.4 < found["decisions"]["alpha"]["value"] < 0.95
    assert any(note.endswith("no proof of being right") for note in found["notes"])
    joined = project / "joined.jsonl"
    frames(
        "label-import",
        people,
        coded,
        *book,
        "-o",
        joined,
        "--combine",
        "any",
        "--labelled",
        project / "both.jsonl",
    )
    rows = [json.loads(line) for line in (project / "both.jsonl").read_text(encoding="utf-8").splitlines()]
    origins = {row["id"]: row.get("origin") for row in rows}
    assert origins.pop("r5") is None  # people alone
    assert set(origins.values()) == {"llm"}
