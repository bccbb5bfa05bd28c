"""How fast does the baseline score, beside the same model as a plain scikit-learn pipeline?

    python -m pipeline.benchmarks.baseline_speed

Both are fitted on the embedded sample with the same settings and score the same synthetic sentences in turns, first
in one process, then each in as many as there are cores; the words that ours remembers are forgotten before each turn.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline

from pipeline.benchmarks.synthetic_posts import make_posts
from pipeline.classifiers.normalised_text import NormalisedText
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.config.model import TfidfSettings
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.text.sentences import split_sentences
from pipeline.data.text.word_pattern import WORD

SETTINGS = TfidfSettings(c_grid=(3.0,), class_weight_power=0)
RARE_WORDS = 0.05
PLAIN, OURS = "plain scikit-learn", "ours"
_SAMPLE = Path(__file__).parent.parent / "sample"


def fit_plain(data: LabelledData) -> Any:
    """What one would write oneself."""
    common = {"sublinear_tf": True, "min_df": SETTINGS.min_df, "dtype": np.float32}
    words = TfidfVectorizer(ngram_range=SETTINGS.word_ngrams, token_pattern=WORD, **common)
    characters = TfidfVectorizer(ngram_range=SETTINGS.char_ngrams, analyzer="char_wb", **common)
    regression = LogisticRegression(C=SETTINGS.c_grid[0], solver="liblinear")
    steps = [
        ("features", FeatureUnion([("words", words), ("characters", characters)])),
        ("frames", OneVsRestClassifier(regression)),
    ]
    return Pipeline(steps).fit(list(data.table["text"]), data.indicator())


def fit_ours(data: LabelledData, folder: Path, seed: int) -> Path:
    """The baseline, saved into a folder."""
    model = TfidfBaseline(SETTINGS, data.frame_ids, single_label=False)
    context = FitContext(seed, folder, lambda *_: None, lambda *_: None)
    model.fit(data, None, np.zeros(len(data), np.int64), context)  # one cluster: nothing to choose C by
    model.save(folder)
    return folder


def load_ours(folder: Path) -> NormalisedText:
    """The baseline as it is shipped, with normalisation of texts."""
    return NormalisedText(TfidfBaseline.load(folder))


def measure(score: Callable[[list[str]], Any], texts: list[str]) -> float:
    """Texts a second of processor time, which other programs do not change much."""
    began = time.process_time()
    score(texts)
    return len(texts) / (time.process_time() - began)


def measure_processes(score: Callable[[list[str]], Any], texts: list[str], n: int) -> float:
    """Texts a second of the clock, shared among `n` processes that are there already and hold the model."""
    shares = [texts[i::n] for i in range(n)]
    with multiprocessing.get_context("fork").Pool(n, _remember, (score,)) as pool:
        pool.map(_score, [share[:1] for share in shares], chunksize=1)
        began = time.perf_counter()
        pool.map(_score, shares, chunksize=1)
        return len(texts) / (time.perf_counter() - began)


_remembered: list[Callable[[list[str]], Any]] = []  # of a process of the pool


def _remember(score: Callable[[list[str]], Any]) -> None:
    _remembered.append(score)


def _score(texts: list[str]) -> int:
    return len(_remembered[0](texts))


def _table(title: str, rates: dict[str, list[float]]) -> Any:
    median = {name: float(np.median(found)) for name, found in rates.items()}
    rows = [(n, f"{rate:,.0f}", f"{rate / median[PLAIN]:.1f}") for n, rate in median.items()]
    return plain_table(title, ("method", "sentences/s", "x plain"), rows)


def main(
    posts: Annotated[int, typer.Option(min=10, help="Posts whose sentences are scored.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each; the median counts.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the synthetic posts.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure the baseline beside a plain pipeline; a table comes out."""

    def work() -> None:
        data = read_labelled(_SAMPLE / "labelled_sentences.jsonl", load_codebook(_SAMPLE / "codebook.yaml"))
        in_posts = (split_sentences(post) for post in make_posts(posts, seed, rare_words=RARE_WORDS))
        texts = list(dict.fromkeys(s.text for sentences in in_posts for s in sentences))
        plain = fit_plain(data)
        cores = os.cpu_count() or 1
        alone: dict[str, list[float]] = {PLAIN: [], OURS: []}
        together: dict[str, list[float]] = {PLAIN: [], OURS: []}
        with tempfile.TemporaryDirectory(prefix="frames-baseline-") as temporary:
            folder = fit_ours(data, Path(temporary), seed)
            for _ in range(rounds):
                for name, load in ((PLAIN, lambda: plain), (OURS, lambda: load_ours(folder))):
                    alone[name].append(measure(load().predict_proba, texts))
                    together[name].append(measure_processes(load().predict_proba, texts, cores))
            ours = load_ours(folder).predict_proba(texts)
        console().print(_table(f"{len(texts):,} sentences, each once, one process", alone))
        console().print(_table(f"the same, {cores} processes on {cores} cores", together))
        difference = np.abs(ours - plain.predict_proba(texts)).max()
        console().print(f"largest difference of a probability: {difference:.1e}")

    run_command(work, debug)


if __name__ == "__main__":
    typer.run(main)
