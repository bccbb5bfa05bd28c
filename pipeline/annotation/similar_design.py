"""A first sample where no label exists yet: units that are most like what the codebook says of its frames.

An encoder that nobody trained for the task compares units with definitions, inclusion rules and examples. It knows
topics better than frames, so what it proposes is a place to look, and no code: the sample is for training alone, and
nothing can be estimated from it. Similarities of a frame are taken relative to those of the same unit with all frames,
so that a unit which is like everything is like nothing.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.annotation.probability_designs import Draw, RandomNumbers, check_size
from pipeline.classifiers.encoder.encoder_choice import name_encoder
from pipeline.classifiers.encoder.encoders import AUTO
from pipeline.classifiers.protocols import Progress
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.codebooks.codebook_texts import texts_of_frame
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.data.text.language import identify_language
from pipeline.errors import DataError

MOST_READ: Final = 10_000  # units that are compared, by chance: some minutes on two cores
SIMILAR, RANDOM = "similar", "random"
_ASKED: Final = 500  # texts by whose languages the encoder is chosen
_POOL_FACTOR: Final = 3  # candidates for each unit wanted, some of which are copies

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def measure_similarity(texts: Sequence[str], codebook: Codebook, progress: Progress) -> Floats:
    """How much like each frame a text is, relative to all frames, shape (n, k).

    Raises:
        DataError: a frame says nothing.
        ModelError: the encoder that suits the texts is not installed.
    """
    from pipeline.classifiers.transformer.text_vectors import embed_texts  # noqa: PLC0415 - other designs load no torch

    of_frames = [texts_of_frame(frame) for frame in codebook.frames]
    if empty := [frame.id for frame, said in zip(codebook.frames, of_frames, strict=True) if not said]:
        raise DataError(
            f"codebook '{codebook.name}': nothing is said of {', '.join(empty)} yet: write a definition"
        )
    said = [text for texts_of in of_frames for text in texts_of]
    langs = [identify_language(text) for text in texts[:_ASKED]]
    vectors = embed_texts([*texts, *said], name_encoder(AUTO, langs), progress)
    likeness = vectors[: len(texts)] @ vectors[len(texts) :].T
    ends = np.cumsum([0, *map(len, of_frames)])
    largest = np.stack([likeness[:, a:b].max(axis=1) for a, b in itertools.pairwise(ends)], axis=1)
    return np.asarray(
        largest - largest.mean(axis=1, keepdims=True) if len(of_frames) > 1 else largest, np.float32
    )


def draw_similar(
    numbers: RandomNumbers,
    read_texts: Callable[[Integers], Sequence[str]],
    codebook: Codebook,
    n: int,
    random_share: float,
    *,
    progress: Progress,
) -> tuple[Draw, list[tuple[str, ...]]]:
    """Units that are like the frames in turn, and a random share of the others; which frames each is most like.

    Args:
        numbers: permanent random numbers, shape (N,).
        read_texts: rows -> their texts.
        codebook: of the frames.
        n: units wanted.
        random_share: of them, drawn at random; nothing is proposed for these.
        progress: told how far it is.

    Raises:
        DataError: fewer units than wanted, or a frame of which nothing is said.
    """
    check_size(n, len(numbers))
    read = np.argsort(numbers, kind="stable")[:MOST_READ].astype(np.int64)
    texts = list(read_texts(read))
    similarity = measure_similarity(texts, codebook, progress)
    rank = np.empty(similarity.shape, np.int64)
    np.put_along_axis(
        rank, np.argsort(-similarity, axis=0, kind="stable"), np.arange(len(read))[:, None], axis=0
    )
    wanted = n - round(n * random_share)
    order = np.lexsort((-similarity.max(axis=1), rank.min(axis=1)))[: _POOL_FACTOR * wanted]
    clusters = cluster_texts([texts[i] for i in order])
    firsts = np.unique(clusters, return_index=True)[1]
    places = order[np.sort(firsts)[:wanted]]
    similar = read[places]
    others = np.setdiff1d(np.arange(len(numbers)), similar)
    n_random = n - len(similar)
    rows = np.concatenate([similar, others[np.argsort(numbers[others], kind="stable")[:n_random]]]).astype(
        np.int64
    )
    strata = np.array([SIMILAR] * len(similar) + [RANDOM] * n_random, object)
    inclusion = np.where(strata == SIMILAR, 1.0, n_random / max(len(others), 1))
    frames = [(codebook.frame_ids[int(rank[place].argmin())],) for place in places]
    proposed = [*frames, *([()] * n_random)]
    shuffled = np.argsort(numbers[rows], kind="stable")
    return Draw(rows[shuffled], strata[shuffled], inclusion[shuffled]), [proposed[i] for i in shuffled]
