"""Loading the driver's model in another process: the same one, on the device that the worker has."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.classifiers.normalised_text import without_normalisation
from pipeline.errors import ConfigError, ModelError


@runtime_checkable
class TorchScored(Protocol):
    """A classifier whose scores are computed by torch, on a device of its."""

    def score_with_torch(self, device: str = "cpu") -> None:
        """Move to a device."""
        ...


def load_same_bundle(folder: Path, bundle_hash: str, *, named: Path | None = None) -> ModelBundle:
    """Load a bundle and make sure that it is the one the driver has.

    Args:
        folder: where it is to be read.
        bundle_hash: the driver's.
        named: the driver's folder, for messages, where this one is a copy.

    Raises:
        ModelError: it cannot be read, or was replaced since the driver read it.
    """
    bundle = replace(load_bundle(folder), folder=named or folder)
    if bundle.bundle_hash != bundle_hash:
        raise ModelError(
            f"{bundle.folder}: holds the model {bundle.model_id}, but the run began with {bundle_hash[:12]}: it was "
            "replaced in the meantime; run the same command again"
        )
    return bundle


def refuse_useless_gpus(bundle: ModelBundle) -> None:
    """Tell the user that GPUs would stand idle, or change the scores.

    Raises:
        ConfigError: the model is not scored with torch: it is a baseline, or a transformer with an 8-bit
            scoring graph, for which its thresholds were made.
    """
    if not isinstance(without_normalisation(bundle.classifier), TorchScored):
        raise ConfigError(
            f"{bundle.folder}: this model is scored on processors; a GPU would give other figures than those "
            "that its calibration and thresholds were made for, or stand idle: leave out --gpus-per-worker"
        )


def move_to_gpu(bundle: ModelBundle) -> None:
    """Score on this worker's GPU from now on.

    Raises:
        ModelError: torch finds none.
    """
    import torch  # noqa: PLC0415 - most models are scored without it

    if not torch.cuda.is_available():
        raise ModelError(
            f"{bundle.folder}: the worker has a GPU by Ray's account, but torch {torch.__version__} finds none: "
            "install a build of torch with CUDA on the machines of the cluster, or leave out --gpus-per-worker"
        )
    classifier = without_normalisation(bundle.classifier)
    if isinstance(classifier, TorchScored):
        classifier.score_with_torch("cuda")
