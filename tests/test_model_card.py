import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner
from weather_project import write_files

from pipeline.bundle import ModelBundle, load_bundle, read_manifest
from pipeline.cli import app
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import Codebook
from pipeline.errors import ModelError
from pipeline.files.safe_text import safe_text
from pipeline.reporting.card_numbers import (
    say_calibration_harmed,
    say_estimate,
    say_none_worse,
    slices_part,
)
from pipeline.reporting.markdown import escape, table
from pipeline.reporting.model_card import MODEL_CARD, read_card, shorten_card, write_card
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.model_registry import DESCRIPTION_LIMIT
from pipeline.training.tracked_training import TrainedModel, train_and_record

HOSTILE = "[click](http://evil.example) <script>alert(1)</script> | **bold** `code`"
HTML = MarkdownIt("commonmark", {"html": True}).enable("table")


def write_run(folder: Path) -> Path:
    """A config whose codebook, channels and licence hold Markdown and HTML; two channels are held out."""
    generator = np.random.default_rng(5)
    frames = [
        {"id": "storm", "name": HOSTILE, "definition": f"Speaks of storms.\n# {HOSTILE}"},
        {"id": "harvest | [x](y)", "name": "Harvest", "definition": "Speaks of <b>harvests</b>."},
    ]
    book = Codebook.model_validate({"name": "Weather *talk*", "frames": frames})
    rows = []
    for i in range(240):
        labels = [frame for frame in book.frame_ids if generator.random() < 0.4]
        noise = [f"word{number}" for number in generator.integers(0, 4000, 9)]
        text = " ".join([*noise, *(frame[:5] for frame in labels)])
        source = ["<img src=x onerror=alert(1)>", "channel | two", "new one"][i % 3]
        rows.append(
            {"text": text, "labels": labels, "source": source, "lang": "en", "date": f"2024-0{1 + i % 2}-10"}
        )
    return write_files(
        folder,
        book,
        rows,
        data={
            "codebook": "codebook.yaml",
            "labelled": "labelled.jsonl",
            "licence": "CC BY 4.0 <x> [y](z)",
        },
        folds={"method": "cluster", "test_share": 0.3, "hold_out_sources": ["new one"]},
        tracking={"register_as": "weather"},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedModel]:
    """A registered model, in the store that the environment names while the tests run."""
    folder = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        yield train_and_record(load_run_config(write_run(folder)), lambda *_: None)


@pytest.fixture(scope="module")
def card(trained: TrainedModel) -> str:
    return (trained.bundle / MODEL_CARD).read_text(encoding="utf-8")


def part(card: str, title: str) -> str:
    return card.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def cells(card: str, title: str, first: str) -> list[str]:
    """The cells of the table row that begins so."""
    (line,) = [line for line in part(card, title).splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_the_figures_of_the_card_are_those_of_the_run(trained: TrainedModel, card: str) -> None:
    report, bundle = trained.report, load_bundle(trained.bundle)
    macro = report.macro_f1
    assert cells(card, "Quality on the test fold", report.macro_name)[1:] == [
        f"{macro.value:.3f}",
        f"{macro.low:.3f} to {macro.high:.3f}",
    ]
    storm = report.per_frame[0]
    row = cells(card, "Frames", "storm")
    assert row[1:3] == [str(storm.positives), str(storm.predicted)]
    assert row[5] == f"{storm.f1.value:.2f}"
    assert row[-1] == f"{bundle.decisions.thresholds[0]:.2f}"
    assert report.calibration is not None
    scores = report.calibration.per_frame["storm"]
    assert cells(card, "Calibration", "storm")[1:] == [
        f"{value:.3f}"
        for value in (scores.brier_before, scores.brier_after, scores.error_before, scores.error_after)
    ] + [
        "unknown" if scores.error_above is None else f"{scores.error_above:.3f}",
        *(escape(say_estimate(figure.to_json())) for figure in (scores.slope, scores.intercept)),
    ]
    assert cells(card, "Data", "texts") == [
        "texts",
        *(str(n) for n in (len(load(trained, "train")), len(load(trained, "dev")), report.n)),
    ]


def load(trained: TrainedModel, fold: str) -> range:
    """As many numbers as the fold has rows."""
    return range(read_manifest(trained.bundle)["data"]["folds"][fold]["n"])


def test_the_card_states_purpose_data_licences_and_slices(trained: TrainedModel, card: str) -> None:
    assert "judges neither whether a statement is true nor the people" in part(
        card, "Intended use and limits"
    ).replace("\n", " ")
    data, model = part(card, "Data"), part(card, "Model")
    assert "Channels held out for the test fold: new one" in data
    assert "Languages: en (240)" in data.replace("\\", "")
    assert "2024-01-10" in data
    assert read_manifest(trained.bundle)["dataset_fingerprint"] in data
    assert trained.bundle_hash in model
    assert "CC BY 4.0" in model
    novelty = cells(card, "Where it does worst", "novelty: channels not in training")
    assert int(novelty[1]) == 80
    assert "Speaks of" in part(card, "Codebook")
    assert "fit: " in part(card, "Cost of training")


def test_nothing_from_data_becomes_markup(card: str) -> None:
    html = HTML.render(card)
    assert not re.search(r"<(a|img|script|strong|em|b)\b", html)
    assert "[click](http://evil.example)" in html  # readable, as text
    assert html.count("<h2>") == card.count("\n## ")
    assert html.count("<h1>") == 1
    for table_html in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {row.count("<t") - 1 for row in re.findall(r"<tr>.*?</tr>", table_html, re.DOTALL)}
        assert len(widths) == 1


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text("[]()<>!*_`|\\#&;:/w.@~$xa \n", max_size=40)))
@example("https://evil.example www.evil.example a@b.example")
@example("![x](y) <b> &lt; &#x3c; \\| `a` ~~b~~")
@example("\x1b[31mred\u202e")
def test_any_text_is_read_back_as_itself(text: str) -> None:
    (inline,) = [token for token in HTML.parse(f"Text {escape(text)} end") if token.type == "inline"]
    children = inline.children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    read = "".join(child.content for child in children)
    assert read.split() == f"Text {safe_text(text)} end".split()
    tokens = HTML.parse(table(("a", "b", "c"), [("1", text, "2")]))
    inside = [token.children or [] for token in tokens if token.type == "inline"][3:]
    assert [" ".join("".join(child.content for child in cell).split()) for cell in inside] == [
        "1",
        " ".join(safe_text(text).split()),
        "2",
    ]


def test_the_card_is_the_same_every_time_and_does_not_move_the_bundle_hash(
    trained: TrainedModel, card: str
) -> None:
    manifest = read_manifest(trained.bundle)
    assert write_card(trained.bundle, manifest) == card == read_card(trained.bundle, manifest)
    assert manifest["files"][MODEL_CARD]
    config = load_run_config(
        trained.bundle.parent.parent / "run.yaml",
        ["tracking.register_as=null", "data.licence=another", "promotion.margin=0.1"],
    )
    again = train_and_record(config, lambda *_: None)
    assert again.bundle_hash == trained.bundle_hash
    assert "another" in (again.bundle / MODEL_CARD).read_text(encoding="utf-8")


def test_the_registry_and_the_run_hold_the_card_and_the_slices(
    trained: TrainedModel, card: str, tmp_path: Path
) -> None:
    client, _ = open_store()
    description = client.get_model_version("weather", "1").description
    assert description is not None
    assert len(description) <= DESCRIPTION_LIMIT
    assert description.startswith(card[:200])
    found = Path(client.download_artifacts(trained.run_id, MODEL_CARD, str(tmp_path)))
    assert found.read_text(encoding="utf-8") == card
    stored = json.loads(
        Path(client.download_artifacts(trained.run_id, "slices.json", str(tmp_path))).read_text("utf-8")
    )
    assert stored == trained.slices.to_json()
    assert stored == load_bundle(trained.bundle).metrics["slices"]
    assert {"channel", "language", "month", "length", "forwarded", "novelty"} == {
        entry["dimension"] for entry in stored["slices"]
    }


@pytest.mark.parametrize("limit", [300, 700, 10_000])
def test_a_long_card_is_cut_between_sections_and_says_so(limit: int) -> None:
    whole = "# Card\n\n" + "\n\n".join(f"## Part {i}\n\n{'word ' * 30}" for i in range(8))
    short = shorten_card(whole, limit, "The rest is elsewhere.")
    assert len(short) <= limit
    if limit > len(whole):
        assert short == whole
    else:
        assert short.endswith("\n\nThe rest is elsewhere.\n")
        kept = short.removesuffix("\n\nThe rest is elsewhere.\n")
        assert whole.startswith(f"{kept}\n\n## ")


def test_a_bundle_of_an_earlier_version_gets_a_card_that_says_what_is_not_recorded(
    tiny_bundle: ModelBundle,
) -> None:
    assert not (tiny_bundle.folder / MODEL_CARD).exists()
    card = read_card(tiny_bundle.folder, tiny_bundle.manifest)
    assert "Not recorded" in part(card, "Data")
    assert "Not recorded" in part(card, "Quality on the test fold")
    assert "threat: from outside" in part(card, "Codebook")


def test_records_that_do_not_fit_give_an_error_that_names_the_folder(tmp_path: Path) -> None:
    names: dict[str, Any] = {
        "codebook": {"frames": [{"id": "a"}], "mode": "multi_label"},
        "config": {},
        "metrics": {"intervals": {"macro_f1": 3}},
        "decisions": {},
    }
    for name, content in names.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="no card can be written"):
        write_card(tmp_path, {"name": "x", "kind": "tfidf", "bundle_hash": "h"})
    (tmp_path / "metrics.json").unlink()
    with pytest.raises(ModelError, match=r"metrics\.json: cannot be read"):
        write_card(tmp_path, {"name": "x"})


def test_the_commands_print_the_card_and_the_slices(trained: TrainedModel, card: str) -> None:
    runner = CliRunner()
    by_name = runner.invoke(app, ["model-card", "models:/weather/1"])
    assert (by_name.exit_code, by_name.stdout) == (0, card)
    assert runner.invoke(app, ["model-card", str(trained.bundle)]).stdout == card
    data = str(trained.bundle.parent.parent / "labelled.jsonl")
    tables = runner.invoke(app, ["evaluate", str(trained.bundle), data])
    assert tables.exit_code == 0, tables.output
    assert tables.stdout.index("training data") < tables.stdout.index("coded")  # above the table
    assert "What training has not seen" in tables.stdout
    below = tables.stdout.partition("Slices below the rest")[2].partition("What training has not seen")[0]
    assert "+0." not in below.split("interval of gap")[0]
    printed = json.loads(runner.invoke(app, ["evaluate", str(trained.bundle), data, "--json"]).stdout)
    unseen = [entry for entry in printed["slices"]["slices"] if entry["value"] == "channels not in training"]
    assert [entry["n"] for entry in unseen] == [80]


def one_slice(value: float, low: float, high: float) -> dict[str, Any]:
    gap = {"value": value, "low": low, "high": high}
    names = {
        "dimension": "channel",
        "value": f"at {value}",
        "n": 30,
        "frames": ["order"],
        "overall": 0.7,
        "too_few": None,
    }
    return {**names, "too_few": None, "macro_f1": {"value": 0.5, "low": 0.4, "high": 0.6}, "gap": gap}


def test_only_slices_below_the_rest_are_listed_and_chance_is_said() -> None:
    by_chance = [one_slice(-0.1, -0.8, 0.75), one_slice(0.26, -0.1, 0.4)]
    shown = slices_part({"slices": {"slices": by_chance, "notes": []}})
    assert "No slice is shown to be worse than the rest" in shown
    assert "at -0.1" in shown
    assert "at 0.26" not in shown
    surely = [one_slice(-0.5, -0.8, -0.1), *by_chance]
    assert "No slice is shown" not in slices_part({"slices": {"slices": surely, "notes": []}})
    assert say_none_worse([]) is None


def test_calibration_that_made_things_worse_is_said_with_the_figures() -> None:
    figures = {"brier_before": 0.02, "brier_after": 0.03, "error_before": 0.04, "error_after": 0.01}
    said = say_calibration_harmed({"calibration": {"overall": figures}})
    assert said is not None
    assert "worse on the test fold: Brier score (0.0200 before, 0.0300 after)." in said
    assert say_calibration_harmed({"calibration": {"overall": {**figures, "brier_after": 0.01}}}) is None
    assert say_calibration_harmed({}) is None
