"""What a model file says of a language model: which family it is of (_families.py), and its numbers.

They are read from metadata in GGUF's terms, which a GGUF file has and which _models/hf_config.py makes of a
folder's config.json. Beside GGUF's keys that has these:

    zcwasm.rope_halves           halves are rotated, whatever the family's files in GGUF have
    zcwasm.yarn_truncates        YaRN's ramp begins and ends at whole pairs, whatever the family's have
    zcwasm.NAME                  tensor NAME (rope_freqs.weight, for instance) as a list of numbers
    zcwasm.tied, zcwasm.biases, zcwasm.vision   for _models/hf_names.py
    zcwasm.fp8                   how scales of FP8 are there (_models/fp8.py)
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts
from zcwasm.llm._families import FAMILIES, LAYER, PRE, Family
from zcwasm.llm._rope import FREQS, LONG, SHORT, Rope, Yarn, yarn_attention

if TYPE_CHECKING:
    from zcwasm.llm._kept import KvDtype

# Of scales, caps and factors: what models have, and some room. Products of them fit float32.
_LEAST, _MOST = 1 / layouts.LLAMA_MAX_RESIDUAL_SCALE, layouts.LLAMA_MAX_RESIDUAL_SCALE
_MOST_BASE = 1e15


class Numbers:
    """The numbers under an architecture's prefix. Whatever is asked for counts as known to the reader."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        """Raises ModelError for an architecture that is not in the table."""
        self.metadata = metadata
        self.known: set[str] = set()
        name = metadata.get("general.architecture")
        if not isinstance(name, str) or name not in FAMILIES:
            known = ", ".join(FAMILIES)
            kind = ", an encoder, for zcwasm.embed.Model.open" if "bert" in f"{name!s:.100}" else ""
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

    def within(self, key: str, least: float, most: float, default: float | None = None) -> float:
        found = self.value(key, default)
        if not least <= found <= most:
            raise model_error(
                f"{self.architecture}.{key} is {found!r}, must be {least:.6g} to {most:.6g}", None
            )
        return found

    def or_none(self, key: str, none: float, default: float = 0) -> float:
        """A scale or a cap; 0 stands for `none`, as in llama.cpp."""
        return self.within(key, _LEAST, _MOST, default) if self.value(key, default) else none

    def count(self, key: str, most: int, default: int | None = None, least: int = 1) -> int:
        """Up to what the guest takes at most. It checks that, too; here the error can name the key."""
        found = self.value(key, default)
        if not least <= found <= most or found != int(found):
            raise model_error(f"{self.architecture}.{key} is {found!r}, must be {least} to {most}", None)
        return int(found)

    def flags(self, key: str, count: int) -> list[bool] | None:
        """An array of a yes or no for each layer, if that is what the key has."""
        found = self.get(key)
        if not isinstance(found, (list, np.ndarray)):
            return None
        items = list(found)
        if len(items) != count or not all(
            isinstance(item, (bool, int, np.bool_, np.integer)) for item in items
        ):
            raise model_error(
                f"{self.architecture}.{key} must have a true or false for each of {count} layers", None
            )
        return [bool(item) for item in items]


@dataclass(frozen=True)
class Config:
    """A model's numbers. Those that guests/llama.h names, too, are as it says."""

    architecture: str
    layers: int
    dim: int
    heads: int
    kv_heads: int
    head_size: int
    rotated: int  # elements of a head that are rotated by the position
    ff: int
    vocab: int
    context: int  # positions that the model was made for
    rope_halves: bool
    rope_tables: tuple[Rope, ...]
    #: Of each layer: how many keys a row attends to (0: all), and which table its angles are from.
    layer_table: tuple[tuple[int, int], ...]
    norm_epsilon: float
    attention_scale: float
    norms: int = PRE
    qk_norm: int = layouts.LLAMA_QK_NONE
    feed_forward: int = layouts.LLAMA_FF_SILU
    parallel: int = 0
    positions: int = 0
    experts: int = 0
    experts_used: int = 0
    attention_softcap: float = 0.0
    logit_softcap: float = 0.0
    embedding_scale: float = 1.0
    residual_scale: float = 1.0
    logit_scale: float = 1.0
    #: What config.json divides frequencies by, by the name of the tensor that GGUF files have in its place.
    factors: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def family(self) -> Family:
        return FAMILIES[self.architecture]

    @property
    def rope_layout(self) -> int:
        return layouts.ZC_ROPE_HALVES if self.rope_halves else layouts.ZC_ROPE_PAIRS

    @property
    def ropes(self) -> int:
        return len(self.rope_tables)

    @classmethod
    def read(cls, metadata: Mapping[str, Any], vocab: int, tensors: Container[str] = ()) -> Config:
        """From a file's metadata in GGUF's terms. tensors: the file's, by canonical names; of some a model
        has them or not. Raises ModelError for what is missing, odd or not supported."""
        return cls._of(Numbers(metadata), vocab, tensors)

    @classmethod
    def _of(cls, numbers: Numbers, vocab: int, tensors: Container[str] = ()) -> Config:
        architecture, count, family = numbers.architecture, numbers.count, FAMILIES[numbers.architecture]
        dim = count("embedding_length", layouts.LLAMA_MAX_DIM)
        layers = count("block_count", layouts.LLAMA_MAX_LAYERS)
        heads = count("attention.head_count", layouts.LLAMA_MAX_HEADS)
        most = layouts.ZC_ATTENTION_MAX_HEAD
        head_size = count("attention.key_length", most, dim // heads)
        if count("attention.value_length", most, head_size) != head_size:
            raise model_error(f"{architecture}: keys and values of different lengths are not supported", None)
        kv_heads = count("attention.head_count_kv", layouts.LLAMA_MAX_HEADS, heads)
        rotated = 0
        if family.rope_halves is not None:
            rotated = count("rope.dimension_count", most, head_size)
        if heads % kv_heads or head_size % 4 or rotated % 2 or rotated > head_size:
            raise model_error(
                f"{architecture}: {heads} heads of {head_size} ({rotated} of them rotated) with {kv_heads} "
                "key-value heads are not supported",
                None,
            )
        context = count("context_length", layouts.LLAMA_MAX_CONTEXT)
        ropes, layer_table = _positions(numbers, family, layers, context, tensors)
        if family.scales_far_queries and numbers.value("attention.temperature_scale", 0):
            context = count("rope.scaling.original_context_length", context, context)
        experts, used, ff = _feed_forward(numbers, family)
        kind = "layer_norm" if family.norms & LAYER else "layer_norm_rms"
        logit_scale = _scale(numbers, family, "logit", 1.0)
        return cls(
            architecture=architecture,
            layers=layers,
            dim=dim,
            heads=heads,
            kv_heads=kv_heads,
            head_size=head_size,
            rotated=rotated,
            ff=ff,
            experts=experts,
            experts_used=used,
            vocab=vocab,
            context=context,
            rope_halves=bool(numbers.metadata.get("zcwasm.rope_halves", family.rope_halves)),
            rope_tables=ropes,
            layer_table=layer_table,
            norm_epsilon=numbers.within(f"attention.{kind}_epsilon", 0, 1),
            attention_scale=_scale(
                numbers,
                family,
                "attention",
                (dim // heads if layers == family.scaled_by_columns else head_size) ** -0.5,
            ),
            norms=family.norms,
            qk_norm=family.qk_norm,
            feed_forward=family.feed_forward,
            parallel=_parallel(numbers, family, tensors),
            positions=context if family.learned_positions else 0,
            attention_softcap=_softcap(numbers, "attn", family.attention_softcap),
            logit_softcap=_softcap(numbers, "final", family.logit_softcap),
            embedding_scale=_scale(
                numbers, family, "embedding", math.sqrt(dim) if family.root_embedding_scale else 1.0
            ),
            residual_scale=_scale(numbers, family, "residual", 1.0),
            logit_scale=1 / logit_scale if family.divides_logits else logit_scale,
            factors=_factors(numbers.metadata),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all numbers, 64 hexadecimal digits. A folder's are in config.json, not with the weights,
        whose digest says nothing of them."""
        numbers = _without_last_bits({"version": 1, **asdict(self)})
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()

    def cache_bytes(self, context: int, kv_dtype: KvDtype) -> int:
        """Of a cache for so many positions."""
        return 2 * self.layers * context * row_bytes(self.kv_heads * self.head_size, kv_dtype)


def _factors(metadata: Mapping[str, Any]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """What hf_config.py has made of config.json; a GGUF file that has such keys is refused elsewhere."""
    found = ((name, metadata.get(f"zcwasm.{name}")) for name in (FREQS, LONG, SHORT))
    return tuple(
        (name, tuple(float(value) for value in values if type(value) in (int, float)))
        for name, values in found
        if isinstance(values, list)
    )


def _without_last_bits(value: Any) -> Any:
    """Logarithms and powers may differ there from system to system."""
    if isinstance(value, dict):
        return {name: _without_last_bits(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_last_bits(each) for each in value]
    return f"{value:.12g}" if isinstance(value, float) else value


def row_bytes(columns: int, kv_dtype: KvDtype) -> int:
    """Of a token's keys in one layer, or its values. Q8_0 has a byte for each, and a float16 for 32."""
    return columns + columns // 16 if kv_dtype == "q8_0" else columns * (2 if kv_dtype == "f16" else 4)


def _feed_forward(numbers: Numbers, family: Family) -> tuple[int, int, int]:
    """Experts, how many of them a row goes to, and the columns of one, or of the only feed-forward."""
    columns = numbers.count("feed_forward_length", layouts.LLAMA_MAX_FF)
    if not (family.may_have_experts or family.has_experts):
        return 0, 0, columns
    most, least = layouts.ZC_ROUTE_MAX_EXPERTS, int(family.has_experts)
    experts = numbers.count("expert_count", most, None if least else 0, least)
    if experts == 0:
        return 0, 0, columns
    used = numbers.count("expert_used_count", min(experts, layouts.ZC_ROUTE_MAX_USED))
    return experts, used, numbers.count("expert_feed_forward_length", layouts.LLAMA_MAX_FF, columns)


def _scale(numbers: Numbers, family: Family, name: str, default: float) -> float:
    if name not in family.scales:
        return default
    return numbers.or_none("attention.scale" if name == "attention" else f"{name}_scale", default)


def _softcap(numbers: Numbers, name: str, default: float | None) -> float:
    return 0.0 if default is None else numbers.or_none(f"{name}_logit_softcapping", 0.0, default)


def _parallel(numbers: Numbers, family: Family, tensors: Container[str]) -> int:
    if family.parallel in ("no", "shared"):
        return int(family.parallel == "shared")
    found = numbers.get("use_parallel_residual", True)
    if not isinstance(found, bool):
        raise model_error(
            f"{numbers.architecture}.use_parallel_residual is {found!r:.100}, must be true or false", None
        )
    # Old files say that it is so where it is not: the norm is there then.
    return int(found and (family.parallel == "key" or "blk.0.ffn_norm.weight" not in tensors))


def _positions(
    numbers: Numbers, family: Family, layers: int, context: int, tensors: Container[str]
) -> tuple[tuple[Rope, ...], tuple[tuple[int, int], ...]]:
    """The tables of angles, and of each layer its window and its table."""
    window = numbers.count("attention.sliding_window", (1 << 32) - 1, family.window, least=0)
    has_window = [yes and window > 0 for yes in _pattern(numbers, family, layers)]
    keys = window if window < context else 0  # one of the whole context is none
    if family.rope_halves is None:
        return (), tuple((keys if yes else 0, 0) for yes in has_window)
    ropes = [_rope(numbers, family, context, tensors)]
    of_window = 0
    if any(has_window):
        key, usual = "rope.freq_base_swa", ropes[0].base
        base = _base(numbers, key, usual if family.window_rope_base is None else family.window_rope_base)
        if family.window_rope_base is not None or family.window_unscaled:
            ropes.append(Rope(base, factors=()))
        elif base != usual:
            _check_yarn(numbers, key, base, ropes[0])
            ropes.append(replace(ropes[0], base=base))
        of_window = len(ropes) - 1
    every = family.unrotated_every
    rotated = numbers.flags("attention.rope_pattern", layers) if every else None
    if family.rotates_windows:
        rotated = has_window
    rotated = rotated or [every == 0 or (layer + 1) % every > 0 for layer in range(layers)]
    if not all(rotated):
        ropes.append(Rope(rotates=False))
    last = len(ropes) - 1
    return tuple(ropes), tuple(
        (
            keys if has_window[layer] else 0,
            (of_window if has_window[layer] else 0) if rotated[layer] else last,
        )
        for layer in range(layers)
    )


def _pattern(numbers: Numbers, family: Family, layers: int) -> list[bool]:
    """Which layers have a window: an array, or of how many layers the last has none, as in llama.cpp."""
    flags = numbers.flags("attention.sliding_window_pattern", layers)
    if flags is not None:
        return flags
    key, most = "attention.sliding_window_pattern", layouts.LLAMA_MAX_LAYERS
    period = numbers.count(key, most, family.window_period, least=0)
    return [period == 0 or layer % period < period - 1 for layer in range(layers)]


def _base(numbers: Numbers, key: str, default: float) -> float:
    return numbers.within(key, 1e-3, _MOST_BASE, default)


def _rope(numbers: Numbers, family: Family, context: int, tensors: Container[str]) -> Rope:
    """Of layers without a window of their own angles."""
    architecture, value, within = numbers.architecture, numbers.value, numbers.within
    base = _base(numbers, "rope.freq_base", 10000.0)
    # As in llama.cpp: a factor counts unless the file says that there is none.
    scaling = numbers.get("rope.scaling.type", "linear")
    if not isinstance(scaling, str) or scaling not in ("none", "linear", "yarn", "longrope"):
        raise model_error(f"{architecture}.rope.scaling.type {scaling!r:.100} is not supported", None)
    numbers.get("rope.scale_linear")  # the key's name in old files
    new = numbers.get("rope.scaling.factor") is not None
    factor = numbers.or_none("rope.scaling.factor" if new else "rope.scale_linear", 1.0)
    attention = within("rope.scaling.attn_factor", _LEAST, _MOST, 1.0)
    original = numbers.count("rope.scaling.original_context_length", layouts.LLAMA_MAX_CONTEXT, context)
    if scaling == "longrope" or (family.long_factors and (LONG in tensors or SHORT in tensors)):
        return Rope(base, factor, attention=attention, context=original, factors=(LONG, SHORT))
    if scaling != "yarn":
        return Rope(base, factor if scaling == "linear" else 1.0, attention=attention)
    if value("rope.scaling.yarn_ext_factor", 1.0) != 1:
        raise model_error(
            f"{architecture}.rope.scaling.yarn_ext_factor is not 1, which is not supported", None
        )
    fast = within("rope.scaling.yarn_beta_fast", _LEAST, _MOST, 32.0)
    slow = within("rope.scaling.yarn_beta_slow", _LEAST, _MOST, 1.0)
    # It is what transformers calls attention_factor; llama.cpp takes no notice of it, and computes it as
    # here.
    multiplier = within("rope.scaling.yarn_log_multiplier", 0, _MOST, 0.0)
    sharper = yarn_attention(factor) / (yarn_attention(factor, multiplier) if multiplier else 1)
    sharper = within("rope.scaling.yarn_attn_factor", _LEAST, _MOST, sharper)
    truncates = bool(numbers.metadata.get("zcwasm.yarn_truncates", family.yarn_truncates))
    yarn = Yarn(factor, original, fast, slow, truncates)
    rope = Rope(base, yarn=yarn, attention=attention * sharper)
    _check_yarn(numbers, "rope.freq_base", base, rope)
    return rope


def _check_yarn(numbers: Numbers, key: str, base: float, rope: Rope) -> None:
    if rope.yarn is not None and base <= 1:
        raise model_error(f"{numbers.architecture}.{key} is {base!r}, must be above 1 for yarn", None)
