"""The map of the code, `docs/code.md`: rooms in the order in which data flows, and what each file is about."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent.parent
ROOMS: Final = {
    "": "The doors, and what all rooms use.",
    "files": "Files written durably, locked, bounded and made safe for spreadsheets and terminals.",
    "config": "The schema of configs and projects, a file a section. Defaults stand here.",
    "data": "",
    "data/tables": "Tables that people make, read without guessing.",
    "data/exports": "Formats of channel exports, one reader each.",
    "data/posts": "From files of exports to the posts table.",
    "data/text": "Words, sentences, languages, disguises.",
    "data/copies": "Which texts are copies, and which say the same.",
    "data/codebooks": "The codebook and what can be learnt from it.",
    "data/labels": "Labelled rows, their folds, and what they may be used for.",
    "measures": "Figures and their intervals, calibration, thresholds: no model, no file.",
    "classifiers": "What a classifier is, and those made of others.",
    "classifiers/tfidf": "The baseline.",
    "classifiers/encoder": "Encoders and tokenizers as they are found, and texts cut to their windows.",
    "classifiers/transformer": "Fine-tuning.",
    "classifiers/graph": "The graph that scores in a network's place.",
    "classifiers/llm": "A language model behind a server.",
    "scoring": "Posts to tables of scores.",
    "scoring/engines": "Where the work is done: here, in processes, on a cluster.",
    "evaluation": "What a model is worth on labelled rows; drift.",
    "annotation": "Samples to code, agreement of coders.",
    "annotation/exchange": "Formats of labelling tools.",
    "prevalence": "Shares of frames, corrected by coded samples.",
    "explanation": "Which words move a probability.",
    "monitoring": "Edits, who was first, what rises, what the codebook misses.",
    "archive": "Published figures sealed, and computed again.",
    "tracking": "MLflow: runs, versions, promotion.",
    "reporting": "Pages, plots, cards.",
    "training": "Runs: fit, record, compare, distil.",
    "training/sweep": "Settings tried on train and dev.",
    "commands": "The command line: each verb with its options, and the tables it prints.",
    "sample": "The embedded example.",
}


def write_code_page(made: str) -> str:
    """The page (Markdown).

    Args:
        made: the line that says how the page is made.

    Raises:
        ValueError: a room of the package has no line in ROOMS, or the other way round.
    """
    found = {
        path.parent.relative_to(PACKAGE).as_posix().removeprefix(".")
        for path in PACKAGE.rglob("__init__.py")
        if not {"benchmarks", "upkeep"} & {*path.relative_to(PACKAGE).parts}
    }
    if found != set(ROOMS):
        raise ValueError(f"rooms without a line, or lines without a room: {sorted(found ^ set(ROOMS))}")
    lines = [
        "# Where to find things in the code",
        "",
        made,
        "",
        "Rooms in the order in which data flows; a file imports from its own room and from those above it here, but",
        "for the doors (`tests/test_architecture.py` holds the order). Each line is the first of a file's docstring.",
        "Benchmarks (`pipeline/benchmarks`) and the makers of reference pages (`pipeline/upkeep`) are not in the",
        "wheel.",
    ]
    for room, purpose in ROOMS.items():
        lines += ["", f"## `{'/'.join(filter(None, ('pipeline', room)))}`"]
        lines += ["", purpose] if purpose else []
        rows = list(_describe_files(PACKAGE / room))
        lines += ["", "| file | what it is about |", "|---|---|", *rows] if rows else []
    return "\n".join(lines) + "\n"


def _describe_files(room: Path) -> Iterator[str]:
    for path in sorted(room.glob("*.py")):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if told:
            first = " ".join(told.split("\n\n")[0].split()).replace("|", "\\|")
            yield f"| `{path.stem}` | {first} |"
