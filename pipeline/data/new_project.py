"""`frames init`: a new project folder with a commented codebook, configs and a place for data."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pipeline.config.project import PROJECT_FILE
from pipeline.data.codebooks.codebook import PLACEHOLDER_IDS, draft_codebook, dump_codebook
from pipeline.data.codebooks.codebook_tables import read_codebook_table
from pipeline.data.labels.labelled_rows import draft_labels
from pipeline.data.tables.table_files import guard_formula, read_records
from pipeline.errors import DataError, PipelineError

_CODEBOOK = """\
# The codebook: which narrative frames there are, and when a sentence carries one.
# Ids are what stands in the labels column of your data; the order here is the column order everywhere.
name: My codebook
version: "1"
language: en
mode: {mode}   # multi_label: a sentence carries none, one or several frames; single_label: exactly one
frames:
  - id: frame_one
    name: First frame
    definition: >-
      Say in one or two sentences when a sentence carries this frame. A coder who has only this text and the
      sentence in front of him should decide as you do.
    include:
      - cases that count although one might doubt it
    exclude:
      - cases that do not count although they look alike (and which frame they carry instead)
    examples:
      - A sentence that clearly carries the frame.
  - id: frame_two
    name: Second frame
    definition: >-
      Frames may stand under another one: add "parent: frame_one" (two levels at most).
    examples:
      - Another example sentence.
"""

_DATA_EXAMPLES = {
    "multi_label": """\
id,text,labels,source,date,group,lang
1,A sentence that clearly carries the frame.,frame_one,channel_a,2024-01-15,post-1,en
2,A sentence that carries both frames.,frame_one;frame_two,channel_a,2024-01-15,post-1,en
3,A sentence without any frame: its labels stay empty.,,channel_b,2024-01-16,post-2,en
""",
    "single_label": """\
id,text,labels,source,date,group,lang
1,A sentence that carries the first frame.,frame_one,channel_a,2024-01-15,post-1,en
2,A sentence that carries the second frame.,frame_two,channel_a,2024-01-15,post-1,en
""",
}

_LARGEST_TEMPLATE = 20_000  # bytes; a workbook of the placeholder rows has some 5,000

_DRAFT_HEADER = """\
# DRAFT, made from the label ids found in {source}. Ids alone are no codebook: write a definition and examples
# for each frame before anybody codes with it or reads results made with it.
"""

_CONFIG = """\
# {purpose}
# Every key can be changed on the command line: frames train {file} --set model.{example}
name: {name}
seed: 42
data:
  codebook: ../codebook.yaml       # ../ starts from this file; bare names: beside it, else in the current folder
  labelled: {labelled}
  {columns}
folds:
  method: auto            # time when nearly all rows are dated over two months or more, else cluster
  test_share: 0.2
  dev_share: 0.15
  # hold_out_sources: [channel_b]   # all rows of these channels go to test
model:
  kind: {kind}
{model}decisions:
  threshold: tuned        # or one number for every frame
  rare_frames: error      # "warn" trains frames with fewer than 5 positives all the same
tracking:
  experiment: {experiment}
  register_as: {experiment}         # name in the model registry; null to leave it out
output: runs
"""

_COLUMNS_HINT = "# columns: {text: sentence, labels: frames}   # if your columns have other names"

_TRANSFORMER_KEYS = """\
  encoder: auto           # embedded-multilingual where it is installed, else embedded (English); or a folder
  # epochs: 4             # passes over the rows; by their number without it
  # max_tokens: 256       # longer texts are read in windows of this size
"""

# What is trained, by the name of the config
_CONFIGS = {
    "baseline": {
        "purpose": "The baseline: TF-IDF and logistic regression, seconds to train.",
        "example": "min_df=1",
        "kind": "tfidf",
        "model": "",
    },
    "transformer": {
        "purpose": "The transformer: an encoder fine-tuned on your labels, minutes to train.",
        "example": "epochs=6",
        "kind": "transformer",
        "model": _TRANSFORMER_KEYS,
    },
    "blend": {
        "purpose": "Baseline and transformer side by side, weights learnt; three times the transformer's time.",
        "example": "transformer.epochs=6",
        "kind": "blend",
        "model": "",
    },
}

_PROJECT = """\
# What `frames update` does every day; docs/daily.md explains every line. Paths start from this file.
inputs:                     # folders in which exports arrive; what is new in them is read
  - folder: exports
    # timezone: Europe/Kyiv # clock of times that name no zone; further keys: docs/daily.md
posts: data/posts.parquet
model: {model}
# tracking: sqlite:///mlflow.db     # the MLflow store; that of the environment, else mlflow.db beside this file
scores: scores
sample: []                  # coded samples, for shares with intervals: [coded.jsonl]
shares: shares.csv
report: report.html
summary: update.json        # what the last run did
known: []                   # needs that no longer change the exit status: model, rejects, drift, sample, rising
"""

_README = """\
# {name}

Run the commands in this folder.

1. Put channel exports into `exports/` and read them:
       frames ingest exports -o data/posts.parquet
2. Write the frames into `codebook.yaml`.
3. {labelling}
4. Check everything; train; the last lines name the folder and the version of each model:
       frames check configs/baseline.yaml
       frames train configs/baseline.yaml
       frames train configs/transformer.yaml
5. Compare the folders, and make the better version the champion:
       frames compare runs/FIRST runs/SECOND
       frames promote {experiment} 1 --why "better on the test fold"
6. Score all posts:
       frames predict data/posts.parquet --model models:/{experiment}@champion -o scores
7. Draw posts by chance and code them, so that shares are corrected and have intervals:
       frames sample scores --unit post -n 400 -o sample.csv
       frames label-export sample.csv --codebook codebook.yaml -o sample_coder.csv
       # code sample_coder.csv as in 3.
       frames label-import sample_coder.csv --codebook codebook.yaml --sample sample.csv -o coded.jsonl
       frames shares scores --sample coded.jsonl
       frames report scores -o report.html --sample coded.jsonl --model models:/{experiment}@champion
8. Write `sample: [coded.jsonl]` into `project.yaml`. From now on, every day:
       frames update

A sample cannot be larger than what there is: where 400 are too many, the error says how many there are.
More labels later: draw with another `--seed`, code, import the round to `data/coded_2.jsonl`, and join the rounds:
    frames label-import data/coded.jsonl data/coded_2.jsonl --codebook codebook.yaml -o data/all_coded.jsonl \\
        --labelled data/labelled.csv --replace

`configs/blend.yaml` trains both side by side; `project.yaml` says what `frames update` does.
"""

_CODE_FIRST = """\
Label sentences. Without labels yet, draw some (or `--design similar --codebook codebook.yaml` for rare
   frames), hand them out, and read them back, which replaces the placeholder rows in `data/labelled.csv`:
       frames sample data/posts.parquet -n 400 -o to_code.csv
       frames label-export to_code.csv --codebook codebook.yaml -o to_code_coder.csv
       # code to_code_coder.csv: in each row an x under every frame it carries, or under "(no frame)"
       frames label-import to_code_coder.csv --codebook codebook.yaml --sample to_code.csv -o data/coded.jsonl \\
           --labelled data/labelled.csv
   With labels already: write them into `data/labelled.csv` (columns text, labels; several labels are separated by
   ";", none is empty; also date, source, and group, the post of a sentence)."""

_LABELS_THERE = """\
Your labels are in {labels}, which the configs name (columns text, labels; several labels are
   separated by ";", none is empty)."""

_GITIGNORE = """\
# what runs write, and exports that may be confidential
runs/
mlruns/
mlflow.db*
exports/
scores/
.frames/
shares.csv
report.html
update.json
"""


def holds_placeholders(path: Path) -> bool:
    """Whether a file holds the placeholder rows of a new project, in whatever table they were kept, and no others."""
    if not path.is_file() or path.stat().st_size > _LARGEST_TEMPLATE:
        return False
    try:
        texts = {str(record.cells.get("text")) for record in read_records(path)}
    except PipelineError:
        return False
    rows = [row for table in _DATA_EXAMPLES.values() for row in csv.DictReader(table.splitlines())]
    return bool(texts) and texts <= {row["text"] for row in rows}


def init_project(
    folder: Path,
    *,
    codebook: Path | None = None,
    labels: Path | None = None,
    columns: Mapping[str, str] | None = None,
    mode: Literal["multi_label", "single_label"] = "multi_label",
    encoding: str | None = None,
) -> tuple[list[Path], list[str]]:
    """Write a project skeleton, with a codebook of a table, or one drafted from the ids of a labelled file.

    Args:
        folder: new or empty.
        codebook: a table of frames, see `codebook_tables`.
        labels: a labelled file.
        columns: our column names -> those of `labels`, where they differ; kept in the configs.
        mode: of the codebook.
        encoding: of text files that are not UTF-8; kept in the configs.

    Returns:
        The files written, and notes.

    Raises:
        DataError: the folder holds files already, a file cannot be read, or there is none whose `columns` could be
            meant.
    """
    if columns and labels is None:
        raise DataError("--column names columns of a labelled file; name the file with --labels")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{folder} exists and is not an empty folder; choose a new one, nothing is overwritten"
        )
    name = folder.resolve().name
    frames, notes = _CODEBOOK.format(mode=mode), list[str]()
    ids: tuple[str, ...] = PLACEHOLDER_IDS
    if codebook is not None:
        book, notes = read_codebook_table(codebook, name, mode=mode, encoding=encoding)
        frames, ids = dump_codebook(book), book.frame_ids
    elif labels is not None:
        drafted = draft_codebook(name, draft_labels(labels, columns, encoding), mode=mode)
        frames = _DRAFT_HEADER.format(source=labels.name) + dump_codebook(drafted)
    labelled = "../data/labelled.csv" if labels is None else str(labels.resolve())
    experiment = "".join(c if c.isalnum() else "-" for c in name)
    pairs = ", ".join(f"{ours}: {_yaml_text(theirs)}" for ours, theirs in (columns or {}).items())
    keys = [f"columns: {{{pairs}}}" if pairs else _COLUMNS_HINT]
    keys += [f"encoding: {_yaml_text(encoding)}"] if encoding else []
    common = {
        "labelled": _yaml_text(labelled),
        "columns": "\n  ".join(keys),
        "experiment": _yaml_text(experiment),
    }
    files = {
        "codebook.yaml": frames,
        **{
            f"configs/{stem}.yaml": _CONFIG.format(file=f"configs/{stem}.yaml", name=stem, **config, **common)
            for stem, config in _CONFIGS.items()
        },
        PROJECT_FILE: _PROJECT.format(model=_yaml_text(f"models:/{experiment}@champion")),
        "README.md": _README.format(
            name=name,
            labelling=_CODE_FIRST if labels is None else _LABELS_THERE.format(labels=f"`{labelled}`"),
            experiment=experiment,
        ),
        ".gitignore": _GITIGNORE,
    }
    if labels is None:
        files["data/labelled.csv"] = _example_rows(mode, ids)
    for relative, content in files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")
    (folder / "data").mkdir(exist_ok=True)
    (folder / "exports").mkdir(exist_ok=True)
    return [folder / relative for relative in files], notes


def _example_rows(mode: str, ids: Sequence[str]) -> str:
    """The placeholder rows, labelled with frames of the codebook."""
    header, *rows = csv.reader(_DATA_EXAMPLES[mode].splitlines())
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        given = filter(None, row[2].split(";"))
        labels = dict.fromkeys(ids[PLACEHOLDER_IDS.index(label) % len(ids)] for label in given)
        writer.writerow([*row[:2], guard_formula(";".join(labels)), *row[3:]])
    return written.getvalue()


def _yaml_text(value: str) -> str:
    """A quoted YAML scalar: a folder may be called 2024 or null."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
