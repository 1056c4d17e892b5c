"""What a GGUF file says of a language model: which architecture it is, and its numbers.

ARCHITECTURES is the one table of what guests/llama.c can compute. To add an architecture of the Llama family:
a row here, one in HALVES and KINDS of tests/test_llm.py, a word in docs/reference/llm.md. When it brings a
number of its own: the field of Config and where it is read, the field of the same name in guests/llama.h, and
what llama.c does with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts

if TYPE_CHECKING:
    from zcwasm.llm._kept import KvDtype


@dataclass(frozen=True)
class Architecture:
    """What differs between models of the Llama family."""

    #: Whether halves are rotated (x[i], x[i + n/2]), or pairs (x[2i], x[2i + 1]): the order in which
    #: llama.cpp stores the rows of q and k.
    rotates_halves: bool


# By general.architecture, which is also the prefix of the numbers' keys.
ARCHITECTURES = {
    "llama": Architecture(rotates_halves=False),
    "qwen2": Architecture(rotates_halves=True),
}


class Numbers:
    """The numbers under an architecture's prefix. Whatever is asked for counts as known to the reader."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        """Raises ModelError for an architecture that is not in the table."""
        self.metadata = metadata
        self.known: set[str] = set()
        name = metadata.get("general.architecture")
        if not isinstance(name, str) or name not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            kind = ", an embedding model, which writes no text" if "bert" in f"{name!s:.100}" else ""
            raise model_error(f"general.architecture is {name!r:.100}{kind}; supported are {known}", None)
        self.architecture = name

    def get(self, key: str, default: object = None) -> Any:
        self.known.add(key)
        return self.metadata.get(f"{self.architecture}.{key}", default)

    def value(self, key: str, default: float | None = None) -> float:
        found = self.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
            raise model_error(f"{self.architecture}.{key} is {found!r:.100}, must be a number", None)
        return found

    def count(self, key: str, most: int, default: int | None = None) -> int:
        """From 1 to what the guest takes at most. It checks that, too; here the error can name the key."""
        found = self.value(key, default)
        if not 1 <= found <= most or found != int(found):
            raise model_error(f"{self.architecture}.{key} is {found!r}, must be 1 to {most}", None)
        return int(found)


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
    #: Of each layer: how many keys a row attends to (0: all), and which table its angles are from.
    layer_table: tuple[tuple[int, int], ...]
    # As guests/llama.h says what they are.
    norms: int = layouts.LLAMA_NORM_PRE
    qk_norm: int = layouts.LLAMA_QK_NONE
    feed_forward: int = layouts.LLAMA_FF_SILU
    parallel: int = 0
    positions: int = 0
    ropes: int = 1
    attention_softcap: float = 0.0
    logit_softcap: float = 0.0
    embedding_scale: float = 1.0
    residual_scale: float = 1.0
    logit_scale: float = 1.0

    @property
    def rope_layout(self) -> int:
        return layouts.ZC_ROPE_HALVES if self.rope_halves else layouts.ZC_ROPE_PAIRS

    @property
    def attention_scale(self) -> float:
        return float(self.head_size**-0.5)

    @classmethod
    def read(cls, metadata: Mapping[str, Any], vocab: int) -> Config:
        """From a GGUF file's metadata. Raises ModelError for what is missing, odd or unsupported."""
        return cls._of(Numbers(metadata), vocab)

    @classmethod
    def _of(cls, numbers: Numbers, vocab: int) -> Config:
        architecture, count, value = numbers.architecture, numbers.count, numbers.value
        dim = count("embedding_length", layouts.LLAMA_MAX_DIM)
        heads = count("attention.head_count", layouts.LLAMA_MAX_HEADS)
        most = layouts.ZC_ATTENTION_MAX_HEAD
        head_size = count("attention.key_length", most, dim // heads)
        if count("attention.value_length", most, head_size) != head_size:
            raise model_error(f"{architecture}: keys and values of different lengths are not supported", None)
        kv_heads = count("attention.head_count_kv", layouts.LLAMA_MAX_HEADS, heads)
        rotated = count("rope.dimension_count", most, head_size)
        if heads % kv_heads or head_size % 4 or rotated % 2 or rotated > head_size:
            raise model_error(
                f"{architecture}: {heads} heads of {head_size} ({rotated} of them rotated) with {kv_heads} "
                "key-value heads are not supported",
                None,
            )
        # As in llama.cpp: a factor counts unless the file says that there is none.
        scaling = numbers.get("rope.scaling.type", "linear")
        if not isinstance(scaling, str) or scaling not in ("none", "linear"):
            raise model_error(f"{architecture}.rope.scaling.type {scaling!r:.100} is not supported", None)
        base = value("rope.freq_base", 10000.0)
        scale = value("rope.scaling.factor", value("rope.scale_linear", 1.0)) or 1.0  # 0 is none, too
        if base <= 0 or scale <= 0:
            raise model_error(f"{architecture}: rope base {base} and factor {scale} must be above 0", None)
        # Within one window, attention to a window is attention to everything.
        context = count("context_length", layouts.LLAMA_MAX_CONTEXT)
        if window := value("attention.sliding_window", 0):
            if not 1 <= window < 1 << 32 or window != int(window):
                raise model_error(
                    f"{architecture}.attention.sliding_window is {window!r}, must be a whole number", None
                )
            context = min(context, int(window))
        layers = count("block_count", layouts.LLAMA_MAX_LAYERS)
        return cls(
            architecture=architecture,
            layers=layers,
            dim=dim,
            heads=heads,
            kv_heads=kv_heads,
            head_size=head_size,
            rotated=rotated,
            ff=count("feed_forward_length", layouts.LLAMA_MAX_FF),
            vocab=vocab,
            context=context,
            rope_base=base,
            rope_scale=scale if scaling == "linear" else 1.0,
            rope_halves=ARCHITECTURES[architecture].rotates_halves,
            norm_epsilon=value("attention.layer_norm_rms_epsilon"),
            layer_table=((0, 0),) * layers,
        )

    def cache_bytes(self, context: int, kv_dtype: KvDtype) -> int:
        """Of a cache for so many positions."""
        return 2 * self.layers * context * row_bytes(self.kv_heads * self.head_size, kv_dtype)


def row_bytes(columns: int, kv_dtype: KvDtype) -> int:
    """Of a token's keys in one layer, or its values. Q8_0 has a byte for each, and a float16 for 32."""
    return columns + columns // 16 if kv_dtype == "q8_0" else columns * (2 if kv_dtype == "f16" else 4)
