"""What an archive holds, and how figures that were archived are held against those that are computed again.

    archive.json              this list: versions, how shares were computed, models, SHA-256 of every other file
    figures.json              the shares, as they were published
    scores/posts.csv          current scores of all posts; with sentences.csv where sentences are counted
    sample/N.jsonl            the sample and its codes; codings/N.jsonl, second codings
    table.csv                 columns of a posts table by which shares are told
    texts.json                what only texts tell; in an archive with texts they are looked at again
    training/HASH.npz         what a model keeps of its training texts; with texts alone
    models/N/                 manifest, codebook, config, decision rule, figures and recorded test predictions
    comparisons/N.json        as `frames compare --json` printed it

Times of the archiving are not kept: the same input gives the same bytes.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from pipeline.config.settings import Settings
from pipeline.data.codebooks.codebook import FrameId
from pipeline.errors import DataError, shorten

CONTENTS, FIGURES, TEXTS, TABLE = "archive.json", "figures.json", "texts.json", "table.csv"
POSTS_FILE, SENTENCES_FILE = "scores/posts.csv", "scores/sentences.csv"
MODEL_FILES: Final = ("bundle.json", "codebook.json", "config.json", "decisions.json", "metrics.json")
MODEL_ARRAYS: Final = ("test_predictions", "training_texts")  # the latter: digests, channels and last day
NAMES: Final = re.compile(
    r"archive\.json|figures\.json|texts\.json|table\.csv|README\.txt|scores/(posts|sentences)\.csv"
    r"|(sample|codings)/\d{1,3}\.jsonl|comparisons/\d{1,3}\.json|training/[0-9a-f]{64}\.npz"
    r"|models/\d{1,3}/((bundle|codebook|config|decisions|metrics)\.json|(test_predictions|training_texts)\.npz)"
)
MOST_JSON: Final = 256 << 20  # bytes of one JSON file in an archive
MOST_FILES: Final = 1000  # of a stranger's archive
MOST_BYTES: Final = 4 << 30  # of all its files together, unpacked
_Text = Annotated[str, StringConstraints(max_length=1000)]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Source(Settings):
    """A file that was given: its name, not where it was, and the SHA-256 of its bytes."""

    name: _Text
    sha256: _Hash


class ShareRecipe(Settings):
    """How shares were computed: the options of `frames shares`.

    Attributes:
        all_frames: of the scores, in their order; parents: of those that have one; frames: those wanted.
        domains: kinds of parts, see `pipeline.prevalence.domains`; split_at: first day of "after";
            timezone: where months and days begin.
        differences, against, trend: contrasts between them.
        before_first: what came after a day less what was before; older archives have the reverse.
        samples, codings, table: the files that were given; the archive holds what was read of them.
    """

    unit: Literal["post", "sentence"]
    all_frames: Annotated[tuple[FrameId, ...], Field(min_length=1, max_length=2000)]
    frames: Annotated[tuple[FrameId, ...], Field(min_length=1, max_length=2000)]
    parents: Annotated[dict[FrameId, FrameId], Field(max_length=2000)] = {}  # noqa: RUF012 - pydantic copies it
    domains: Annotated[tuple[_Text, ...], Field(max_length=50)]
    split_at: date | None = None
    timezone: _Text | None = None
    differences: bool = False
    against: _Text | None = None
    trend: bool = False
    before_first: bool = False
    confidence: Annotated[float, Field(ge=0.5, le=0.999)] = 0.95
    labels_only: bool = False
    samples: Annotated[tuple[Source, ...], Field(max_length=50)] = ()
    codings: Annotated[tuple[Source, ...], Field(max_length=50)] = ()
    table: Source | None = None

    def to_command(self) -> str:
        """The command line that gives these figures, for people."""
        options = [f"--sample {source.name}" for source in self.samples]
        options += [f"--unit {self.unit}"] if not self.samples else []
        options += [f"--frame '{frame}'" for frame in self.frames if self.frames != self.all_frames]
        options += [f"--by {kind}" for kind in self.domains if kind not in ("whole", "period")]
        options += [f"--before-after {self.split_at}"] if self.split_at else []
        options += [f"--timezone {self.timezone}"] if self.timezone else []
        options += [f"--table {self.table.name}"] if self.table else []
        options += ["--differences"] if self.differences and self.against is None else []
        options += [f"--against '{self.against}'"] if self.against is not None else []
        options += ["--trend"] if self.trend else []
        options += ["--labels-only"] if self.labels_only else []
        options += [f"--codings {source.name}" for source in self.codings]
        options += [f"--confidence {self.confidence}"]
        return " ".join(["frames shares SCORES", *options])


class Comparison(Settings):
    """Which of the models a comparison is of, by their numbers."""

    first: Annotated[int, Field(ge=0, lt=1000)]
    second: Annotated[int, Field(ge=0, lt=1000)]


class Contents(Settings):
    """`archive.json`.

    Attributes:
        format: of the archive.
        with_texts: whether it holds the texts of sentences and sample.
        versions: of Python and of the packages that computed the figures.
        shares: how they were computed; None for none.
        models: model ids, in the order of their folders; comparisons: of these.
        files: SHA-256 of every other file.
    """

    format: Literal[1] = 1
    with_texts: bool
    versions: Annotated[dict[_Text, _Text | None], Field(max_length=200)]
    shares: ShareRecipe | None = None
    models: Annotated[tuple[_Text, ...], Field(max_length=100)] = ()
    comparisons: Annotated[tuple[Comparison, ...], Field(max_length=100)] = ()
    files: Annotated[dict[_Text, _Hash], Field(max_length=MOST_FILES)]

    def list_needed(self) -> list[str]:
        """Names of the files without which nothing can be computed; those of models have a list of their own."""
        names = [f"comparisons/{number}.json" for number in range(len(self.comparisons))]
        if self.shares is not None:
            names += [FIGURES, POSTS_FILE]
            names += [f"sample/{number}.jsonl" for number in range(len(self.shares.samples))]
            names += [f"codings/{number}.jsonl" for number in range(len(self.shares.codings))]
            has_sentences = self.with_texts or self.shares.unit == "sentence"
            names += [SENTENCES_FILE] if has_sentences else []
            names += [TABLE] if self.shares.table is not None else []
            names += [TEXTS] if self.shares.samples and not self.with_texts else []
        return names

    @staticmethod
    def read(path: Path) -> "Contents":
        """Read `archive.json`.

        Raises:
            DataError: it is not what this version writes.
        """
        try:
            return Contents.model_validate(read_json(path))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, fault["loc"]))
            raise DataError(f"{path.name}, '{shorten(place, 80)}': {shorten(fault['msg'])}") from None


def read_json(path: Path) -> Any:
    """A JSON file of an archive.

    Raises:
        DataError: too large, damaged, or nested too deep.
    """
    try:
        if path.stat().st_size > MOST_JSON:
            raise DataError(f"{path.name}: larger than {MOST_JSON:,} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: cannot be read: {shorten(error)}") from None


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file in the one spelling that archives have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, default=str)
    path.write_text(text + "\n", encoding="utf-8")
