"""No command prints what a stranger's file tells a terminal: codebook, labels, channel, path, model, card, rejects."""

import inspect
import json
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner
from weather_project import FRAMES, make_rows, write_files, write_lines

from pipeline import bundle as model_bundle
from pipeline.annotation.record_files import write_records
from pipeline.cli import PANELS, app
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.tables.table_files import read_records
from pipeline.files.file_hashes import hash_files

EVIL = "\x1b]52;c;QQ==\x07\x1b[2J\x9b31m\u202elive\u2066\r"
JOINERS = "\u200c\u200d"
N = 80
PLACE = "data \x1b[31m\u202eliated"  # a folder


def evil(name: str) -> str:
    return f"{name}{EVIL}".strip()


BOOK = Codebook.model_validate(
    {
        "name": evil("weather"),
        "frames": [
            {
                "id": f"{frame}\x1b[2J\u202e",
                "name": evil(frame),
                "definition": evil("Speaks."),
                "examples": [frame],
            }
            for frame in FRAMES
        ],
    }
)
IDS = dict(zip(FRAMES, BOOK.frame_ids, strict=True))


def say(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    crash = done.exception
    assert crash is None or isinstance(crash, SystemExit), (arguments, crash)
    return done.output


def is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in "\n" + JOINERS


def find_unsafe(told: str) -> list[str]:
    return [told[max(0, i - 40) : i + 10] for i, character in enumerate(told) if is_unsafe(character)][:3]


@dataclass(frozen=True)
class World:
    """Files of a stranger, in a folder whose name is one too."""

    folder: Path
    config: Path
    model: Path
    other: Path
    export: Path
    posts: Path
    scores: Path
    coded: Path
    labelled: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("walk") / PLACE
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder.parent}/mlflow.db")
        patch.chdir(folder)
        yield build(folder)


def build(folder: Path) -> World:
    scores = folder.parent / "scores \u202ederocs"  # Delta tables stand in no folder with a control character
    rows = make_rows(0, 140)
    for row in rows:
        row |= {
            "labels": [IDS[label] for label in row["labels"]],
            "id": evil(row["id"]),
            "source": evil("channel"),
        }
    config = write_files(
        folder,
        BOOK,
        rows,
        folds={"method": "cluster", "test_share": 0.4},
        tracking={"register_as": "weather"},
    )
    shutil.copyfile(folder / "labelled.jsonl", folder / "bad.jsonl")
    write_lines(
        folder / "bad.jsonl", [*rows, {"text": "x", "labels": [evil("nothing")]}, {"text": evil("y")}]
    )
    models = []
    for name in ("one", "two"):
        told = say("train", config, "--set", f"name={name}", "--json")
        model = Path(json.JSONDecoder().raw_decode(told[told.index("{") :])[0]["bundle"])
        manifest = json.loads((model / "bundle.json").read_text(encoding="utf-8"))
        (model / "model_card.md").write_text(f"# {EVIL}\n\n{EVIL}\n", encoding="utf-8")
        manifest["files"] = {n: h for n, h in hash_files(model).items() if n != "bundle.json"}
        manifest |= {"name": evil(name), "notes": [EVIL], "data": {"sources": {EVIL: 3}}}
        manifest["manifest_hash"] = model_bundle.hash_manifest(manifest)
        (model / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
        models.append(model)
    export = folder / "export.jsonl"
    texts = [f"{evil(row['text'])} again. A word{i} of storm." for i, row in enumerate(make_rows(900, N))]
    write_lines(
        export,
        [
            {
                "text": text,
                "channel": evil("chan"),
                "message_id": i,
                "published_at": f"2024-0{1 + i % 3}-01T00:00:00Z",
            }
            for i, text in enumerate(texts)
        ]
        + [{"text": "z", "channel": evil("chan"), "message_id": evil("no"), "published_at": evil("never")}],
    )
    say("ingest", export, "-o", folder / "posts.parquet")
    say("predict", folder / "posts.parquet", "--model", models[0], "-o", scores)
    say("sample", scores, "--unit", "post", "-n", 60, "-o", folder / "sample.jsonl")
    sample = [dict(record.cells) for record in read_records(folder / "sample.jsonl")]
    coded = [
        row | {"labels": [i for f, i in IDS.items() if f in row["text"]], "annotator": EVIL} for row in sample
    ]
    write_records(folder / "coded.jsonl", coded, list(coded[0]))
    return World(
        folder,
        config,
        models[0],
        models[1],
        export,
        folder / "posts.parquet",
        scores,
        folder / "coded.jsonl",
        folder / "labelled.jsonl",
    )


def walk(w: World) -> dict[str, list[list[object]]]:
    """Command lines that read the stranger's files, by command; JSON where a command prints it."""
    book, out = w.folder / "codebook.yaml", w.folder / "out"
    return {
        "init": [[out / "new", "--labels", w.labelled], [out / "book", "--codebook", book], [w.folder]],
        "ingest": [[w.export, "-o", out / "posts.parquet"], [w.export, "-o", out / "p.parquet", "--json"]],
        "check": [[w.config], [w.config, "--json"], [w.config, "--set", "data.labelled=bad.jsonl"]],
        "sample": [
            [w.scores, "-n", 9, "-o", out / "s.csv"],
            [w.scores, "-n", 9, "-o", out / "s2.csv", "--json"],
        ],
        "label-export": [[w.coded, "--codebook", book, "-o", out / "coder.csv"]],
        "label-import": [
            [w.coded, "--codebook", book, "-o", out / "all.jsonl"],
            [w.folder / "bad.jsonl", "--codebook", book, "-o", out / "bad.jsonl"],
        ],
        "agreement": [
            [w.coded, w.labelled, "--codebook", book],
            [w.coded, w.labelled, "--codebook", book, "--json"],
        ],
        "suspects": [
            [w.labelled, "--codebook", book, "-o", out / "suspects.csv"],
            [w.labelled, "--codebook", book],
        ],
        "train": [[w.config, "--set", "data.labelled=bad.jsonl"], [w.config]],
        "learning-curve": [[w.config, "-o", out / "curve", "--set", "data.labelled=bad.jsonl"]],
        "sweep": [[w.config]],
        "evaluate": [
            [w.model, w.labelled],
            [w.model, w.labelled, "--json"],
            [w.model, w.folder / "bad.jsonl"],
        ],
        "recalibrate": [[w.model, w.labelled, "-o", out / "recalibrated"]],
        "compare": [[w.model, w.other], [w.model, w.other, "--json"]],
        "robustness": [[w.model, "--labels", w.labelled]],
        "models": [[], ["--json"]],
        "model-card": [[w.model]],
        "promote": [
            ["weather", 1, "--why", EVIL],
            [EVIL, 1, "--why", EVIL],
            ["weather", 2, "--why", EVIL, "--json"],
        ],
        "roll-back": [["weather", "--why", EVIL], [EVIL, "--why", EVIL]],
        "predict": [
            [w.export, "--model", w.model, "-o", w.scores / "../new \u202e"],
            [w.export, "--model", w.model, "-o", out / "scores"],
            [w.posts, "--model", w.other, "-o", w.scores],
        ],
        "scores export": [[w.scores, "-o", out / "plain"], [w.scores, "-o", out / "plain", "--json"]],
        "scores convert": [[w.scores, out / "converted"], [w.folder, out / "converted"]],
        "compact": [[w.scores]],
        "shares": [
            [w.scores, "--sample", w.coded, "--by", "channel", "--by", "month", "--differences"],
            [w.scores, "--sample", w.coded, "--json"],
            [w.scores, "--by", EVIL],
            [w.scores, "--frame", EVIL],
        ],
        "report": [[w.scores, "-o", out / "report.html", "--sample", w.coded, "--model", w.model]],
        "evaluation-report": [[w.model, "-o", out / "evaluation.html"]],
        "drift": [[w.scores, "--model", w.model], [w.scores, "--model", w.model, "--json"]],
        "explain": [[w.model, "--text", f"{EVIL} storm"], [w.model, "--text", f"{EVIL} storm", "--json"]],
        "archive": [[out / "a.zip", "--scores", w.scores, "--sample", w.coded, "--model", w.model]],
        "edits": [
            [w.scores, "--posts", w.posts, "-o", out / "edits.csv"],
            [w.scores, "--posts", w.posts, "--json"],
        ],
        "spread": [[w.scores, "-o", out / "spread"], [w.scores, "-o", out / "spread", "--json"]],
        "replay": [[out / "a.zip"], [out / "a.zip", "--json"], [w.export]],
    }


COMMANDS = {name: command for commands in PANELS.values() for name, command in commands.items()}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name in inspect.getsource(walk)])
def test_no_command_prints_what_would_command_a_terminal(world: World, name: str) -> None:
    for arguments in walk(world)[name]:
        told = say(*name.split(), *arguments)
        assert not find_unsafe(told), (name, arguments)
        assert told or name == "model-card"


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name not in {"demo", "doctor", "config-schema"}]
)
@pytest.mark.usefixtures("world")
def test_no_command_prints_names_that_it_was_given_raw(name: str) -> None:
    command = typer.main.get_command(app)
    for part in name.split():
        assert isinstance(command, TyperGroup)
        command = command.commands[part]
    needed = [parameter for parameter in command.params if parameter.required]
    given = [[] if parameter.param_type_name == "argument" else [parameter.opts[0]] for parameter in needed]
    told = say(*name.split(), *(word for option in given for word in (*option, EVIL)))
    assert not find_unsafe(told)
