"""Fine-tuning with transformers' Trainer: token-budget batches, best epoch kept, exact resumption."""

import ctypes
import gc
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import pipeline.no_telemetry  # noqa: F401 - libraries read their settings while they are imported

# isort: split

import torch
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_callback import ExportableState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from pipeline.classifiers.encoder.token_batches import TokenBatchSampler
from pipeline.classifiers.processes import refuse_several_processes
from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.checkpoints import load_weights, mark_whole, save_weights, step_of
from pipeline.classifiers.transformer.frozen_layers import FrozenLayers, pad
from pipeline.classifiers.transformer.shared_work import require_same_work, share_checkpoint, share_folder
from pipeline.classifiers.transformer.transformer_network import FrameNetwork, parameter_groups
from pipeline.config.model import TransformerSettings
from pipeline.errors import ModelError

BEST_FILE = "best.safetensors"
_REMEMBERED = ("best_score", "best_epoch", "epochs_without_gain")
# A kernel with its working memory is kept for each of the last thousand shapes, and each batch has a shape of its own:
# 0.7 GB after 80 steps of the multilingual encoder, and no time saved. Read when the first network computes.
for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "16")

DevScore = Callable[[FrameNetwork], float]


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """Optimiser steps taken, the epoch that was kept (1 is the first), where a resumed run began, and the precision."""

    steps: int
    best_epoch: int
    best_score: float | None
    resumed_at_step: int
    in_bf16: bool


class PaddingCollator:
    """Token id lists of differing lengths to padded tensors: themselves, or what frozen layers made of them."""

    def __init__(self, padding_id: int, frozen: FrozenLayers | None = None) -> None:
        self._read = partial(pad, padding_id=padding_id) if frozen is None else frozen.read

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """`input_ids` and `attention_mask` of shape (n, longest); `labels` (n, k)."""
        batch = self._read([row["input_ids"] for row in rows])
        if "labels" in rows[0]:
            batch["labels"] = torch.tensor([row["labels"] for row in rows], dtype=torch.float32)
        return batch


class _FrameTrainer(Trainer):
    """Trainer with our batches and our optimiser groups; everything else is the library's."""

    def __init__(self, *, sampler: TokenBatchSampler, settings: TransformerSettings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._token_batches = sampler
        self._settings = settings

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of the sampler."""
        loader = DataLoader(
            cast("Any", self.train_dataset),
            batch_sampler=cast("Any", self._token_batches),
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a rate for the head and one for each depth of the encoder."""
        if self.optimizer is None:
            groups = parameter_groups(
                cast("FrameNetwork", self.model),
                learning_rate=float(self._settings.learning_rate),  # a number, see `complete_recipe`
                head_learning_rate=self._settings.head_learning_rate,
                layer_decay=self._settings.layer_decay,
                weight_decay=self._settings.weight_decay,
            )
            self.optimizer = torch.optim.AdamW(groups, eps=1e-6, fused=True)  # a third of the time
        return self.optimizer


class _EpochWatch(TrainerCallback, ExportableState):
    """Scores dev after each epoch, keeps the best weights, stops when patience runs out, reports progress.

    Its state travels in every checkpoint, so that a resumed run remembers the best epoch it has seen. Scoring
    hangs on an epoch's last step, not on its end: the checkpoint of that step must already know the score.
    Several processes go by the score of the first, lest one stop where another goes on.
    """

    def __init__(
        self, score_dev: DevScore | None, sampler: TokenBatchSampler, context: FitContext, patience: int
    ) -> None:
        self._score_dev = score_dev
        self._sampler = sampler
        self._context = context
        self._patience = patience
        self.best_score: float | None = None
        self.best_epoch = 0
        self.epochs_without_gain = 0

    @property
    def out_of_patience(self) -> bool:
        """Whether training is over."""
        return self.epochs_without_gain >= self._patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint remembers."""
        return {"args": {}, "attributes": {name: getattr(self, name) for name in _REMEMBERED}}

    def restore(self, checkpoint: Path) -> None:
        """Take up what the checkpoint remembers."""
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        for name, value in state["stateful_callbacks"][type(self).__name__]["attributes"].items():
            setattr(self, name, value)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Give the sampler the number of the epoch: its order depends on nothing else."""
        self._sampler.set_epoch(state.global_step // self._sampler.steps)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        **_: Any,
    ) -> None:
        """Tell how far training is; after the last step of an epoch, score dev."""
        self._context.progress("transformer: fine-tuning", state.global_step, state.max_steps)
        if state.global_step % self._sampler.steps == 0:
            self._end_epoch(state.global_step // self._sampler.steps, state.global_step, model)
            control.should_training_stop = self.out_of_patience

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Complete a checkpoint to which several processes have added their random state."""
        release_memory()
        processes = self._context.processes
        processes.gather(None)
        if processes.size > 1 and not processes.rank:
            checkpoint = self._context.work_folder / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
            mark_whole(checkpoint, processes.size)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Any = None,
        **_: Any,
    ) -> None:
        """Record the training curves."""
        for name in ("loss", "grad_norm", "learning_rate"):
            if name in (logs or {}):
                self._context.log_metric(f"train_{name}", float(logs[name]), state.global_step)

    def _end_epoch(self, epoch: int, step: int, network: FrameNetwork) -> None:
        """Keep the weights if they are the best so far; without dev the last epoch is kept."""
        if self._score_dev is None:
            self.best_epoch = epoch
            return
        score = self._context.processes.gather(self._score_dev(network))[0]
        self._context.log_metric("dev_mean_average_precision", score, step)
        if self.best_score is None or score > self.best_score:
            self.best_score, self.best_epoch, self.epochs_without_gain = score, epoch, 0
            if not self._context.processes.rank:
                save_weights(network, self._context.work_folder / BEST_FILE)
        else:
            self.epochs_without_gain += 1


@contextmanager
def older_objects_left_alone() -> Iterator[None]:
    """Collections inside look at what was made inside; what was left before is collected first. Blocks may not nest.

    The million objects of the libraries stay, and to look at all of them takes a quarter of a second each time: as long
    as some networks take to train.
    """
    release_memory()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def fine_tune(
    network: FrameNetwork,
    rows: Dataset,
    *,
    padding_id: int,
    settings: TransformerSettings,
    context: FitContext,
    score_dev: DevScore | None = None,
    frozen: FrozenLayers | None = None,
) -> TrainingOutcome:
    """Train `network` in place on rows with `input_ids` and `labels`, and leave it at its best epoch.

    A checkpoint in `context.work_folder` from a run that was killed is taken up where it stopped: order of
    batches, optimiser, random state and best epoch included, so that the result is the uninterrupted one.

    Several processes take a batch each for every step, which follows the mean of their gradients; all have the same
    network at the end. Their folder is that of the first.

    Raises:
        ConfigError: torchrun started processes that are not those of the context; they train on different rows,
            with different settings or versions, or do not see the same folder.
        ModelError: the checkpoint holds anything but tensors and numbers, so it is not one of ours.
    """
    processes = context.processes
    if processes.size == 1:
        refuse_several_processes("this training")
    folder = share_folder(context.work_folder, processes)
    context = replace(context, work_folder=folder)
    arguments = _arguments(folder, settings, context.seed)
    require_same_work(rows, settings, arguments, processes)
    sampler = TokenBatchSampler(
        [len(ids) for ids in rows["input_ids"]],
        settings.tokens_per_batch,
        context.seed,
        share_among=processes.size,
    )
    watch = _EpochWatch(score_dev, sampler, context, settings.patience)
    trainer = _FrameTrainer(
        sampler=sampler,
        settings=settings,
        model=network,
        args=arguments,
        train_dataset=rows,
        data_collator=PaddingCollator(padding_id, frozen),
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)  # it prints what we record
    checkpoint = share_checkpoint(folder, processes)
    resumed_at = step_of(checkpoint) if checkpoint else 0
    if checkpoint:
        watch.restore(checkpoint)
    if processes.rank:
        # Else all would drop out the same places of their batches.
        torch.manual_seed(context.seed + processes.rank)
    if not watch.out_of_patience:
        _train(trainer, checkpoint)
    processes.gather(None)  # the first may still write its best epoch
    if watch.best_score is not None:
        load_weights(network, folder / BEST_FILE)
    processes.gather(None)  # and may remove it when all have read it
    network.to("cpu").zero_grad()
    steps = max(trainer.state.global_step, resumed_at)  # a run that had stopped early is not trained again
    del trainer
    release_memory()
    return TrainingOutcome(steps, watch.best_epoch, watch.best_score, resumed_at, bool(arguments.bf16))


def release_memory() -> None:
    """Give the system back what is no longer used.

    Circles of references wait for the collector, and glibc keeps the gaps that activations of ever other shapes leave:
    0.8 GB after 14 steps of the multilingual encoder's upper half.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _train(trainer: Trainer, checkpoint: Path | None) -> None:
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except pickle.UnpicklingError as error:  # torch refuses all but tensors and numbers
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{checkpoint}: refused, nothing in it was run: not a checkpoint as this version writes it ({reason}); "
            "delete that folder to train from the beginning"
        ) from None


def _arguments(folder: Path, settings: TransformerSettings, seed: int) -> TrainingArguments:
    device = choose_device(settings.device)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=float(settings.epochs),  # a number, see `complete_recipe`
        warmup_steps=settings.warmup_share,  # below 1 the library reads a share of all steps
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        seed=seed,
        data_seed=seed,
        save_strategy="steps",
        save_steps=settings.checkpoint_every_steps,
        save_total_limit=2,
        eval_strategy="no",
        logging_strategy="steps",
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
        use_cpu=device == "cpu",
        bf16=_trains_in_bf16(settings, device),
        remove_unused_columns=False,
        dataloader_pin_memory=device == "cuda",
        accelerator_config={"even_batches": False, "use_seedable_sampler": False},
        # Otherwise gradients are bundled anew after the first step, and three processes or more would add them in
        # another order once they are resumed.
        ddp_find_unused_parameters=True,
    )


def choose_device(wanted: str) -> Literal["cpu", "cuda", "mps"]:
    """Where the network trains: a GPU, NVIDIA's or Apple's, unless the processor is wanted or torch finds none."""
    if wanted != "cpu" and torch.cuda.is_available():
        return "cuda"
    if wanted in {"auto", "mps"} and torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _trains_in_bf16(settings: TransformerSettings, device: str) -> bool:
    """Whether matrix products of training are rounded to bfloat16; weights and optimiser stay in single precision."""
    if settings.precision != "auto":
        return settings.precision == "bf16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device == "mps":
        return False  # not tried there
    able = torch.cpu.get_capabilities()  # other processors only imitate it, more slowly than float32
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
