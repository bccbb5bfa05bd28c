"""Two passes over posts tables: one finds what is new, one scores it, window by window; a few windows are a commit.

A window is a fixed stretch of the input, so a resumed run scores the same windows as an uninterrupted one and
gets the same figures to the last bit. Memory depends on the size of a window, not on that of the input.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import Progress
from pipeline.files.stores import Location
from pipeline.scoring.engines.open_engine import Engine
from pipeline.scoring.new_posts import find_new_posts
from pipeline.scoring.score_output import ScoreOutput
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.score_queries import ModelIdentity
from pipeline.scoring.unfamiliar_posts import DepthCheck
from pipeline.scoring.work_pieces import ScoredCounts, Work, WrittenPiece

WINDOWS_PER_COMMIT = 10  # fewer files than with one commit for each window
SECONDS_PER_COMMIT = 30.0  # what a crash may cost
SENTENCES_PER_COMMIT = 200_000
PIECES_PER_COMMIT = 1_000  # of a cluster


@dataclass(slots=True)
class RunCounts:
    """What a pass over the input found.

    Attributes:
        posts_read: in all.
        already_scored: of these, met before.
        superseded: of these, followed by another version of the same slot.
        scored: what was scored now.
    """

    posts_read: int = 0
    already_scored: int = 0
    superseded: int = 0
    scored: ScoredCounts = field(default_factory=ScoredCounts)


def identify_model(bundle: ModelBundle) -> ModelIdentity:
    """The bundle as the output names it."""
    frames = bundle.codebook.frames if bundle.decisions.parents else ()
    parents = tuple((frame.id, frame.parent) for frame in frames if frame.parent)
    return ModelIdentity(
        bundle.model_id, bundle.bundle_hash, bundle.codebook.content_hash, bundle.frame_ids, parents
    )


def score_tables(
    tables: Sequence[Location],
    output: ScoreOutput,
    engine: Engine,
    *,
    batch_posts: int,
    on_progress: Progress,
    depth: DepthCheck,
) -> RunCounts:
    """Score what the output does not hold yet of some posts tables.

    Args:
        tables: as `pipeline.data.posts.ingest` writes them, in this order.
        output: receives the scores.
        engine: has the model and the stamp of the run.
        batch_posts: most posts in a window.
        on_progress: told of posts done, scored now or before, of all.
        depth: looks at what is scored.

    Raises:
        DataError: a table is damaged, or the disk is full; what was committed stays.
        PipelineError: workers of the engine ended again and again.
    """
    with find_new_posts(tables, output.tables, output.model) as new:
        counts = RunCounts(new.n_read, new.n_read - new.n_superseded - new.n_new, new.n_superseded)
        n_known = new.n_read - new.n_new

        def show_progress() -> None:
            on_progress("scoring posts", n_known + counts.scored.posts, new.n_read)

        show_progress()
        pending = _Pending(output)
        work = Work(tables, new.iter_rows(), output.tables.next_sequence, batch_posts, output.tables)
        for scored in engine.score(work):
            if isinstance(scored, WrittenPiece):
                counts.scored.add(scored.counts)
                depth.counts.add(scored.depth)
            else:
                counts.scored.count(scored)
                depth.add(scored)
            pending.add(scored)
            show_progress()
        pending.commit()
    return counts


class _Pending:
    """Scores that wait for their commit; an engine gives batches, or pieces that are written already."""

    def __init__(self, output: ScoreOutput) -> None:
        self._output = output
        self._batches: list[ScoredBatch] = []
        self._pieces: list[WrittenPiece] = []
        self._n_sentences = 0
        self._since = time.monotonic()

    def add(self, scored: ScoredBatch | WrittenPiece) -> None:
        if isinstance(scored, WrittenPiece):
            self._pieces.append(scored)
        else:
            self._batches.append(scored)
            self._n_sentences += scored.sentences.num_rows
        if (
            time.monotonic() - self._since >= SECONDS_PER_COMMIT
            or len(self._batches) >= WINDOWS_PER_COMMIT
            or len(self._pieces) >= PIECES_PER_COMMIT
            or self._n_sentences >= SENTENCES_PER_COMMIT
        ):
            self.commit()

    def commit(self) -> None:
        if self._batches:
            self._output.commit(self._batches, self._batches[-1].posts["sequence"][-1].as_py() + 1)
        if self._pieces:
            self._output.commit_pieces(self._pieces)
        self._batches, self._pieces, self._n_sentences, self._since = [], [], 0, time.monotonic()
