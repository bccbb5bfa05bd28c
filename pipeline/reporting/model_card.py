"""The model card: what a model is for, what it was made from, how well it does and where it does not.

Every figure is read from the bundle's own files; the card adds none. The outline follows Mitchell et al. 2019,
"Model cards for model reporting".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.files.json_files import read_json_object
from pipeline.reporting.card_numbers import (
    calibration_part,
    frames_part,
    metrics_part,
    slices_part,
    teacher_part,
)
from pipeline.reporting.markdown import bullets, escape, table

MODEL_CARD = "model_card.md"
LISTED = 20  # channels named in the data statement; the others are counted
_LICENCES = {"sentence-transformers/all-MiniLM-L6-v2": "Apache-2.0", "intfloat/multilingual-e5-small": "MIT"}
_PURPOSE = """\
The model says which narrative frames of the codebook below a text uses, as the coders of its training data would. It
is meant for describing many texts of the kind listed in the data statement: shares of frames, their course over
time, differences between channels.

It describes how texts frame the world. It judges neither whether a statement is true nor the people, channels or
states that make it, and it is no basis for a decision about a person.

A probability is that of the coders' label, not of truth, intent or effect. The model repeats what its coders saw and
missed, and their agreement is the most that its figures can mean.

On other channels, later months, other languages or other kinds of texts it may do worse than stated here: label a
sample of them and run `frames evaluate`."""


@dataclass(frozen=True, slots=True)
class _Source:
    """The files of a bundle, read once."""

    manifest: Mapping[str, Any]
    codebook: Mapping[str, Any]
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    decisions: Mapping[str, Any]
    encoders: tuple[Mapping[str, Any], ...]
    language_models: tuple[Mapping[str, Any], ...]


def write_card(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The card of a bundle as Markdown.

    Args:
        folder: of the bundle, finished or about to be.
        manifest: its manifest as far as it is known.

    Raises:
        ModelError: a file of the bundle is missing or is not what it should be.
    """
    source = _read(folder, manifest)
    frame_ids = [frame["id"] for frame in source.codebook["frames"]]
    try:
        parts = (
            ("Intended use and limits", _PURPOSE),
            ("Model", _model_part(source)),
            *((("Teacher", teacher_part(manifest["distilled"])),) if "distilled" in manifest else ()),
            ("Codebook", _codebook_part(source.codebook)),
            ("Data", _data_part(source)),
            ("Quality on the test fold", metrics_part(source.metrics)),
            ("Frames", frames_part(source.metrics, source.decisions, frame_ids)),
            ("Where it does worst", slices_part(source.metrics)),
            ("Calibration", calibration_part(source.metrics, frame_ids)),
            ("Cost of training", _cost_part(source.manifest)),
            ("Notes", _notes_part(source.manifest)),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            f"{folder}: no card can be written, the bundle's records are incomplete: {error}"
        ) from None
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in parts)
    return f"# Model card: {escape(manifest['name'])}\n\n{body}\n"


def read_card(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The card that lies in a verified bundle; written anew for one that was saved before cards were.

    Raises:
        ModelError: as `write_card`.
    """
    path = folder / MODEL_CARD
    return path.read_text(encoding="utf-8") if path.is_file() else write_card(folder, manifest)


def shorten_card(card: str, limit: int, remainder: str) -> str:
    """The card within `limit` characters: whole sections from the top, then `remainder` if any were left out."""
    if len(card) <= limit:
        return card
    kept, end = "", f"\n\n{remainder}\n"
    for part in card.split("\n\n## "):
        longer = part if not kept else f"{kept}\n\n## {part}"
        if len(longer) + len(end) > limit:
            break
        kept = longer
    return f"{kept}{end}"


def _read(folder: Path, manifest: Mapping[str, Any]) -> _Source:
    names = ("codebook", "config", "metrics", "decisions")
    codebook, config, metrics, decisions = (read_json_object(folder / f"{name}.json") for name in names)
    classifiers = [
        read_json_object(path) for path in sorted((folder / "classifier").rglob("classifier.json"))
    ]
    encoders = tuple(found["encoder"] for found in classifiers if isinstance(found.get("encoder"), dict))
    asked = tuple(found for found in classifiers if "served" in found)
    return _Source(manifest, codebook, config, metrics, decisions, encoders, asked)


def _model_part(source: _Source) -> str:
    manifest = source.manifest
    lines = [
        f"Kind: {escape(manifest['kind'])}; seed {escape(manifest.get('seed', 'unknown'))}",
        f"Bundle hash: {escape(manifest['bundle_hash'])}",
    ]
    for encoder in source.encoders:
        name = str(encoder.get("name"))
        revision = f", revision {escape(encoder['revision'])}" if encoder.get("revision") else ""
        lines.append(
            f"Encoder: {escape(name)}{revision}; SHA-256 of its weights before training: "
            f"{escape(encoder.get('weights_sha256') or 'not recorded (several files)')}"
        )
        lines.append(
            f"Licence of the encoder: {_LICENCES.get(name, 'not known here; see where it came from')}"
        )
    for model in source.language_models:
        lines += _describe_language_model(model)
    licence = (manifest.get("data") or {}).get("licence")
    lines.append(
        f"Licence of the labelled texts: {escape(licence or 'not stated (config key data.licence)')}"
    )
    packages = manifest.get("packages") or {}
    versions = ", ".join(
        f"{escape(name)} {escape(version)}" for name, version in sorted(packages.items()) if version
    )
    lines.append(
        f"Libraries: {versions or 'not recorded'}; Python {escape(manifest.get('python', 'unknown'))}"
    )
    return bullets(lines)


def _describe_language_model(described: Mapping[str, Any]) -> Iterator[str]:
    """What a paper has to say of a language model besides its figures."""
    settings = described["settings"]
    yield f"Language model: {escape(settings['model'])} at {escape(settings['base_url'])}"
    served = "; ".join(escape(" ".join(str(part) for part in pair if part)) for pair in described["served"])
    yield f"Name and fingerprint that the server gave: {served or 'none'}"
    yield f"SHA-256 of the prompt: {', '.join(escape(digest) for digest in described['prompt_hashes'])}"
    logprobs = json.loads(described["form"]).get("logprobs")
    how = "log probabilities of tokens" if logprobs else f"{escape(settings['repeats'])} answers to each text"
    yield f"Raw probabilities: {how}; temperature {escape(settings['temperature'])}"


def _codebook_part(codebook: Mapping[str, Any]) -> str:
    mode = "one frame a text" if codebook["mode"] == "single_label" else "any number of frames a text"
    name = f"{escape(codebook['name'])}, version {escape(codebook['version'])}"
    head = f"Codebook {name}: {len(codebook['frames'])} frames, {mode}."
    rows = [(frame["id"], frame["name"], frame["definition"]) for frame in codebook["frames"]]
    lines = [f"{escape(i)} ({escape(name)}): {escape(definition)}" for i, name, definition in rows]
    return f"{head}\n\n{bullets(f'Frame {line}' for line in lines)}"


def _data_part(source: _Source) -> str:
    data = source.manifest.get("data")
    if not data:
        return "Not recorded: the bundle was saved before data statements were."
    names = ("train", "dev", "test")
    folds = [data["folds"][name] for name in names]
    days = [[(fold[key] or "")[:10] for fold in folds] for key in ("first_date", "last_date")]
    rows = [
        ("texts", *(fold["n"] for fold in folds)),
        ("clusters of copies", *(fold["clusters"] for fold in folds)),
        ("first day", *days[0]),
        ("last day", *days[1]),
        ("texts without any frame", *(data["without_frame"][name] for name in names)),
    ]
    rows += [
        (f"positives of {frame}", *(fold["positives"][frame] for fold in folds))
        for frame in (entry["id"] for entry in source.codebook["frames"])
    ]
    method = data["method"]
    held_out = ", ".join(map(escape, method["hold_out_sources"])) or "none"
    facts = [
        f"Channels: {_listed(data['sources'])}",
        f"Languages: {_listed(data['languages'])}{_say_identified(data.get('languages_identified') or {})}",
        f"Folds: method {escape(method['method'])}, seed {escape(method['seed'])}",
        f"Channels held out for the test fold: {held_out}",
        f"Texts purged as copies of texts in another fold: {data['purged']}",
        f"Fingerprint of the data: {escape(source.manifest.get('dataset_fingerprint', 'not recorded'))}",
        f"Fingerprint of the test fold: {escape(source.manifest.get('test_fingerprint', 'not recorded'))}",
    ]
    return f"{table(('', *names), rows)}\n\n{bullets(facts)}"


def _say_identified(counts: Mapping[str, int]) -> str:
    return f"; identified where not stated: {_listed(counts)}" if counts else ""


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (not item[0], -item[1], item[0]))
    named = [f"{escape(name or 'not stated')} ({count})" for name, count in ordered]
    rest = len(named) - LISTED
    return ", ".join(named[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _cost_part(manifest: Mapping[str, Any]) -> str:
    figures = manifest.get("figures") or {}
    seconds = [
        f"{name.removesuffix('_seconds')}: {figures[name]:.1f} s"
        for name in ("read_seconds", "fit_seconds", "evaluate_seconds")
        if name in figures
    ]
    lines = [", ".join(seconds) or "Not recorded"]
    lines.append(f"Machine: {escape(manifest.get('cpu_count', 'unknown'))} processors")
    for name, value in sorted(figures.items()):
        if name.endswith("int8_agreement"):
            lines.append(f"Decisions that 8-bit and 32-bit scoring share: {value:.2%}")
        elif name.endswith("int8_mean_average_precision_loss"):
            lines.append(f"Mean average precision lost by 8-bit scoring: {value:.4f}")
    return bullets(lines)


def _notes_part(manifest: Mapping[str, Any]) -> str:
    return bullets(escape(note) for note in manifest.get("notes") or ()) or "None."
