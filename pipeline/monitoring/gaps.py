"""What the codebook misses: posts without any frame, in groups that keep their identity from run to run.

A group is a proposal for a codebook entry and no finding: posts on one matter, by an encoder that was trained for that,
in words that set them apart. Whether they frame it alike, people have to read. Among posts without a frame are also
those whose frame the classifier missed.

FOLDER/posts.parquet holds what was grouped so far, with vectors; it is written in one step, after the work.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.annotation.record_files import write_records
from pipeline.data.codebooks.codebook import Codebook, Frame, dump_codebook
from pipeline.data.text.text_words import count_words, find_terms, find_words, is_part
from pipeline.errors import ConfigError, DataError, shorten
from pipeline.files.durable_files import explain_full_disk, new_file, replacing
from pipeline.files.folder_lock import lock_folder
from pipeline.monitoring.copies import read_copies
from pipeline.monitoring.gap_groups import NONE, centre, extend_groups, find_centres

if TYPE_CHECKING:
    from pipeline.classifiers.protocols import Progress

_STATE: Final = "posts.parquet"
_KIND: Final = b"frames.gaps"  # in the file's metadata: encoder and origin
_FEWEST_WORDS: Final = 8  # of a post, of three letters or more; shorter posts say too little
_LETTERS: Final = 3
_WORDS, _TYPICAL = 8, 3  # of a proposal
_PRIOR: Final = 10.0  # posts that the prior of a word is worth
_EXCERPT: Final = 300  # characters
_COLUMNS: Final = (
    *("group", "since", "posts", "copies", "channels", "first", "last", "by_month", "words"),
    *("typical_posts", "typical_texts"),
)

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A group of posts without a frame.

    Attributes:
        group: its number, for ever.
        since: month of its earliest post.
        posts: different ones; copies: with all their copies; channels: that they are of.
        by_month: month -> different posts.
        words: that set it apart, most telling first.
        typical: key and text of the posts nearest to its centre.
    """

    group: int
    since: str
    posts: int
    copies: int
    channels: int
    by_month: dict[str, int]
    words: tuple[str, ...]
    typical: tuple[tuple[str, str], ...]

    def to_row(self) -> dict[str, Any]:
        """Columns of a table."""
        months = list(self.by_month)
        return {
            **{name: getattr(self, name) for name in ("group", "since", "posts", "copies", "channels")},
            "first": months[0],
            "last": months[-1],
            "by_month": "; ".join(f"{month}: {n}" for month, n in self.by_month.items()),
            "words": list(self.words),
            "typical_posts": [key for key, _ in self.typical],
            "typical_texts": " | ".join(text for _, text in self.typical),
        }


@dataclass(frozen=True, slots=True)
class GapReport:
    """All groups, the largest first.

    Attributes:
        proposals: of posts that still carry no frame.
        posts: without a frame, different ones of enough words; new: of these, looked at for the first time now.
        alone: of these, in no group.
        short: posts without a frame that are too short, by language, most first; undated: that have no time. Both are
            left out.
        encoder: whose vectors these are.
    """

    proposals: tuple[Proposal, ...]
    posts: int
    new: int
    alone: int
    short: dict[str, int]
    undated: int
    encoder: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def find_gaps(
    scores: Path, folder: Path, *, encoder: str = "auto", on_progress: "Progress" = lambda *_: None
) -> GapReport:
    """Group what is new of the posts without a frame, and propose codebook entries.

    Args:
        scores: output folder of `frames predict`.
        folder: of earlier runs, or a new one.
        encoder: as `model.encoder` of a config; "auto" goes by the languages of the posts. It is that of the folder.
        on_progress: told of texts that were read.

    Raises:
        DataError: no scores; a folder that holds something else.
        ConfigError: another encoder than that of the folder.
        ModelError: no such encoder here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with explain_full_disk(folder), lock_folder(folder):
        posts, short, undated = _read_unframed(scores)
        known, name = _read_state(folder / _STATE)
        if name is not None and encoder not in {"auto", name}:
            raise ConfigError(
                f"{folder}: was made with the encoder {name}; give another folder, or no --encoder"
            )
        name, new = name or _choose_encoder(encoder, posts), _find_new(posts, known)
        if len(new):
            vectors = _embed(list(new["text"]), name, on_progress)
            rows = new[["post_key", "content_hash", "month"]].assign(group=NONE, vector=list(vectors))
            known = pd.concat([known, rows], ignore_index=True)
            centred = centre(np.stack(list(known["vector"])))
            known["group"] = extend_groups(centred, list(known["month"]), known["group"].to_numpy(np.int64))
            _write_state(folder / _STATE, known, name)
        current = known.assign(place=range(len(known))).merge(
            posts.drop(columns="month"), on=["post_key", "content_hash"]
        )
        proposals = tuple(_propose(current, known)) if len(known) else ()
        report = GapReport(
            proposals, len(current), len(new), int((current["group"] == NONE).sum()), short, undated, name
        )
        _write_proposals(folder, report)
    return report


def _read_unframed(scores: Path) -> tuple[pd.DataFrame, dict[str, int], int]:
    posts = read_copies(scores, "len(frames) = 0")
    undated = posts["published_at"].isna()
    short = ~undated & (posts["text"].map(_count_telling) < _FEWEST_WORDS)
    kept = posts[~undated & ~short].copy()
    kept["copies"] = kept.groupby("cluster")["post_key"].transform("size")
    kept["month"] = kept["published_at"].dt.strftime("%Y-%m")
    by_language = {str(lang): int(n) for lang, n in posts["lang"][short].value_counts().items()}
    return kept, by_language, int(undated.sum())


def _count_telling(text: str) -> float:
    """Words that may say something; letters of Chinese count as parts of one."""
    return count_words([word for word in find_words([text])[0] if len(word) >= _LETTERS or is_part(word)])


def _find_new(posts: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The earliest post of each cluster of which none was looked at."""
    keys = set(zip(known["post_key"], known["content_hash"], strict=True))
    is_known = [key in keys for key in zip(posts["post_key"], posts["content_hash"], strict=True)]
    seen = set(posts["cluster"][is_known])
    return posts[~posts["cluster"].isin(seen)].drop_duplicates("cluster")


def _choose_encoder(encoder: str, posts: pd.DataFrame) -> str:
    from pipeline.classifiers.encoder.encoder_choice import name_encoder  # noqa: PLC0415 - loads tokenizers
    from pipeline.data.text.language import identify_language  # noqa: PLC0415 - loads its model

    if encoder != "auto":
        return encoder
    shown = posts["text"].iloc[:: max(1, len(posts) // 500)]
    return name_encoder(encoder, [identify_language(text) for text in shown])


def _embed(texts: Sequence[str], encoder: str, on_progress: "Progress") -> Vectors:
    from pipeline.classifiers.transformer.text_vectors import embed_texts  # noqa: PLC0415 - loads torch

    return embed_texts(texts, encoder, on_progress)


def _read_state(path: Path) -> tuple[pd.DataFrame, str | None]:
    """What was grouped so far, in the order in which it came, and the encoder."""
    if not path.exists():
        empty = pd.DataFrame({name: [] for name in ("post_key", "content_hash", "month", "group", "vector")})
        return empty, None
    try:
        table = pq.read_table(path)
        encoder = table.schema.metadata[_KIND].decode()
        known: pd.DataFrame = table.to_pandas()
        np.stack(list(known["vector"]))  # of one length
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: cannot be read: {shorten(error)}; delete it, and groups begin anew"
        ) from None
    return known, encoder


def _write_state(path: Path, known: pd.DataFrame, encoder: str) -> None:
    table = pa.Table.from_pandas(known, preserve_index=False)
    with replacing(path) as temporary, new_file(temporary) as stream:
        pq.write_table(table.replace_schema_metadata({_KIND: encoder}), stream)


def _propose(current: pd.DataFrame, known: pd.DataFrame) -> Iterator[Proposal]:
    vectors = centre(np.stack(list(known["vector"])))
    centres = find_centres(vectors, known["group"].to_numpy(np.int64))
    own = vectors[current["place"].to_numpy(int)]
    words = [_find_terms(text) for text in current["text"]]
    frequency = Counter(word for found in words for word in found)
    groups = current["group"].to_numpy(np.int64)
    for group in sorted(set(groups) - {NONE}, key=lambda g: (-int((groups == g).sum()), int(g))):
        rows = np.flatnonzero(groups == group)
        members = current.iloc[rows]
        nearest = rows[np.argsort(-(own[rows] @ centres[group]), kind="stable")][:_TYPICAL]
        keys, texts = (list(map(str, current[name].iloc[nearest])) for name in ("post_key", "text"))
        months = members["month"].value_counts().sort_index()
        yield Proposal(
            group=int(group),
            since=str(known["month"][known["group"] == group].min()),
            posts=len(rows),
            copies=int(members["copies"].sum()),
            channels=int(members["channel"].nunique()),
            by_month={str(month): int(n) for month, n in months.items()},
            words=tell_apart([words[row] for row in rows], frequency, len(words)),
            typical=tuple(zip(keys, (shorten(text, _EXCERPT) for text in texts), strict=True)),
        )


def _find_terms(text: str) -> frozenset[str]:
    return frozenset(word for word in find_terms(text) if len(word) >= _LETTERS or is_part(word))


def tell_apart(members: Sequence[frozenset[str]], frequency: Counter[str], n_posts: int) -> tuple[str, ...]:
    """Words whose odds of standing in a post of the group exceed those of the others most surely.

    Log odds ratio with an informative Dirichlet prior, by its standard error (Monroe, Colaresi and Quinn 2008).
    """
    inside = Counter(word for found in members for word in found)
    n = len(members)

    def surely(word: str) -> float:
        prior = _PRIOR * frequency[word] / (n_posts + 1)  # below what a word of every post would have
        y, others = inside[word] + prior, frequency[word] - inside[word] + prior
        odds = np.log(y / (n + _PRIOR - y)) - np.log(others / (n_posts - n + _PRIOR - others))
        return float(odds / np.sqrt(1 / y + 1 / others))

    # Of runs of letters that are equally telling, the longest
    rank = {
        word: (-surely(word), -len(word) if is_part(word) else 0, word)
        for word, times in inside.items()
        if times > 1
    }
    chosen: list[str] = []
    shown: set[str] = set()  # pairs of letters of the runs that were chosen
    for word in sorted(rank, key=rank.__getitem__):
        pairs = set(map("".join, pairwise(word))) if is_part(word) else set()
        if not pairs & shown:
            chosen.append(word)
            shown |= pairs
        if len(chosen) == _WORDS:
            break
    return tuple(chosen)


def _write_proposals(folder: Path, report: GapReport) -> None:
    """The table, and drafts of codebook entries."""
    write_records(folder / "proposals.csv", [proposal.to_row() for proposal in report.proposals], _COLUMNS)
    path = folder / "proposals.yaml"
    if not report.proposals:
        path.unlink(missing_ok=True)
        return
    frames = tuple(
        Frame(
            id=f"group_{proposal.group}",
            name=", ".join(proposal.words[:3]) or f"group {proposal.group}",
            definition="TODO: read the posts of this group; say when a sentence carries the frame, if there is one.",
            examples=tuple(text for _, text in proposal.typical),
        )
        for proposal in report.proposals
    )
    with replacing(path) as temporary:
        temporary.write_text(dump_codebook(Codebook(name="Proposals", frames=frames)), encoding="utf-8")
