"""What a report says of the model: its figures on the test fold, its frames by name, where it came from."""

from typing import Any

from pipeline.bundle import ModelBundle
from pipeline.reporting.card_numbers import name_macro_f1

_OVERALL = (
    ("macro_f1", "Macro-F1"),
    ("micro_f1", "Micro-F1"),
    ("samples_f1", "F1 averaged over texts"),
    ("mean_average_precision", "Mean average precision"),
)


def describe_quality(bundle: ModelBundle, metrics: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Figures for the template `quality_table`; None where the bundle holds none.

    Args:
        bundle: the model.
        metrics: of an evaluation, as `EvaluationReport.to_json` gives them; None for those of the bundle.
    """
    metrics = bundle.metrics if metrics is None else metrics
    if "per_frame" not in metrics:
        return None
    titles = frame_titles(bundle)
    thresholds = bundle.decisions.thresholds.tolist()
    return {
        "n": metrics["n"],
        "n_clusters": metrics["n_clusters"],
        "confidence": metrics["confidence"],
        "calibration_error": metrics["calibration_error"],
        "notes": [
            *metrics["notes"],
            *(n for n in bundle.manifest.get("notes", []) if n not in metrics["notes"]),
        ],
        "overall": [
            (name_macro_f1(metrics, title) if name == "macro_f1" else title, metrics["intervals"][name])
            for name, title in _OVERALL
        ]
        + [
            (f"Macro-F1, {level} ({of['judged']} of {of['frames']} frames)", of["macro_f1"])
            for level, of in metrics.get("levels", {}).items()
        ],
        "frames": [
            {
                "title": titles[frame],
                "threshold": None if bundle.decisions.single_label else thresholds[k],
                **metrics["per_frame"][frame],
            }
            for k, frame in enumerate(bundle.frame_ids)
        ],
    }


def frame_titles(bundle: ModelBundle) -> dict[str, str]:
    """Names of frames by id, a child's behind its parent's; the id too where two frames have one name."""
    frames = {frame.id: frame for frame in bundle.codebook.frames}
    names = [frame.name for frame in frames.values()]
    return {
        frame.id: (f"{frames[frame.parent].name} > " if frame.parent else "")
        + (frame.name if names.count(frame.name) == 1 else f"{frame.name} ({frame.id})")
        for frame in frames.values()
    }


def describe_origin(bundle: ModelBundle) -> list[tuple[str, str]]:
    """Title and value of what the bundle's manifest says of its training."""
    manifest = bundle.manifest
    git = manifest.get("git") or {}
    packages = {name: version for name, version in (manifest.get("packages") or {}).items() if version}
    rows = [
        ("Model", f"{manifest['name']} ({manifest['kind']})"),
        ("Bundle hash", bundle.bundle_hash),
        ("Codebook", f"{bundle.codebook.name}, version {bundle.codebook.version}"),
        ("Codebook hash", bundle.codebook.content_hash),
        ("Trained at", manifest.get("created_at")),
        ("Labelled data", manifest.get("dataset_fingerprint")),
        ("Test fold", manifest.get("test_fingerprint")),
        ("Seed", manifest.get("seed")),
        (
            "Commit",
            git.get("commit") and f"{git['commit']}{' with local changes' if git.get('dirty') else ''}",
        ),
        ("Python at training", manifest.get("python")),
        ("Packages at training", ", ".join(f"{name} {version}" for name, version in packages.items())),
    ]
    return [(title, str(value)) for title, value in rows if value not in {None, ""}]
