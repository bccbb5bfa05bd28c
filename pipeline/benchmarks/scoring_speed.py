"""How fast do we score, beside what else one would use?

    python -m pipeline.benchmarks.scoring_speed [--model BUNDLE]

Every method scores synthetic sentences with encoders of the same build, in turns, in one run on one machine: the
ratios are the result, the rates depend on the machine. `pipeline` is transformers' own; `torch, sorted` is our
network in batches of like lengths; `graph` is what scores bundles; `posts to tables` is the whole way, sentence
splitting included, on which each distinct sentence is scored once. Without a bundle, one is trained for an epoch on
the embedded sample; that changes nothing about speed.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pipeline import no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import numpy as np
import typer
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast, pipeline

from pipeline.benchmarks.synthetic_posts import COPIES, make_posts, to_batch
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.classifiers.encoder.token_windows import WindowLimits, make_windows
from pipeline.classifiers.encoder.tokenizer_file import load_tokenizer
from pipeline.classifiers.graph.encoder_graph import EncoderShape
from pipeline.classifiers.graph.graph_scorer import GraphScorer
from pipeline.classifiers.graph.onnx_transformer import (
    ENCODER_CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    read_description,
    read_scorer,
)
from pipeline.classifiers.transformer.onnx_export import describe_encoder, export_float32, read_weights_file
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.config.model import TransformerSettings
from pipeline.config.run_config import RunConfig, resolve_run_config
from pipeline.data.text.sentences import split_sentences
from pipeline.errors import ModelError
from pipeline.files.cores import count_cores
from pipeline.scoring.score_posts import score_batch
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

ONE_BY_ONE, UNSORTED = "pipeline, one by one", "pipeline, batches of 32"
_PEAK_SIZE = 2048

# Scores texts in a process of its own: what a start costs, and what stays in memory.
_COLD_START = """
import json, sys, time
began = time.monotonic()
from pathlib import Path
from pipeline.bundle import load_bundle
bundle, texts = load_bundle(Path(sys.argv[1])), json.load(sys.stdin)
def peak():
    status = Path("/proc/self/status")  # Linux
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))
bundle.predict(texts[:1])
first = time.monotonic() - began
before = peak()
bundle.predict(texts)
print(json.dumps({"first_row_seconds": first, "first_row_memory": before, "memory": peak()}))
"""


@dataclass
class Method:
    """One way to score, and the seconds that each round took.

    Attributes:
        name: for the table.
        score: scores the sentences, or the posts that hold them.
        n_sentences: how many sentences one round scores, copies included.
        n_tokens: tokens of those that go through the network.
    """

    name: str
    score: Callable[[], Any]
    n_sentences: int
    n_tokens: int
    seconds: list[float] = field(default_factory=list)

    def run_round(self) -> None:
        """Score once and note the time."""
        began = time.perf_counter()
        self.score()
        self.seconds.append(time.perf_counter() - began)

    @property
    def rate(self) -> float:
        """Sentences a second, median over rounds."""
        return self.n_sentences / float(np.median(self.seconds))


def train_quick_bundle(output: Path) -> Path:
    """One epoch on the embedded sample; whatever 8 bits cost, they are kept."""
    raw = {
        "name": "scoring-speed",
        "data": {"codebook": "sample:codebook.yaml", "labelled": "sample:labelled_sentences.jsonl"},
        "model": {"kind": "transformer", "epochs": 1, "max_int8_loss": 1.0},
        "decisions": {"rare_frames": "warn"},
        "evaluation": {"bootstrap_samples": 100},
        "output": str(output),
    }
    config: RunConfig = resolve_run_config(raw, output / "quick.yaml")
    return run_training(config, NullTracker(), lambda _what, _done, _total: None).bundle


def make_methods(bundle: ModelBundle, n_posts: int, n_sentences: int, seed: int) -> list[Method]:
    """All methods on the same texts: `n_sentences` of those in `n_posts` posts; the last scores all the posts.

    Raises:
        ModelError: the bundle's classifier has no scoring graph.
    """
    folder = bundle.folder / "classifier"
    if bundle.classifier.kind != "transformer" or not read_description(folder).get("has_scoring_graph"):
        raise ModelError(f"{bundle.folder}: expected a transformer with a scoring graph")
    posts = make_posts(n_posts, seed)
    in_posts = [sentence.text for post in posts for sentence in split_sentences(post)]
    distinct = list(dict.fromkeys(in_posts))
    texts = distinct[:n_sentences]
    sizes = count_tokens(folder, distinct)
    n_tokens = int(sizes[: len(texts)].sum())
    rival, network = make_rival(folder, len(bundle.frame_ids)), FineTunedTransformer.load(folder)
    network.score_with_torch()
    float32, int8 = read_float32_scorer(folder), read_scorer(folder, read_description(folder))
    batch, now = to_batch(posts), datetime.now(UTC)

    def of_texts(name: str, score: Callable[[list[str]], Any]) -> Method:
        return Method(name, lambda: score(texts), len(texts), n_tokens)

    return [
        of_texts(ONE_BY_ONE, lambda some: [rival(text, truncation=True) for text in some]),
        of_texts(UNSORTED, lambda some: rival(some, batch_size=32, truncation=True)),
        of_texts("torch, sorted", network.predict_proba),
        of_texts("graph, float32", float32.score_texts),
        of_texts("graph, 8 bits", int8.score_texts),
        Method(
            "posts to tables",
            lambda: score_batch(batch, bundle, scored_at=now),
            len(in_posts),
            int(sizes.sum()),
        ),
    ]


def make_rival(folder: Path, n_frames: int) -> Any:
    """A text-classification pipeline around an encoder of the same build; its weights are random."""
    described = read_description(folder)
    config = AutoConfig.from_pretrained(folder / ENCODER_CONFIG_FILE)
    config.num_labels = n_frames
    from_config: Callable[..., Any] = AutoModelForSequenceClassification.from_config  # untyped there
    tokenizer = load_tokenizer(folder / TOKENIZER_FILE)
    make_tokenizer: Any = PreTrainedTokenizerFast
    fast = make_tokenizer(
        tokenizer_object=tokenizer,
        pad_token=tokenizer.id_to_token(described["padding_id"]),
        model_max_length=described["settings"]["max_tokens"],
    )
    make_pipeline: Callable[..., Any] = pipeline
    return make_pipeline(
        "text-classification",
        model=from_config(config).eval(),
        tokenizer=fast,
        top_k=None,
        function_to_apply="sigmoid",
        device="cpu",
    )


def read_float32_scorer(folder: Path) -> GraphScorer:
    """The scoring graph that would be used if 8 bits cost too much."""
    described = read_description(folder)
    settings = TransformerSettings.model_validate(described["settings"])
    return GraphScorer(
        export_float32(read_weights_file(folder / WEIGHTS_FILE), read_shape(folder)),
        len(described["labels"]),
        load_tokenizer(folder / TOKENIZER_FILE),
        padding_id=described["padding_id"],
        limits=WindowLimits(settings.max_tokens, settings.max_windows),
    )


def read_shape(folder: Path) -> EncoderShape:
    """Build of a saved encoder."""
    settings = TransformerSettings.model_validate(read_description(folder)["settings"])
    shape = describe_encoder(AutoConfig.from_pretrained(folder / ENCODER_CONFIG_FILE), settings.vector_scale)
    if shape is None:
        raise ModelError(f"{folder}: the encoder has no scoring graph")
    return shape


def count_tokens(folder: Path, texts: list[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Tokens of each text, shape (n,)."""
    limits = WindowLimits(int(read_description(folder)["settings"]["max_tokens"]))
    windows = make_windows(load_tokenizer(folder / TOKENIZER_FILE), texts, limits)
    return np.array([len(ids) for ids in windows.token_ids], np.int64)


def count_operations(folder: Path) -> int:
    """Multiplications and additions that the linear layers spend on one token: two for each of their weights."""
    weights = read_weights_file(folder / WEIGHTS_FILE)
    return 2 * sum(weight.size for name, weight in weights.items() if weight.ndim > 1 and ".layer." in name)


def measure_peak() -> float:
    """Operations a second of a large float32 matrix product."""
    square = np.random.default_rng(0).random((_PEAK_SIZE, _PEAK_SIZE), np.float32)
    began = time.perf_counter()
    square @ square
    return 2 * _PEAK_SIZE**3 / (time.perf_counter() - began)


def measure_start(bundle: Path, texts: list[str]) -> dict[str, float]:
    """Seconds from the first import to the first score; peak memory (MiB, on Linux) then and after all texts."""
    ran = subprocess.run(  # noqa: S603 - this interpreter, our own program
        [sys.executable, "-c", _COLD_START, str(bundle)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, float] = json.loads(ran.stdout)
    return measured


def main(  # noqa: PLR0917 - a command has many options
    model: Annotated[
        Path | None, typer.Option(help="Bundle of a transformer; trained on the spot without.")
    ] = None,
    sentences: Annotated[int, typer.Option(min=32, help="Sentences that the slow methods score.")] = 512,
    posts: Annotated[int, typer.Option(min=10, help="Posts that are scored from end to end.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each method; the median counts.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the synthetic posts.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure scoring speed beside transformers' own pipeline; a table comes out."""

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="frames-speed-") as temporary:
            bundle = load_bundle(model or train_quick_bundle(Path(temporary)))
            methods = make_methods(bundle, posts, sentences, seed)
            peaks = []
            for _ in range(rounds):
                for method in methods:
                    method.run_round()
                peaks.append(measure_peak())  # among the methods: they and it have the same machine
            peak, operations = float(np.median(peaks)), count_operations(bundle.folder / "classifier")
            start = measure_start(bundle.folder, make_posts(posts, seed + 1))
            print_speeds(methods, peak, operations, start)

    run_command(work, debug)


def print_speeds(methods: list[Method], peak: float, operations: int, start: dict[str, float]) -> None:
    """The table, and what a start costs."""
    rates = {method.name: method.rate for method in methods}
    rows = [
        (
            method.name,
            f"{method.rate:.0f}",
            f"{method.rate / rates[ONE_BY_ONE]:.1f}",
            f"{method.rate / rates[UNSORTED]:.1f}",
            f"{method.n_tokens * operations / float(np.median(method.seconds)) / peak:.0%}",
        )
        for method in methods
    ]
    screen = console()
    columns = ("method", "sentences/s", "x one by one", "x batches of 32", "of float32 peak")
    screen.print(plain_table(f"Scoring speed, {count_cores()} cores", columns, rows))
    screen.print(
        f"float32 peak: {peak / 1e9:.0f} billion operations/s in a product of two {_PEAK_SIZE} x {_PEAK_SIZE} "
        f"matrices; {COPIES:.0%} of posts are copies"
    )
    screen.print(
        f"a new process: first score after {start['first_row_seconds']:.1f} s; peak memory "
        f"{start['first_row_memory']:.0f} MiB then, {start['memory']:.0f} MiB at the end"
    )


if __name__ == "__main__":
    typer.run(main)
