"""How much of an output the model has met before: posts with a sentence that trained or tested it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.bundle import ModelBundle
from pipeline.data.labels.training_record import STEM, TrainingRecord, digest_texts
from pipeline.scoring.read_scores import open_scores

_POSTS: Final = 2_000  # of all, by chance: enough for a share to a per cent
_TELL: Final = 0.001  # share from which it is worth a sentence
_TEXTS: Final = "training_texts"
# Hashes draw the same posts each time.
_SAMPLE: Final = """
SELECT post_key, text FROM current_sentences SEMI JOIN (
    SELECT post_key FROM current_posts WHERE n_sentences > 0
    ORDER BY md5('seen ' || post_key), post_key LIMIT $most) USING (post_key)
"""


@dataclass(frozen=True, slots=True)
class SeenPosts:
    """Of posts with a sentence, read by chance: those that the model has met.

    Attributes:
        read: posts looked at; of: posts with a sentence in all.
        trained: with a sentence that it learnt from, near copies included.
        tested: with one of its test fold; None for a bundle that does not keep its test texts.
        either: with one of both kinds.
    """

    read: int
    of: int
    trained: int
    tested: int | None
    either: int

    def describe(self) -> str | None:
        """In a sentence; None where there is next to nothing to tell."""
        if self.either < _TELL * self.read:
            return None
        who = f"{self.read:,} posts" if self.read == self.of else f"{self.read:,} posts drawn by chance"
        parts = f"{self.trained / self.read:.0%} hold a sentence that the model learnt from"
        if self.tested is not None:
            trained, tested = (f"{n / self.read:.0%}" for n in (self.trained, self.tested))
            parts = (
                f"{self.either / self.read:.0%} hold a sentence that the model learnt from ({trained}) or was tested "
                f"on ({tested})"
            )
        return (
            f"Of {who}, {parts}: there it is surer and errs less than on posts it has never met, so raw shares and "
            "evidence look better than they are."
        )


def count_seen_posts(scores: Path, bundle: ModelBundle) -> SeenPosts | None:
    """Count them; None for a bundle that says nothing of its training."""
    if not (bundle.folder / f"{_TEXTS}.npz").is_file():
        return None
    known = bundle.read_arrays(_TEXTS)
    stem = STEM if (bundle.folder / f"{STEM}.npz").is_file() else _TEXTS
    record = TrainingRecord.from_arrays(bundle.read_arrays(stem), len(bundle.frame_ids))
    with open_scores(scores) as connection:
        table = connection.execute(_SAMPLE, {"most": _POSTS}).df()
        found = connection.sql("SELECT count(*) FROM current_posts WHERE n_sentences > 0").fetchall()
    texts = list(table["text"])
    trained = np.asarray(record.find(texts) >= 0)
    tests = known.get("test_digests")
    tested = np.isin(digest_texts(texts), tests) if tests is not None else np.zeros(len(texts), bool)
    posts = table.assign(trained=trained, tested=tested).groupby("post_key")[["trained", "tested"]].any()
    return SeenPosts(
        read=len(posts),
        of=int(found[0][0]),
        trained=int(posts["trained"].sum()),
        tested=None if tests is None else int(posts["tested"].sum()),
        either=int(posts.any(axis=1).sum()),
    )
