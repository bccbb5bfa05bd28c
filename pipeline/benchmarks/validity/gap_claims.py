"""Groups of posts without a frame: do they hold what belongs together, and do they stay when posts come otherwise?

The posts of the embedded example stand for posts without a frame: the frames that their coders gave are what groups
should find, and were seen neither by the encoder nor by the grouping. Agreement is the adjusted Rand index (Hubert and
Arabie 1985), 1 for equal groups and 0 for chance; each post of no group is a group of its own.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.classifiers.encoder.encoders import EMBEDDED
from pipeline.classifiers.transformer.text_vectors import embed_texts
from pipeline.config.run_config import SAMPLE_FOLDER
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.monitoring.gap_groups import NONE, centre, extend_groups

_LATE: Final = 0.2  # of the posts, in the runs in which some come late

Vectors = NDArray[np.float32]
Groups = NDArray[np.int64]


def find_frames(_repetitions: int) -> Iterator[Finding]:
    """How many of a group's posts carry its most frequent frame, and how many would by chance."""
    vectors, months, labels = _read_posts()
    groups = _run(vectors, months, np.zeros(len(vectors), np.int64))
    sizes = [int((groups == g).sum()) for g in range(int(groups.max()) + 1)]
    shares = [labels[groups == g].mean(axis=0).max() for g in range(len(sizes))]
    n = len(vectors)
    generator = np.random.default_rng(0)
    chance = [labels[generator.permutation(n)[:size]].mean(axis=0).max() for size in sizes for _ in range(50)]
    weights = np.array(sizes) / sum(sizes)
    yield Finding(f"groups among {n} posts", float(len(sizes)), Target(), 1)
    yield Finding("share of posts in a group", float(np.mean(groups != NONE)), Target(), 1)
    yield Finding("posts of a group with its commonest frame", float(weights @ shares), Target(low=0.6), 1)
    by_chance = float(np.repeat(weights, 50) @ chance / 50)
    yield Finding("the same, posts drawn by chance", by_chance, Target(), 50)


def keep_groups(repetitions: int) -> Iterator[Finding]:
    """Agreement of the groups of one run over all posts with those of other ways in which the same posts come."""
    vectors, months, _ = _read_posts()
    whole = _run(vectors, months, np.zeros(len(vectors), np.int64))
    order = {month: i for i, month in enumerate(sorted(set(months)))}
    by_month = _run(vectors, months, np.array([order[month] for month in months]))
    yield Finding("a run a month", _agree(whole, by_month), Target(), 1)
    found = []
    for r in range(repetitions):
        is_late = np.random.default_rng([31, r]).random(len(vectors)) < _LATE
        found.append(_agree(whole, _run(vectors, months, is_late.astype(np.int64))))
    error = float(np.std(found, ddof=1) / np.sqrt(repetitions))
    yield Finding("a fifth of all posts comes late", float(np.mean(found)), Target(), repetitions, error)


def _run(vectors: Vectors, months: list[str], arrival: Groups) -> Groups:
    """Groups after runs 0, 1, ..., in which the posts of that number come; members are checked to stay."""
    groups = np.full(len(vectors), NONE, np.int64)
    order = np.argsort(arrival, kind="stable")
    for run in range(int(arrival.max()) + 1):
        here = order[: int((arrival <= run).sum())]  # in the order in which they came
        before = groups.copy()
        groups[here] = extend_groups(centre(vectors[here]), [months[i] for i in here], groups[here])
        if (groups != before)[before != NONE].any():
            raise AssertionError("a post changed its group")
    return groups


def _agree(first: Groups, second: Groups) -> float:
    alone = np.arange(len(first)) + len(first)
    return float(
        adjusted_rand_score(*(np.where(groups == NONE, alone, groups) for groups in (first, second)))
    )


@cache
def _read_posts() -> tuple[Vectors, list[str], NDArray[np.bool_]]:
    """Vectors of the example's labelled posts, their months, and the frames of their coders, shape (n, k)."""
    book = load_codebook(SAMPLE_FOLDER / "codebook.yaml")
    data = read_labelled(SAMPLE_FOLDER / "labelled_sentences.jsonl", book)
    table: Any = data.table.assign(row=range(len(data)))
    indicator = data.indicator()
    texts, months, labels = [], [], []
    for _, rows in table[table["date"].notna()].groupby("group", sort=True):
        texts.append(" ".join(rows["text"]))
        months.append(f"{rows['date'].min():%Y-%m}")
        labels.append(indicator[rows["row"].to_numpy()].any(axis=0))
    return embed_texts(texts, EMBEDDED, lambda *_: None), months, np.array(labels)


CLAIMS: Final = (
    Claim("Groups of posts hold what coders call one frame", find_frames, short=1, long=1),
    Claim("Groups stay when posts come otherwise (adjusted Rand index)", keep_groups, short=5, long=50),
)
