"""`frames demo`: the whole job on the embedded example, in the order in which a user would do it."""

import os
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.commands.terminal import console, progress_bar
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.run_config import SAMPLE_FOLDER, RunConfig, resolve_run_config
from pipeline.config.tracking import TrackingSettings
from pipeline.errors import DataError

REGISTERED = "frames-demo"
_MODELS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("demo-baseline", {"kind": "tfidf"}),
    # Both members and what each is worth, out of two folds: all that three minutes allow
    (
        "demo-blend",
        {"kind": "blend", "transformer": {"kind": "transformer", "epochs": 2, "inner_folds": 2}},
    ),
)


def run_demo(folder: Path) -> None:
    """Check, train baseline and blend, compare, register the better, score the example's posts, correct, report.

    Raises:
        DataError: the folder holds something that is not an earlier demo.
    """
    from pipeline.bundle import load_bundle
    from pipeline.commands.predict import print_predict_report
    from pipeline.commands.result_tables import print_comparison, print_evaluation, print_folds
    from pipeline.commands.share_tables import print_shares
    from pipeline.data.codebooks.codebook import load_codebook
    from pipeline.evaluation.evaluate_bundle import short_name
    from pipeline.prevalence.domains import WHOLE
    from pipeline.prevalence.share_estimates import report_shares
    from pipeline.reporting.html_report import write_report
    from pipeline.scoring.prediction import predict
    from pipeline.tracking.mlflow_tracker import MlflowTracker
    from pipeline.tracking.promotion import promote_checked
    from pipeline.tracking.recorded_comparison import compare_and_record
    from pipeline.training.fit_model import read_folds
    from pipeline.training.tracked_training import train_and_record

    screen = console()
    folder = _prepare(folder)
    tracking = TrackingSettings(
        uri=os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}",
        experiment="narrative-frames demo",
        register_as=REGISTERED,
        error_texts=True,
    )
    configs = [_config(name, model, tracking, folder) for name, model in _MODELS]

    _heading(screen, "1. The data")
    first = configs[0]
    codebook = load_codebook(Path(first.data.codebook))
    print_folds(screen, read_folds(first, codebook))

    _heading(screen, "2. Two models, trained on the same rows")
    with (
        MlflowTracker.start(tracking, "demo", tags={"kind": "comparison"}) as parent,
        progress_bar() as progress,
    ):
        trained = [train_and_record(config, progress, parent_run_id=parent.run_id) for config in configs]
    bundles = [load_bundle(model.bundle) for model in trained]
    for model, bundle in zip(trained, bundles, strict=True):
        print_evaluation(screen, model.report, short_name(bundle))

    _heading(screen, "3. Which is better, and how sure is that?")
    comparison = compare_and_record(
        bundles[0], bundles[1], EvaluationSettings(), tracking=tracking, parent_run_id=parent.run_id
    ).comparison
    print_comparison(screen, comparison, *(short_name(bundle) for bundle in bundles))
    gain = comparison.macro_f1.gain.value or 0.0
    best = 1 if gain > 0 else 0
    version = trained[best].version
    if version is not None:
        promotion = promote_checked(REGISTERED, version, f"demo: macro-F1 gain {gain:+.3f}", uri=tracking.uri)
        if promotion.move is None:  # only where an earlier demo's champion holds the place
            screen.print(promotion.describe_refusal(), soft_wrap=True)
        else:
            screen.print(
                f"Registered: models:/{REGISTERED}@champion is version {version}, {short_name(bundles[best])}"
            )

    _heading(screen, "4. Scoring the example posts")
    with progress_bar() as progress:
        scored = predict(
            [_sample("channel_export")],
            bundles[best],
            folder / "scores",
            on_progress=progress,
        )
    print_predict_report(screen, scored)

    _heading(screen, "5. How much, and how sure: 200 posts drawn by chance and coded")
    print_shares(
        screen, report_shares(folder / "scores", _sample("coded_posts.csv"), domains=(WHOLE,)), (WHOLE,)
    )
    report = write_report(
        folder / "scores",
        folder / "report.html",
        bundle=bundles[best],
        sample=_sample("coded_posts.csv"),
        title="The embedded example",
        figures=folder / "figures",
    )

    _heading(screen, "What was written")
    for path, what in (
        (trained[0].bundle, "baseline bundle"),
        (trained[1].bundle, "blend bundle: baseline and transformer"),
        (folder / "scores" / "sentences", "scores of every sentence"),
        (folder / "scores" / "posts", "scores of every post, with evidence sentences"),
        (report.path, "corrected shares and all of it to look at: open it in a browser"),
        (folder / "figures", "the main figures for print: SVG, PNG, CSV"),
        (
            folder / "mlflow.db",
            f"all runs: mlflow ui --backend-store-uri {tracking.uri} (there: Model training, top left)",
        ),
    ):
        screen.print(f"{path}  {what}", soft_wrap=True)


def _prepare(folder: Path) -> Path:
    """The demo's folder, made if need be; an earlier demo's scores are taken up, nothing is deleted."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / "mlflow.db").exists():
        raise DataError(
            f"{folder} holds something else than an earlier demo; choose another folder: -o FOLDER"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _config(name: str, model: dict[str, Any], tracking: TrackingSettings, folder: Path) -> RunConfig:
    raw = {
        "name": name,
        "data": {"codebook": "sample:codebook.yaml", "labelled": "sample:labelled_sentences.jsonl"},
        "model": model,
        "tracking": tracking.model_dump(),
        "output": str(folder / "runs"),
    }
    return resolve_run_config(raw, folder / "demo.yaml")


def _sample(name: str) -> Path:
    return SAMPLE_FOLDER / name


def _heading(screen: Console, text: str) -> None:
    screen.print()
    screen.rule(text, align="left")
