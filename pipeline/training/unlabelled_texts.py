"""Sentences without labels, drawn from posts: what a student learns from, and what it is calibrated and checked on.

Never learnt from are texts of the teacher's test fold, of labelled rows that the teacher has not seen, and near copies
of either; so a student is judged on the rows that judge its teacher. Texts that the teacher has learnt from say nothing
of how well it is copied: they may be learnt from and are not held out.
"""

import hashlib
import heapq
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import Progress
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.training_record import TrainingRecord
from pipeline.data.posts.posts_table import iter_posts
from pipeline.data.text.sentences import iter_sentences
from pipeline.errors import DataError
from pipeline.evaluation.leakage import find_learnt
from pipeline.scoring.prediction import gather_tables

HELD_OUT = 0.15  # share of the texts
MOST_HELD_OUT = 2000
FEWEST_HELD_OUT = 60  # below, calibration moves by chance


@dataclass(frozen=True, slots=True)
class TextCounts:
    """What became of the sentences: read = boilerplate + repeated + not_drawn + drawn.

    Attributes:
        posts: read.
        read: sentences in them.
        boilerplate: tags, links, "read more": never scored either.
        repeated: the same text again.
        not_drawn: beyond the number asked for.
        drawn: at random; of these
        of_tests: left out, being texts of the teacher's test fold or of labelled rows, or near copies of them;
        near_held_out: left out, being near copies of held-out texts;
        held_out: kept for calibration and agreement;
        learnt: the others, the student's lessons, of which
        seen_by_teacher: are texts that the teacher has learnt from, or near copies.
        rejected: records of raw exports that could not be used.
    """

    posts: int
    read: int
    boilerplate: int
    repeated: int
    not_drawn: int
    drawn: int
    of_tests: int
    near_held_out: int
    held_out: int
    learnt: int
    seen_by_teacher: int
    rejected: int

    def to_json(self) -> dict[str, int]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class UnlabelledTexts:
    """Texts to learn from, texts held out, and what became of all that was read."""

    learnt: list[str]
    held_out: list[str]
    counts: TextCounts
    warnings: tuple[str, ...]


def read_unlabelled(
    inputs: Sequence[Path],
    teacher: ModelBundle,
    *,
    labelled: LabelledData,
    most: int,
    seed: int,
    options: ReadOptions,
    format_name: str | None,
    progress: Progress,
) -> UnlabelledTexts:
    """Read posts, draw distinct sentences by hash, and divide them; the order of the input does not matter.

    Args:
        inputs: posts tables or raw exports, files or folders.
        teacher: whose seen texts and test fold are known.
        labelled: rows, of which those that the teacher has not learnt from must not be learnt from.
        most: sentences to draw.
        seed: of the draw.
        options: what the user says about raw exports.
        format_name: of raw exports; None to tell it from their content.
        progress: told how many posts are read, and when copies are looked for.

    Raises:
        DataError: nothing can be read, or too few texts that the teacher has not learnt from.
    """
    drawing = _Drawing(most, seed)
    rejected = 0
    warnings: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="frames-distil-") as folder:
        tables, report = gather_tables(inputs, Path(folder, "posts.parquet"), options, format_name, progress)
        if report is not None:
            report.raise_if_files_failed()
            rejected, warnings = report.rejected, report.warnings
        for table in tables:
            for batch in iter_posts(table, ["text"]):
                for text in batch.column("text").to_pylist():
                    drawing.add(text)
                progress("reading posts", drawing.posts, 0)
    drawn = drawing.texts()
    progress("looking for copies", 0, len(drawn))
    apart = np.zeros(len(drawn), bool)
    tests = teacher.read_arrays("training_texts").get("test_digests", np.zeros(0, np.uint64))
    known = list(labelled.table["text"])
    new = [text for text, seen in zip(known, find_learnt(teacher, known), strict=True) if not seen]
    for record in (TrainingRecord.from_arrays({"digests": tests}, 0), _record(new)):
        apart |= record.find(drawn) >= 0
    usable = [text for text, is_apart in zip(drawn, apart, strict=True) if not is_apart]
    seen = find_learnt(teacher, usable)
    held_out = _hold_out(seen, teacher.model_id)
    is_near = _record([usable[i] for i in held_out]).find(usable) >= 0
    learnt = np.flatnonzero(~is_near)
    progress("looking for copies", len(drawn), len(drawn))
    counts = TextCounts(
        posts=drawing.posts,
        read=drawing.read,
        boilerplate=drawing.boilerplate,
        repeated=drawing.repeated,
        not_drawn=drawing.read - drawing.boilerplate - drawing.repeated - len(drawn),
        drawn=len(drawn),
        of_tests=int(apart.sum()),
        near_held_out=int(is_near.sum()) - len(held_out),
        held_out=len(held_out),
        learnt=len(learnt),
        seen_by_teacher=int(seen[learnt].sum()),
        rejected=rejected,
    )
    return UnlabelledTexts([usable[i] for i in learnt], [usable[i] for i in held_out], counts, warnings)


class _Drawing:
    """The texts whose seeded hashes are smallest, so many of them, and counts of all sentences met."""

    def __init__(self, most: int, seed: int) -> None:
        self.posts = self.read = self.boilerplate = self.repeated = 0
        self._most, self._key = most, str(seed).encode()
        self._heap: list[tuple[int, str]] = []  # hashes negated: the largest stands first
        self._hashes: set[int] = set()

    def add(self, post: str) -> None:
        """Take up the sentences of a post."""
        self.posts += 1
        for sentence in iter_sentences(post):
            self.read += 1
            if sentence.is_boilerplate:
                self.boilerplate += 1
                continue
            digest = hashlib.blake2b(sentence.text.encode("utf-8", "replace"), digest_size=8, key=self._key)
            number = int.from_bytes(digest.digest(), "big")
            if number in self._hashes:
                self.repeated += 1
            elif len(self._heap) < self._most:
                heapq.heappush(self._heap, (-number, sentence.text))
                self._hashes.add(number)
            elif -number > self._heap[0][0]:
                dropped, _ = heapq.heapreplace(self._heap, (-number, sentence.text))
                self._hashes.remove(-dropped)
                self._hashes.add(number)

    def texts(self) -> list[str]:
        """By hash, so in random order."""
        return [text for _, text in sorted(self._heap, reverse=True)]


def _hold_out(seen: NDArray[np.bool_], teacher: str) -> NDArray[np.int64]:
    """Numbers of the first texts that the teacher has not learnt from; they stand in random order."""
    unseen = np.flatnonzero(~seen)
    n = min(MOST_HELD_OUT, int(len(seen) * HELD_OUT), len(unseen))
    if n < FEWEST_HELD_OUT:
        raise DataError(
            f"{len(seen)} different sentences, {len(unseen)} of which {teacher} has not learnt from: too few to learn "
            f"from and to check the student on; give posts with at least {round(FEWEST_HELD_OUT / HELD_OUT)}, and "
            "better several thousands"
        )
    return unseen[:n]


def _record(texts: Sequence[str]) -> TrainingRecord:
    return TrainingRecord.of(texts, np.zeros((len(texts), 0)))
