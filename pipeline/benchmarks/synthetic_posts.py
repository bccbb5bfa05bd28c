"""Posts that are like those of channels in what costs time: lengths of sentences, posts, and share of copies."""

import hashlib

import numpy as np
import pyarrow as pa

from pipeline.data.posts.posts_table import POSTS_SCHEMA

COPIES = 0.4  # of channel posts are forwards or copies of another, word by word
_SENTENCES = (1, 8)  # least and most of a post
_WORDS = (5, 60)  # least and most of a sentence
_MEDIAN_WORDS, _SPREAD = 17, 0.5  # log-normal, as in the embedded sample
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_RARITY = 1.2  # exponent of Zipf's law

_VOCABULARY = """
about accord after again agency aid air alliance allies also always ambassador and area army arrived at attack
authorities balance because before began between border both brigade brought budget by called capital ceasefire
citizens city coast commander committee companies concern conference convoy council countries crisis decision
defence delegation deputy despite discussed districts during early east economy election enemy energy exercises
fire first five for foreign forces four from front gas general government grain group guarantees have head history
hospital house humanitarian hundred important independent industry interests into joint journalists law leaders
less line losses mandate many march meeting members military minister missile moment month morning more moscow most
nation near negotiations new night north not officials oil old on only order other over pact parliament part peace
people percent plan political ports power president press pressure price principle prisoners question railway
ready reason region report residents resolution rights river role russian sanctions said second security session
shelling shipment since soldiers south spokesman staff state statement station still street strike support system
talks territory that the their there they this three through together town trade treaty troops two ukrainian under
union until village visit war was water weapons week were west western when which while will winter with without
women words work world would year yesterday
"""


def make_posts(n_posts: int, seed: int, *, rare_words: float = 0.0) -> list[str]:
    """Texts of posts; `COPIES` of them repeat an earlier one.

    Args:
        n_posts: how many.
        seed: of everything drawn.
        rare_words: share of words that come from a vocabulary without end, the rarer the more there are.
    """
    generator = np.random.default_rng(seed)
    posts: list[str] = []
    for _ in range(n_posts):
        if posts and generator.random() < COPIES:
            posts.append(posts[int(generator.integers(len(posts)))])
        else:
            n_sentences = int(generator.integers(_SENTENCES[0], _SENTENCES[1] + 1))
            posts.append(" ".join(_make_sentence(generator, rare_words) for _ in range(n_sentences)))
    return posts


def to_batch(texts: list[str], first: int = 0) -> pa.RecordBatch:
    """Posts of one channel as rows of POSTS_SCHEMA, numbered from `first`."""
    n = len(texts)
    columns = {field.name: pa.nulls(n, field.type) for field in POSTS_SCHEMA}
    columns |= {
        "post_key": pa.array([f"synthetic/{first + i}" for i in range(n)]),
        "channel": pa.array(["synthetic"] * n),
        "message_id": pa.array(range(first, first + n), pa.int64()),
        "text": pa.array(texts, pa.string()),
        "lang": pa.array(["en"] * n),
        "source_file": pa.array([""] * n),
        "source_record": pa.array([""] * n),
        "content_hash": pa.array([hashlib.sha256(text.encode()).hexdigest() for text in texts]),
    }
    return pa.record_batch([columns[name] for name in POSTS_SCHEMA.names], schema=POSTS_SCHEMA)


def _make_sentence(generator: np.random.Generator, rare_words: float) -> str:
    n_words = int(np.clip(generator.lognormal(np.log(_MEDIAN_WORDS), _SPREAD), *_WORDS))
    words = list(generator.choice(_VOCABULARY.split(), size=n_words))
    if rare_words:
        for i in np.flatnonzero(generator.random(n_words) < rare_words):
            words[i] = _make_rare_word(int(generator.zipf(_RARITY)))
    return " ".join(words).capitalize() + "."


def _make_rare_word(rank: int) -> str:
    """One word for each rank, the longer the rarer."""
    syllables = []
    while rank:
        rank, digit = divmod(rank, len(_CONSONANTS) * len(_VOWELS))
        syllables.append(_CONSONANTS[digit // len(_VOWELS)] + _VOWELS[digit % len(_VOWELS)])
    return "".join(syllables)
