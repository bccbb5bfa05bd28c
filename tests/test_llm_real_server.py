"""The protocol against a real server, `transformers serve`, with a tiny model of random weights: it says garbage.

How good answers are read is tested against a scripted server, in test_language_model.py.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import codebook, each_its_own_cluster, quiet_context, toy_rows

from pipeline.classifiers.llm.asking import Asker, Call
from pipeline.classifiers.llm.kept_calls import KeptCalls
from pipeline.classifiers.llm.language_model import LanguageModel
from pipeline.classifiers.llm.model_server import ServerError
from pipeline.classifiers.llm.questions import make_questions
from pipeline.config.model import LlmSettings
from pipeline.errors import ModelError

ROWS = toy_rows(6)
TEMPLATE = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}[assistant]"


def write_tiny_llama(folder: Path) -> Path:
    """A random one-layer Llama that reads and writes bytes."""
    import torch  # noqa: PLC0415 - takes its seconds
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: PLC0415

    letters = ["<pad>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>")  # type: ignore[no-untyped-call]
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(letters),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=4096,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlmSettings]:
    folder = write_tiny_llama(tmp_path_factory.mktemp("served") / "tiny-llama")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "transformers"), "serve", str(folder), "--device", "cpu"]
    log = folder.parent / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        ) as server,
    ):
        try:
            wait_for(port, server, log)
            yield LlmSettings(
                base_url=f"http://127.0.0.1:{port}/v1",
                model=str(folder),
                calls=str(folder.parent / "calls.sqlite"),
                max_answer_tokens=12,
                max_concurrency=2,
                retries=0,
                repeats=1,
            )
        finally:
            server.terminate()


def wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail("the server does not listen")


def test_a_real_servers_answers_are_counted_kept_and_judged(settings: LlmSettings, tmp_path: Path) -> None:
    book = codebook()
    model = LanguageModel(settings, book.frame_ids, single_label=False)
    context = replace(quiet_context(tmp_path), codebook=book)
    with pytest.raises(
        ModelError, match=r"no usable answer to 6 of 6 training rows.*cut at max_answer_tokens"
    ):
        model.fit(ROWS, None, each_its_own_cluster(ROWS), context)
    figures, notes = model.account()
    assert figures["llm_new_calls"] == 6
    assert figures["llm_output_tokens_per_text"] == 12
    assert figures["llm_input_tokens_per_text"] > 100
    assert "6 texts have none" in " ".join(notes)
    replayed = Asker(settings.model_copy(update={"replay": True}), 3, is_loaded=False)
    question = make_questions(book)[0]
    assert not replayed.find_form(question).logprobs  # this server takes no notice of them
    assert replayed.ask([Call(question, text) for text in ROWS.table["text"]], "") == [None] * 6
    [(name, fingerprint)] = replayed.account.identities
    assert (name.removesuffix("@main"), fingerprint) == (settings.model, "")  # 5.23 names the revision too
    assert KeptCalls(Path(settings.calls), read_only=True).find_form(settings.base_url, settings.model)


def test_a_real_server_that_is_slower_than_the_limit_is_given_up(
    settings: LlmSettings, tmp_path: Path
) -> None:
    hasty = settings.model_copy(update={"timeout_seconds": 0.001, "calls": str(tmp_path / "hasty.sqlite")})
    with pytest.raises(ServerError, match=r"no answer within 0\.001 s"):
        Asker(hasty, 3, is_loaded=False).find_form(make_questions(codebook())[0])


def test_a_model_that_the_server_does_not_have_is_told(settings: LlmSettings, tmp_path: Path) -> None:
    wrong = settings.model_copy(update={"model": "another", "calls": str(tmp_path / "wrong.sqlite")})
    with pytest.raises(ServerError, match="takes no question to 'another'; it says: Server is pinned"):
        Asker(wrong, 3, is_loaded=False).find_form(make_questions(codebook())[0])
