"""Models, encoders and configs from strangers: what could run code is refused, or ignored without being run.

Every payload makes a folder when it runs; none may exist afterwards.
"""

import base64
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import yaml
from builders import (
    FRAMES,
    codebook,
    quiet_context,
    save_plain_bundle,
    toy_rows,
    write_tiny_encoder,
)
from conftest import make_tiny_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file
from transformers import AutoModel

from pipeline import bundle as model_bundle
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.classifiers.encoder import packed_e5
from pipeline.classifiers.encoder.encoders import find_encoder
from pipeline.classifiers.encoder.tokenizer_file import load_tokenizer
from pipeline.classifiers.transformer.fine_tuning import fine_tune
from pipeline.classifiers.transformer.pretrained import read_network, read_tokenizer, without_hub
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import TransformerSettings
from pipeline.config.run_config import RunConfig, load_run_config
from pipeline.config.tracking import TrackingSettings
from pipeline.errors import ConfigError, ModelError
from pipeline.evaluation.evaluate_bundle import read_test_predictions
from pipeline.files import first_load
from pipeline.files.file_hashes import hash_files
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.model_registry import register_bundle, resolve_model

TEXTS = ["great powers", "missile base переговоры мир", ""]


class Payload:
    """Unpickled, it makes a folder."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.proof),)


def torch_file(proof: Path) -> bytes:
    stream = io.BytesIO()
    torch.save({"weight": Payload(proof)}, stream)
    return stream.getvalue()


def object_arrays(proof: Path) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, weights=np.array([Payload(proof)], dtype=object), allow_pickle=True)
    return stream.getvalue()


def skops_file(proof: Path) -> bytes:
    stream = io.BytesIO()
    call = {"__class__": "mkdir", "__module__": "os", "__loader__": "ReduceNode", "args": [str(proof)]}
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", json.dumps(call))
    return stream.getvalue()


PAYLOADS: dict[str, Callable[[Path], bytes]] = {
    "pickle": lambda proof: pickle.dumps(Payload(proof)),
    "torch": torch_file,
    "object arrays": object_arrays,
    "skops": skops_file,
    "python": lambda proof: f"import os\nos.mkdir({str(proof)!r})\n".encode(),
}
PLANTED = {
    "model.pkl": "pickle",
    "classifier/pytorch_model.bin": "torch",
    "classifier/model.pt": "torch",
    "classifier/arrays.npz": "object arrays",
    "classifier/model.skops": "skops",
    "classifier/modeling_evil.py": "python",
    "sitecustomize.py": "python",
    "requirements.txt": "python",
}


@pytest.fixture
def proof(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "it-ran"
    yield place
    assert not place.exists()


def test_the_payloads_would_run(tmp_path: Path) -> None:
    pickle.loads(PAYLOADS["pickle"](tmp_path / "a"))
    torch.load(io.BytesIO(PAYLOADS["torch"](tmp_path / "b")), weights_only=False)
    with np.load(io.BytesIO(PAYLOADS["object arrays"](tmp_path / "c")), allow_pickle=True) as archive:
        archive["weights"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


# Bundles


@pytest.fixture(scope="module")
def encoder_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


def make_transformer_bundle(folder: Path, encoder: Path, scoring: str) -> Path:
    recipe = TransformerSettings.model_validate(
        {"encoder": str(encoder), "epochs": 1, "max_tokens": 32, "device": "cpu", "scoring": scoring}
        | {"max_int8_loss": 1.0}
    )
    model, rows = FineTunedTransformer(recipe, FRAMES, single_label=False), toy_rows(12)
    model.fit(rows, None, np.zeros(12, np.int64), quiet_context(folder / "work"))
    return save_plain_bundle(folder / "bundle", "tiny", model, codebook()).folder


@pytest.fixture(scope="module")
def sources(
    tiny_bundle: ModelBundle, encoder_source: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Unharmed bundles by what scores."""
    folder = tmp_path_factory.mktemp("transformers")
    made = {s: make_transformer_bundle(folder / s, encoder_source, s) for s in ("onnx_int8", "torch")}
    return made | {"tfidf": tiny_bundle.folder}


@pytest.fixture(params=["tfidf", "onnx_int8", "torch"])
def bundle(request: pytest.FixtureRequest, sources: dict[str, Path], tmp_path: Path) -> Path:
    return copy_of(sources[request.param], tmp_path / "bundle")


@pytest.fixture(params=["onnx_int8", "torch"])
def transformer(request: pytest.FixtureRequest, sources: dict[str, Path], tmp_path: Path) -> Path:
    return copy_of(sources[request.param], tmp_path / "bundle")


def copy_of(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def forge(folder: Path, **changes: Any) -> None:
    """Make all hashes fit what lies there: whoever wrote the bundle can do that."""
    hashes = hash_files(folder)
    del hashes["bundle.json"]
    manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    manifest |= {"files": hashes, "bundle_hash": model_bundle.hash_bundle(hashes), **changes}
    manifest["manifest_hash"] = model_bundle.hash_manifest(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def change_json(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


def test_planted_files_are_refused_and_where_the_manifest_lists_them_ignored(
    bundle: Path, proof: Path
) -> None:
    expected = load_bundle(bundle).predict(TEXTS)[0]
    for name, kind in PLANTED.items():
        (bundle / name).write_bytes(PAYLOADS[kind](proof))
        with pytest.raises(ModelError, match=f"{Path(name).name}: not listed in the manifest"):
            load_bundle(bundle)
        (bundle / name).unlink()
    for name, kind in PLANTED.items():
        (bundle / name).write_bytes(PAYLOADS[kind](proof))
    forge(bundle)
    np.testing.assert_array_equal(load_bundle(bundle).predict(TEXTS)[0], expected)


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_payload_in_the_place_of_any_file_is_refused(bundle: Path, proof: Path, kind: str) -> None:
    for path in files_of(bundle / "classifier"):
        whole = path.read_bytes()
        path.write_bytes(PAYLOADS[kind](proof))
        with pytest.raises(ModelError, match="changed since it was written"):
            load_bundle(bundle)
        forge(bundle)
        with pytest.raises(ModelError, match=r"classifier"):
            load_bundle(bundle)
        path.write_bytes(whole)
    forge(bundle)
    load_bundle(bundle)


def test_files_cut_short_are_refused_by_hash_and_by_their_reader(bundle: Path) -> None:
    for path in files_of(bundle):
        whole = path.read_bytes()
        for left in {0, 1, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:left])
            with pytest.raises(ModelError, match=path.name):
                load_bundle(bundle)
            if path not in {
                bundle / "bundle.json",
                bundle / "config.json",
            }:  # a record, which scoring does not read
                forge(bundle)
                with pytest.raises(ModelError):
                    load_bundle(bundle)
        path.write_bytes(whole)
        if path.name != "bundle.json":
            forge(bundle)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_is_noticed_and_a_forged_one_does_no_more_than_score_otherwise(
    bundle: Path, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([p for p in files_of(bundle) if p.name != "bundle.json"]))
    whole, manifest = path.read_bytes(), (bundle / "bundle.json").read_bytes()
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(damaged)
    try:
        with pytest.raises(ModelError, match="changed since it was written"):
            load_bundle(bundle)
        forge(bundle)
        try:
            found = load_bundle(bundle).predict(TEXTS)[0]
        except ModelError:
            return
        assert found.shape == (len(TEXTS), len(load_bundle(bundle).frame_ids))
    finally:
        path.write_bytes(whole)
        (bundle / "bundle.json").write_bytes(manifest)


@pytest.mark.parametrize("name", ["../outside.json", "classifier/../../outside.json", "{outside}"])
def test_paths_out_of_the_folder_are_no_files_of_it(bundle: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}", encoding="utf-8")
    manifest = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    digest = hash_files(tmp_path)["outside.json"]
    forge(bundle, files=manifest["files"] | {name.format(outside=outside): digest})
    with pytest.raises(ModelError, match=r"outside\.json: missing"):
        load_bundle(bundle)


def test_links_and_pipes_are_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (bundle / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="more: refused: a bundle holds no links"):
        load_bundle(bundle)
    (bundle / "more").unlink()
    os.mkfifo(bundle / "classifier" / "more")
    with pytest.raises(ModelError, match="more: refused: neither a file nor a folder"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_map": {"AutoModel": "modeling_evil.Evil"}},
        {"model_type": "evil", "auto_map": {"AutoConfig": "stranger/evil--configuration.Evil"}},
        {"trust_remote_code": True},
        {"text_config": {"auto_map": {"AutoModel": "modeling_evil.Evil"}}},
        {"attn_implementation": "stranger/kernel"},
    ],
)
def test_a_bundle_that_asks_for_code_is_refused(
    transformer: Path, proof: Path, changes: dict[str, Any]
) -> None:
    (transformer / "classifier" / "modeling_evil.py").write_bytes(PAYLOADS["python"](proof))
    change_json(transformer / "classifier" / "config.json", **changes)
    forge(transformer)
    with pytest.raises(ModelError, match=r"config\.json: refused: key .* asks for code from elsewhere"):
        load_bundle(transformer)


def graph_of(node: Any, initializers: list[Any] | None = None, domain: str = "") -> bytes:
    ids = [
        helper.make_tensor_value_info(n, TensorProto.INT32, [None, None])
        for n in ("input_ids", "attention_mask")
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, len(FRAMES)])
    graph = helper.make_graph([node], "g", ids, [logits], initializers or [])
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def external_weights() -> bytes:
    tensor = TensorProto(name="logits_of_all", data_type=TensorProto.FLOAT, dims=[1, len(FRAMES)])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../outside.bin")
    return graph_of(helper.make_node("Identity", ["logits_of_all"], ["logits"]), [tensor])


def huge_tensor() -> bytes:
    """A vector of a length that the file names: kilobytes that make gigabytes."""
    size = helper.make_tensor("size", TensorProto.INT64, [2], [10**6, 10**6])
    return graph_of(helper.make_node("ConstantOfShape", ["size"], ["logits"]), [size])


def endless_loop() -> bytes:
    inner = helper.make_graph([], "body", [], [])
    return graph_of(helper.make_node("Loop", ["input_ids"], ["logits"], body=inner))


GRAPHS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a tensor made by size": (huge_tensor, "the operator 'ConstantOfShape' has no place"),
    "a loop": (endless_loop, "the operator 'Loop' has no place"),
    "weights in another file": (external_weights, "holds all its weights itself"),
    "operators of a stranger": (
        lambda: graph_of(helper.make_node("Run", ["input_ids"], ["logits"], domain="evil"), domain="evil"),
        "the operator 'Run' has no place in a scoring graph",
    ),
    "a compiled blob for another device": (
        lambda: graph_of(
            helper.make_node(
                "EPContext",
                ["input_ids"],
                ["logits"],
                domain="com.microsoft",
                ep_cache_context="../../../outside.bin",
                embed_mode=0,
                source="evil",
            ),
            domain="com.microsoft",
        ),
        "scoring graph",
    ),
}


@pytest.mark.parametrize("transformer", ["onnx_int8"], indirect=True)
@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_reaches_out_is_refused(transformer: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.bin").write_bytes(np.ones(len(FRAMES), np.float32).tobytes())
    make, reason = GRAPHS[name]
    (transformer / "classifier" / "onnx" / "model.onnx").write_bytes(make())
    forge(transformer)
    with pytest.raises(ModelError, match=reason):
        load_bundle(transformer)


def growing_graph() -> bytes:
    """Allowed operators alone, wired so that each step multiplies the size by the length of the batch."""
    nodes = [helper.make_node("Cast", ["input_ids"], ["x0"], to=TensorProto.FLOAT)]
    for step in range(4):
        nodes.append(helper.make_node("Unsqueeze", [f"x{step}", "last"], [f"y{step}"]))
        nodes.append(helper.make_node("Add", [f"y{step}", "row"], [f"x{step + 1}"]))
    nodes.append(helper.make_node("ReduceSum", ["x4", "axes"], ["sum"], keepdims=0))
    nodes.append(helper.make_node("Unsqueeze", ["sum", "last"], ["column"]))
    nodes.append(helper.make_node("Add", ["column", "zeros"], ["logits"]))
    ids = [
        helper.make_tensor_value_info(n, TensorProto.INT32, [None, None])
        for n in ("input_ids", "attention_mask")
    ]
    constants = {
        "last": np.array([-1]),
        "axes": np.arange(1, 6),
        "row": np.ones(256, np.float32),
        "zeros": np.zeros(len(FRAMES), np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "g",
        ids,
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, len(FRAMES)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())


@pytest.mark.parametrize("transformer", ["onnx_int8"], indirect=True)
def test_a_graph_that_multiplies_its_size_is_tried_first_in_a_process_with_limits(
    transformer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(first_load.VARIABLE, "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load_bundle(transformer)  # the unharmed one passes
    assert len(files_of(tmp_path / "cache/narrative-frames")) == 1
    (transformer / "classifier" / "onnx" / "model.onnx").write_bytes(growing_graph())
    forge(transformer)
    with pytest.raises(ModelError, match=r"alloc|memory"):
        load_bundle(transformer)
    assert len(files_of(tmp_path / "cache/narrative-frames")) == 1


def test_what_was_made_or_tried_here_is_loaded_at_once(
    tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial that fails shows whether there was one: it has no time at all."""
    monkeypatch.setenv(first_load.VARIABLE, "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(first_load, "_SECONDS", 0.01)
    copied = copy_of(tiny_bundle.folder, tmp_path / "copied")
    with pytest.raises(ModelError, match=r"never loaded on this machine.* the time was over.*FIRST_LOAD=off"):
        load_bundle(copied)
    made = make_tiny_bundle(tmp_path / "made", threshold=0.3)
    assert load_bundle(copy_of(made.folder, tmp_path / "moved")).bundle_hash == made.bundle_hash
    monkeypatch.setenv(first_load.VARIABLE, "off")
    assert load_bundle(copied).model_id == tiny_bundle.model_id


def test_a_message_of_the_trial_is_that_of_the_load(
    tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(tiny_bundle.folder, tmp_path / "bundle")
    (folder / "classifier" / "vocabulary.json").write_text("{}", encoding="utf-8")
    forge(folder)
    with pytest.raises(ModelError) as plain:
        load_bundle(folder)
    monkeypatch.setenv(first_load.VARIABLE, "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ModelError) as tried:
        load_bundle(folder)
    assert str(tried.value) == str(plain.value)


def test_the_graphs_are_such_as_onnx_knows() -> None:
    for make, _ in GRAPHS.values():
        assert onnx.load_from_string(make()).graph.output[0].name == "logits"


# Registered models


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> tuple[str, Path]:
    """A store, and the folder in which it keeps the files of version 1 of 'theirs'."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"
    with MlflowTracker.start(TrackingSettings(uri=uri), "run") as tracker:
        tracker.log_bundle(tiny_bundle.folder)
    register_bundle(tracker.run_id, "theirs", tiny_bundle.manifest, macro_f1=None, uri=uri)
    client, _ = open_store(uri)
    place = client.get_model_version_download_uri("theirs", "1").removeprefix("file://")
    return uri, Path(place)


@pytest.fixture
def registered(store: tuple[str, Path], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The store, whose files a test may change: they are put back afterwards."""
    _, folder = store
    unharmed = copy_of(folder, tmp_path / "unharmed")
    yield store
    shutil.rmtree(folder)
    shutil.move(unharmed, folder)


def test_what_an_mlflow_model_brings_besides_the_bundle_is_never_used(
    registered: tuple[str, Path], proof: Path, tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, folder = registered
    model = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    model["flavors"]["python_function"] |= {
        "loader_module": "evil_loader",
        "code": "code",
        "python_model": "python_model.pkl",
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(model), encoding="utf-8")
    (folder / "code").mkdir()
    (folder / "code" / "evil_loader.py").write_bytes(PAYLOADS["python"](proof))
    (folder / "python_model.pkl").write_bytes(PAYLOADS["pickle"](proof))
    (folder / "requirements.txt").write_text(f"--index-url file://{folder}\nevil-package\n", encoding="utf-8")
    (folder / "conda.yaml").write_text("dependencies: [{pip: [evil-package]}]\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    found = load_bundle(resolve_model("models:/theirs/1", uri))
    np.testing.assert_array_equal(found.predict(TEXTS)[0], tiny_bundle.predict(TEXTS)[0])


def test_a_registered_model_that_is_a_foreign_one_altogether_is_refused(
    registered: tuple[str, Path], proof: Path
) -> None:
    uri, folder = registered
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    (folder / "data" / "python_model.pkl").write_bytes(PAYLOADS["pickle"](proof))
    with pytest.raises(ModelError, match="not trained by narrative-frames"):
        resolve_model("models:/theirs/1", uri)


def test_files_exchanged_in_the_store_are_refused(
    registered: tuple[str, Path], tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    uri, folder = registered
    stored = folder / "data" / tiny_bundle.folder.name
    shutil.move(stored, tmp_path / "moved")
    stored.symlink_to(tmp_path / "moved")
    with pytest.raises(ModelError, match="a stored model holds no links"):
        resolve_model("models:/theirs/1", uri)
    stored.unlink()
    shutil.move(tmp_path / "moved", stored)
    change_json(stored / "decisions.json", thresholds=[0.9, 0.9, 0.9])
    forge(stored)
    with pytest.raises(ModelError, match="the files were exchanged in the store"):
        resolve_model("models:/theirs/1", uri)


# Encoders


@pytest.fixture
def encoder(encoder_source: Path, tmp_path: Path) -> Path:
    return copy_of(encoder_source, tmp_path / "encoder")


def read(folder: Path) -> Any:
    found = find_encoder(str(folder))
    read_tokenizer(found)
    return read_network(found)


def weights_of(network: Any) -> dict[str, Any]:
    return {name: values.numpy() for name, values in network.state_dict().items()}


def test_what_an_encoder_brings_besides_data_is_ignored(
    encoder: Path, encoder_source: Path, proof: Path
) -> None:
    for name in ("pytorch_model.bin", "tf_model.h5", "model.pkl", "vocab.pt", "training_args.bin"):
        (encoder / name).write_bytes(PAYLOADS["torch"](proof))
    for name in ("modeling_bert.py", "tokenization_bert.py", "__init__.py", "handler.py"):
        (encoder / name).write_bytes(PAYLOADS["python"](proof))
    template = "{{ cycler.__init__.__globals__.os.mkdir('" + str(proof) + "') }}"
    (encoder / "chat_template.jinja").write_text(template, encoding="utf-8")
    change_json(encoder / "tokenizer_config.json", chat_template=template)
    found, expected = weights_of(read(encoder)), weights_of(read(encoder_source))
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("key", ["auto_map", "trust_remote_code", "custom_pipelines"])
def test_an_encoder_that_asks_for_code_is_refused(encoder: Path, proof: Path, file: str, key: str) -> None:
    (encoder / "evil.py").write_bytes(PAYLOADS["python"](proof))
    change_json(encoder / file, **{key: {"AutoModel": "evil.Evil", "AutoTokenizer": [None, "evil.Evil"]}})
    with pytest.raises(ModelError, match=f"{file}: refused: key '{key}' asks for code from elsewhere"):
        read(encoder)


def test_an_adapter_is_refused_since_it_names_another_model(encoder: Path) -> None:
    (encoder / "adapter_config.json").write_text(
        '{"base_model_name_or_path": "stranger/m"}', encoding="utf-8"
    )
    with pytest.raises(ModelError, match="merge it into its encoder"):
        read(encoder)


@pytest.mark.parametrize(
    "place", ["../evil.safetensors", "pytorch_model.bin", "{outside}", 7, "gone.safetensors"]
)
def test_an_index_of_weights_names_safetensors_beside_it(
    encoder: Path, tmp_path: Path, proof: Path, place: Any
) -> None:
    for path in (tmp_path / "evil.safetensors", encoder / "pytorch_model.bin"):
        path.write_bytes(PAYLOADS["torch"](proof))
    place = place.format(outside=tmp_path / "evil.safetensors") if isinstance(place, str) else place
    index = {"metadata": {}, "weight_map": {"embeddings.word_embeddings.weight": place}}
    (encoder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelError, match="'weight_map': expected names of safetensors files beside it"):
        read(encoder)


def test_links_out_of_an_encoder_are_refused_but_for_those_of_the_hub_cache(
    encoder_source: Path, encoder: Path, tmp_path: Path
) -> None:
    (encoder / "tokenizer.json").unlink()
    (encoder / "tokenizer.json").symlink_to(encoder_source / "tokenizer.json")
    with pytest.raises(ModelError, match=r"tokenizer\.json: refused: a link out of the folder"):
        read(encoder)
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "c0ffee", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    copy_of(encoder_source, blobs)
    for path in files_of(blobs):
        (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
    read(snapshot)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("hidden_size", 40_000, "and model.safetensors holds"),
        ("vocab_size", 9_000_000, "and model.safetensors holds"),
    ],
)
def test_an_encoder_of_a_config_is_held_to_its_weights_too(
    encoder: Path, key: str, value: int, why: str
) -> None:
    change_json(encoder / "config.json", **{key: value})
    with pytest.raises(ModelError, match=why):
        read(encoder)


def test_weights_that_are_missing_are_not_drawn_at_random(encoder: Path) -> None:
    weights = load_file(encoder / "model.safetensors")
    lost = next(name for name in weights if "query.weight" in name)
    save_file(
        {name: values for name, values in weights.items() if name != lost},
        encoder / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(ModelError, match=rf"lacks the weights .*{lost}"):
        read(encoder)


def test_an_encoder_cut_short_is_refused(encoder: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        whole = (encoder / name).read_bytes()
        for left in (0, 1, len(whole) // 2, len(whole.rstrip()) - 1):
            (encoder / name).write_bytes(whole[:left])
            with pytest.raises(ModelError, match="encoder"):
                read(encoder)
        (encoder / name).write_bytes(whole)
    read(encoder)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_in_an_encoder_is_a_message_or_another_weight(
    encoder: Path, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(files_of(encoder)))
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, min(len(whole), 4000) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(damaged)
    try:
        read(encoder)
    except ModelError:
        pass
    finally:
        path.write_bytes(whole)


def test_the_hub_is_shut_out_while_files_are_read_and_open_again_after() -> None:
    from huggingface_hub import constants, snapshot_download  # noqa: PLC0415 - what the test is about
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    before = constants.HF_HUB_OFFLINE
    with without_hub(), pytest.raises((LocalEntryNotFoundError, OSError)):
        snapshot_download("someone/some-encoder", cache_dir="/nonexistent")
    assert before == constants.HF_HUB_OFFLINE


# Checkpoints that lie in a folder from elsewhere


@pytest.mark.parametrize("name", ["rng_state.pth", "optimizer.pt", "scheduler.pt"])
def test_a_planted_checkpoint_is_refused(
    encoder_source: Path, tmp_path: Path, proof: Path, name: str
) -> None:
    from datasets import Dataset  # noqa: PLC0415 - only here

    def train(epochs: int) -> None:
        network = FrameNetwork(
            AutoModel.from_pretrained(encoder_source),
            len(FRAMES),
            vector_scale=8.0,
            dropout=0.1,
            positive_weights=[1.0] * len(FRAMES),
            single_label=False,
        )
        rows = Dataset.from_dict({"input_ids": [[2, 5, 3]] * 4, "labels": [[0.0, 1.0, 0.0]] * 4})
        recipe = TransformerSettings(
            epochs=epochs, learning_rate=2e-4, device="cpu", checkpoint_every_steps=1
        )
        fine_tune(network, rows, padding_id=0, settings=recipe, context=quiet_context(tmp_path / "work"))

    train(1)
    (checkpoint,) = (tmp_path / "work").glob("checkpoint-*")
    (checkpoint / name).write_bytes(PAYLOADS["torch"](proof))
    with pytest.raises(ModelError, match="refused, nothing in it was run"):
        train(3)


# Run configs

BASELINE = {
    "name": "theirs",
    "data": {"codebook": "sample:codebook.yaml", "labelled": "sample:labelled_sentences.jsonl"},
    "model": {"kind": "transformer"},
}


def sections() -> list[str]:
    return [
        "",
        *(name for name, field in RunConfig.model_fields.items() if name not in {"name", "seed", "output"}),
    ]


@pytest.mark.parametrize("key", ["trust_remote_code", "auto_map", "code_revision", "loader_module"])
def test_no_config_can_ask_for_code(tmp_path: Path, key: str) -> None:
    for section in sections():
        raw = json.loads(json.dumps(BASELINE))
        (raw.setdefault(section, {}) if section else raw)[key] = True
        (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
        with pytest.raises(ConfigError, match=key):
            load_run_config(tmp_path / "theirs.yaml")
    (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(BASELINE), encoding="utf-8")
    with pytest.raises(ConfigError, match=key):
        load_run_config(tmp_path / "theirs.yaml", [f"model.{key}=true"])


def test_yaml_makes_no_objects(tmp_path: Path, proof: Path) -> None:
    path = tmp_path / "theirs.yaml"
    path.write_text(f"name: !!python/object/apply:os.mkdir [{str(proof)!r}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"theirs\.yaml"):
        load_run_config(path)


# Bombs: hashes fit, nothing runs, but reading it would take gigabytes or hours


def write_arrays(path: Path, **shapes: tuple[int, ...]) -> None:
    """An archive of zeros, row by row, so that making it takes no memory."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)  # type: ignore[no-untyped-call]
                for _ in range(shape[0]):
                    stream.write(bytes(4 * shape[1]))


def test_arrays_that_unpack_to_gigabytes_are_refused_by_their_headers(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(sources["tfidf"], tmp_path / "bundle")
    write_arrays(tmp_path / "bundle" / "classifier" / "weights.npz", weights=(600, 500_000))
    write_arrays(tmp_path / "bundle" / "training_texts.npz", digests=(600, 500_000))
    assert (tmp_path / "bundle" / "training_texts.npz").stat().st_size < 10_000_000
    forge(tmp_path / "bundle")
    with pytest.raises(ModelError, match=r"its arrays take 1,200,000,000 bytes; at most 1,073,741,824"):
        load_bundle(tmp_path / "bundle")
    bundle = replace(load_bundle(sources["tfidf"]), folder=tmp_path / "bundle")
    with pytest.raises(ModelError, match="its arrays take 1,200,000,000 bytes"):
        bundle.read_arrays("training_texts")


ARRAYS: dict[str, tuple[dict[str, Any], str]] = {
    "a missing one": ({"ids": np.array(["a"])}, "the array 'clusters' is missing"),
    "of another type": ({"ids": np.array([1])}, "'ids': expected texts in 1 dimensions, got int64 in 1"),
    "of another number of frames": ({"truth": np.zeros((4, 9), int)}, "'truth' has the shape"),
    "of unlike lengths": ({"clusters": np.zeros(3, int)}, "'clusters' has the shape"),
    "that are no numbers": ({"calibrated": np.full((4, 3), np.nan)}, "holds numbers that are none"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_other_than_ours_are_refused_before_use(
    sources: dict[str, Path], tmp_path: Path, name: str
) -> None:
    changes, message = ARRAYS[name]
    arrays: dict[str, Any] = {
        "ids": np.array(list("abcd")),
        "clusters": np.arange(4),
        "truth": np.zeros((4, 3), int),
        "calibrated": np.zeros((4, 3)),
        "decided": np.zeros((4, 3), bool),
    }
    whole = changes if name == "a missing one" else arrays | changes
    np.savez(tmp_path / "test_predictions.npz", allow_pickle=False, **whole)
    bundle = replace(load_bundle(sources["tfidf"]), folder=tmp_path)
    with pytest.raises(ModelError, match=message):
        read_test_predictions(bundle)


def split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def compiled(replacement: bytes) -> str:
    return base64.b64encode(b"\0\0\0\0" + replacement + b"\0").decode()


TOKENIZERS: dict[str, tuple[dict[str, Any], str]] = {
    "a replacement that grows": (
        {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaa"}},
        "a replacement that makes texts longer: 'a' by 'aaaa'",
    ),
    "growth within a sequence": (
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "x" * 10_000}]}},
        "10000 characters before each text",
    ),
    "a pattern that explodes": ({"pre_tokenizer": split(r"(x+x+)+y")}, "whose time nobody has bounded"),
    "an empty pattern": (
        {"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": ""}},
        "an empty pattern, which stands everywhere",
    ),
    "a hundred thousand tokens around a text": (
        {
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}] * 100_000,
                "pair": [],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}},
            }
        },
        "100,000 tokens around each text",
    ),
    "a compiled table that grows": (
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": compiled(b"x" * 5000)}},
        "puts 5,000 bytes in the place of a character",
    ),
    "parts without end": (
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}] * 5000}},
        "a normalizer of 5,001 parts",
    ),
    "an unknown part": ({"pre_tokenizer": {"type": "Unheard"}}, "a pre_tokenizer of type 'Unheard'"),
    "added tokens without end": (
        {"added_tokens": [{"id": n, "content": f"t{n}"} for n in range(30_000)]},
        "30,000 added tokens",
    ),
    "no object": ({"normalizer": [1, 2]}, "not a readable tokenizer"),
}


@pytest.mark.parametrize("transformer", ["onnx_int8", "torch"], indirect=True)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_tokenizer_that_texts_could_blow_up_is_refused(transformer: Path, name: str) -> None:
    changes, message = TOKENIZERS[name]
    change_json(transformer / "classifier" / "tokenizer.json", **changes)
    forge(transformer)
    with pytest.raises(ModelError, match=message):
        load_bundle(transformer)


@pytest.mark.parametrize("transformer", ["torch"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": 10**7}, r"num_hidden_layers is 10,000,000; at most 200"),
        ({"inner": {"n_layers": 10**7}}, r"n_layers is 10,000,000; at most 200"),
        ({"vocab_size": 10**9}, r"vocab_size is 1,000,000,000; at most"),
        (
            {"hidden_size": 40_000, "num_hidden_layers": 100},
            r"it describes [\d,]+ parameters, and model.safetensors",
        ),
    ],
)
def test_an_encoder_larger_than_its_weights_is_refused_before_it_is_made(
    transformer: Path, changes: dict[str, Any], message: str
) -> None:
    change_json(transformer / "classifier" / "config.json", **changes)
    forge(transformer)
    with pytest.raises(ModelError, match=message):
        load_bundle(transformer)


@pytest.mark.parametrize("transformer", ["onnx_int8", "torch"], indirect=True)
@pytest.mark.parametrize("padding_id", [10**12, -1, "0", None])
def test_a_padding_token_that_no_vocabulary_has_is_refused(transformer: Path, padding_id: Any) -> None:
    change_json(transformer / "classifier" / "classifier.json", padding_id=padding_id)
    forge(transformer)
    with pytest.raises(ModelError, match="expected padding_id from 0 to 10,000,000"):
        load_bundle(transformer)


def test_published_tokenizers_are_allowed() -> None:
    load_tokenizer(find_encoder("embedded").folder / "tokenizer.json")
    if packed_e5.is_installed():
        load_tokenizer(packed_e5.convert_once() / "tokenizer.json")
