"""A Hugging Face folder's config.json as metadata in GGUF's terms.

Every key is either read here, known to be without effect (hf_kinds.py), or refused by its name: one that is
not known may change the result. Both spellings are read, transformers 4's (rope_theta, rope_scaling) and 5's
(rope_parameters).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from zcwasm._core import ModelError
from zcwasm._models import fp8, hf_kinds
from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts
from zcwasm.llm._families import FAMILIES, LAYER
from zcwasm.llm._rope import FREQS, LONG, SHORT, llama3_factors, yarn_attention

_MOST = 1e15  # of any number that is not counted
_FULL, _SLIDING = "full_attention", "sliding_attention"


class Keys:
    """The keys of an object. Those that are asked for count as known."""

    def __init__(
        self, values: Mapping[str, Any], where: str = "", names: Mapping[str, str] | None = None
    ) -> None:
        """names: what keys are called in this object, for those that have another name."""
        self.values = values
        self.where = where
        self.names = names or {}
        self.known: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """The default only where the key is not there: a null says something."""
        key = self.names.get(key, key)
        self.known.add(key)
        return self.values.get(key, default)

    def wrong(self, key: str, words: str) -> ModelError:
        key = self.names.get(key, key)
        return model_error(f"config.json: {self.where}{key} is {self.values.get(key)!r:.100}{words}", None)

    def number(self, key: str, default: float | None = None, null: float | None = None) -> float:
        """null: what a null stands for."""
        value = self.get(key, default)
        value = null if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_MOST <= value <= _MOST:
            raise self.wrong(key, ", must be a number")
        return float(value)

    def above(self, key: str, default: float | None = None, null: float | None = None) -> float:
        """A number above 0."""
        value = self.number(key, default, null)
        if value <= 0:
            raise self.wrong(key, ", must be above 0")
        return value

    def count(
        self, key: str, default: int | None = None, null: int | None = None, most: int = (1 << 32) - 1
    ) -> int:
        value = self.get(key, default)
        value = null if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise self.wrong(key, f", must be 1 to {most}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key, default)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise self.wrong(key, ", must be true or false")
        return value

    def inner(self, key: str) -> Keys | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, ", must be an object")
        return Keys(value, f"{self.where}{key}.")

    def items(self, key: str, count: int) -> list[Any] | None:
        """One for each layer."""
        value = self.get(key)
        if value is not None and (not isinstance(value, list) or len(value) < count):
            raise self.wrong(key, f", must have an item for each of {count} layers")
        return None if value is None else value[:count]

    def numbers(self, key: str) -> list[float]:
        value = self.get(key)
        if not isinstance(value, list) or not all(
            type(item) in (int, float) and 0 < item <= _MOST for item in value
        ):
            raise self.wrong(key, ", must be numbers above 0")
        return [float(item) for item in value]

    def check(self, without_effect: set[str], neutral: Mapping[str, tuple[object, ...]]) -> None:
        """Raises ModelError for a key that is not known, and may change the result."""
        for key, value in self.values.items():
            if key in self.known or key in without_effect or value is None or value in neutral.get(key, ()):
                continue
            known = key in neutral
            raise self.wrong(
                f"{key!s:.100}",
                ": it would change the result, and is not supported"
                if known
                else ": this key is not known, and may change the result",
            )


def read(config: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as a GGUF file of the same model has it: "general.architecture", and under its prefix the
    numbers ("qwen3.block_count": 28).

    config: the object in config.json. Beside GGUF's keys there are those that zcwasm/llm/_config.py names.
    Raises ModelError that names the key: for one that is missing, odd, not supported or not known.
    """
    name = config.get("model_type")
    text = config.get("text_config")
    if isinstance(name, str) and name in hf_kinds.VISION and isinstance(text, dict):
        return _read_text_of(name, config, text)
    if not isinstance(name, str) or name not in hf_kinds.KINDS:
        raise model_error(
            f"config.json: model_type is {name!r:.100}; supported are {', '.join(hf_kinds.KINDS)}, and with "
            f"a text_config of these {', '.join(hf_kinds.VISION)}",
            None,
        )
    kind = hf_kinds.KINDS[name]
    keys = Keys(config, names=kind.names)
    quantized = keys.inner("quantization_config")
    dtype = config.get("dtype", config.get("torch_dtype"))
    found = _Writer(kind)
    _read_numbers(keys, found)
    _read_positions(keys, found)
    keys.check(hf_kinds.WITHOUT_EFFECT | kind.without_effect, {**hf_kinds.NEUTRAL, **kind.neutral})
    if quantized is not None and not (kind.quantized and quantized.get("quant_method") == kind.quantized):
        found.metadata["zcwasm.fp8"] = fp8.read(quantized, dtype)
    return found.metadata


def _read_text_of(name: str, config: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """Of one that sees. What that one says of the output goes before what its text model says."""
    kind = text.get("model_type", hf_kinds.VISION[name][0])
    if kind not in hf_kinds.VISION[name]:
        raise model_error(f"config.json: text_config.model_type is {kind!r:.100} in a {name}", None)
    beside = Keys({key: value for key, value in config.items() if key != "text_config"})
    beside.check(hf_kinds.WITHOUT_EFFECT | hf_kinds.BESIDE_TEXT, hf_kinds.NEUTRAL)
    of_all = ("tie_word_embeddings", "quantization_config", "dtype", "torch_dtype")
    said = {key: config[key] for key in of_all if config.get(key) is not None}
    return read({**text, **said, "model_type": kind}) | {"zcwasm.vision": True}


class _Writer:
    """What is said so far."""

    def __init__(self, kind: hf_kinds.Kind) -> None:
        self.kind = kind
        self.family = FAMILIES[kind.architecture]
        self.metadata: dict[str, Any] = {
            "general.architecture": kind.architecture,
            "zcwasm.rope_halves": not kind.rotates_pairs,
        }

    def put(self, key: str, value: object) -> None:
        self.metadata[f"{self.kind.architecture}.{key}"] = value


def _read_numbers(keys: Keys, found: _Writer) -> None:
    kind, put = found.kind, found.put

    def count(key: str, default: int | None = None, null: int | None = None) -> int:
        return keys.count(key, kind.defaults.get(key, default), null)

    columns, heads = count("hidden_size"), count("num_attention_heads")
    put("embedding_length", columns)
    put("block_count", keys.count("num_hidden_layers", most=layouts.LLAMA_MAX_LAYERS))
    if kind.experts:
        _read_experts(keys, found)
    else:
        usual = 4 * columns if kind.architecture == "gpt2" else None
        put("feed_forward_length", count("intermediate_size", usual, null=usual))
    put("vocab_size", count("vocab_size"))
    put("attention.head_count", heads)
    put("attention.head_count_kv", count("num_key_value_heads", heads, null=heads))
    size = columns // heads
    size = keys.count("head_dim", kind.defaults.get("head_dim", size), size, layouts.ZC_ATTENTION_MAX_HEAD)
    put("attention.key_length", size)
    put("attention.value_length", size)
    layer = "layer_norm" if found.family.norms & LAYER else "layer_norm_rms"
    put(f"attention.{layer}_epsilon", keys.number(*kind.epsilon))
    if keys.get(kind.activation, kind.activations[0]) not in kind.activations:
        raise keys.wrong(kind.activation, f", supported: {', '.join(kind.activations)}")
    found.metadata["zcwasm.biases"] = [
        matrix
        for flag, matrices in kind.biases.items()
        if not flag or keys.flag(flag, kind.defaults.get(flag, False))
        for matrix in matrices
    ]
    found.metadata["zcwasm.tied"] = keys.flag("tie_word_embeddings", kind.tied)
    for key, (name, default) in kind.own.items():
        put(name, keys.number(key, default, null=0.0))
    if "attention" in found.family.scales and kind.architecture != "granite":
        put("attention.scale", keys.above("query_pre_attn_scalar", 256) ** -0.5)
    if found.family.parallel in ("key", "alone"):
        parallel = kind.defaults.get("use_parallel_residual", False)
        put("use_parallel_residual", keys.flag("use_parallel_residual", parallel))


def _read_experts(keys: Keys, found: _Writer) -> None:
    kind, most = found.kind, layouts.ZC_ROUTE_MAX_EXPERTS

    def count(key: str, most: int = (1 << 32) - 1) -> int:
        return keys.count(key, kind.defaults.get(key), most=most)

    # Transformers 5 has the first name for both.
    name = "num_experts" if "num_experts" in keys.values else "num_local_experts"
    experts = keys.count(name, kind.defaults.get(name, kind.defaults.get("num_experts")), most=most)
    found.put("expert_count", experts)
    found.put("expert_used_count", count("num_experts_per_tok", min(experts, layouts.ZC_ROUTE_MAX_USED)))
    found.put("feed_forward_length", count("intermediate_size"))
    found.put("expert_feed_forward_length", count(kind.experts))
    if kind.architecture == "qwen3moe" and not keys.flag("norm_topk_prob", False):
        raise keys.wrong("norm_topk_prob", ": supported is true")


def _read_positions(keys: Keys, found: _Writer) -> None:
    kind, layers = found.kind, found.metadata[f"{found.kind.architecture}.block_count"]
    context = keys.count("max_position_embeddings", kind.defaults.get("max_position_embeddings"))
    if kind.context:
        context = keys.count(kind.context, context, null=context)
    found.put("context_length", context)
    unrotated = None
    if found.family.unrotated_every:
        unrotated = _unrotated(keys, layers, found.family.unrotated_every)
        found.put("attention.rope_pattern", [not flag for flag in unrotated])
    window, has_window = _windows(keys, kind, layers, unrotated)
    found.put("attention.sliding_window", window)
    found.put("attention.sliding_window_pattern", has_window)
    if found.family.rope_halves is not None:
        _read_rope(keys, found)


def _unrotated(keys: Keys, layers: int, every: int) -> list[bool]:
    interval = keys.count("no_rope_layer_interval", every)
    flags = keys.items("no_rope_layers", layers)  # 1: it is rotated
    return [(layer + 1) % interval == 0 if flags is None else not flags[layer] for layer in range(layers)]


def _windows(
    keys: Keys, kind: hf_kinds.Kind, layers: int, unrotated: list[bool] | None
) -> tuple[int, list[bool]]:
    """How many keys a row sees, 0 without windows, and which layers have one."""
    if kind.windows == "none":
        return 0, [False] * layers
    window = keys.get("sliding_window", kind.defaults.get("sliding_window"))
    if window is not None and (type(window) is not int or not 1 <= window < 1 << 32):
        raise keys.wrong("sliding_window", ", must be null or a number from 1")
    if kind.windows == "all":
        return window or 0, [window is not None] * layers
    if kind.windows == "asked":
        first = keys.get("max_window_layers", 28)
        if type(first) is not int:
            raise keys.wrong("max_window_layers", ", must be a number")
        has_window = unrotated or [layer >= first for layer in range(layers)]
        if not keys.flag("use_sliding_window", False):
            window = None
    else:
        period = keys.count("_sliding_window_pattern", kind.period)
        period = keys.count("sliding_window_pattern", period, null=period)
        has_window = [(layer + 1) % period > 0 for layer in range(layers)]
    types = keys.items("layer_types", layers)
    if types is not None:
        if not all(item in (_FULL, _SLIDING) for item in types):
            raise keys.wrong("layer_types", f", supported: {_FULL}, {_SLIDING}")
        has_window = [item == _SLIDING for item in types]
    return window or 0, [window is not None and flag for flag in has_window]


def _read_rope(keys: Keys, found: _Writer) -> None:
    new, old = keys.inner("rope_parameters"), keys.inner("rope_scaling")
    if found.family.scales_far_queries:
        _read_far_queries(keys, new or old, found)
    if new is not None and old is not None:
        raise model_error(
            "config.json: both rope_parameters and rope_scaling are there: only one may be", None
        )
    theta = keys.number("rope_theta", found.kind.theta, null=found.kind.theta)
    if found.kind.window_theta is None:
        _read_angles(keys, new or old or Keys(found.kind.rope), found, theta)
        return
    of_window = found.kind.window_theta
    if found.family.window_rope_base is not None:
        of_window = keys.number("rope_local_base_freq", of_window, null=of_window)
    full, sliding = old or Keys({}), None
    if new is not None:
        full, sliding = new.inner(_FULL) or Keys({}), new.inner(_SLIDING)
        new.check(set(), {})
    _read_angles(keys, full, found, theta)
    if sliding is not None:
        of_window = sliding.number("rope_theta", of_window)
        if sliding.get("rope_type", "default") != "default":
            raise sliding.wrong("rope_type", ", supported: default")
        sliding.check(set(), {"partial_rotary_factor": (1,)})
    found.put("rope.freq_base_swa", of_window)


def _read_far_queries(keys: Keys, rope: Keys | None, found: _Writer) -> None:
    if rope is None:  # transformers has numbers of its own then
        raise keys.wrong("rope_parameters", ", must be there")
    scale = rope.number("llama_4_scaling_beta", 0, null=0)
    # The context ends where queries begin to be scaled: at the original one, which only YaRN has here.
    if scale and (rope.get("rope_type") or rope.get("type")) != "yarn":
        raise rope.wrong("llama_4_scaling_beta", ": supported with rope_type yarn, or as 0")
    found.put("attention.temperature_scale", scale)
    rope.known.add("max_position_embeddings")  # which is there twice


def _read_angles(keys: Keys, rope: Keys, found: _Writer, theta: float) -> None:
    """Of layers that have no angles of their own. rope: what rope_parameters or rope_scaling says of them."""
    kind, prefix = found.kind, found.kind.architecture
    size, context = (
        found.metadata[f"{prefix}.attention.key_length"],
        found.metadata[f"{prefix}.context_length"],
    )
    base = rope.number("rope_theta", theta, null=theta)
    if base < 1:
        raise (rope if "rope_theta" in rope.values else keys).wrong("rope_theta", ", must be at least 1")
    part = 1.0
    if kind.rotated is not None:
        part = keys.number("partial_rotary_factor", kind.rotated, null=kind.rotated)
        part = rope.number("partial_rotary_factor", part, null=part)
        if not 0 < part <= 1:
            raise keys.wrong("partial_rotary_factor", ", must be above 0 and at most 1")
    rotated = int(size * part)
    found.put("rope.freq_base", base)
    found.put("rope.dimension_count", rotated)
    name = rope.get("rope_type") or rope.get("type") or "default"
    rope.known.add("type")
    original = rope.count("original_max_position_embeddings", context, null=context)
    original = kind.defaults.get("original_max_position_embeddings", original)
    original = keys.count("original_max_position_embeddings", original, null=original)
    if name == "linear":
        found.put("rope.scaling.type", "linear")
        found.put("rope.scaling.factor", rope.number("factor"))
    elif name == "llama3":
        factor, low, high = (rope.above(key) for key in ("factor", "low_freq_factor", "high_freq_factor"))
        factors = llama3_factors(rotated // 2, base, factor, low, high, original)
        found.metadata[f"zcwasm.{FREQS}"] = factors.tolist()
    elif name in ("longrope", "su") or (name == "yarn" and prefix == "phi3"):
        _read_long(rope, found, original, context)
    elif name == "yarn":
        _read_yarn(rope, found, original, context)
    elif name != "default":
        raise rope.wrong("rope_type" if "rope_type" in rope.values else "type", ": it is not supported")
    rope.check({"finetuned"}, {"partial_rotary_factor": (1,), "truncate": (True,)})


def _read_long(rope: Keys, found: _Writer, original: int, context: int) -> None:
    factor = rope.above("factor", context / original, null=context / original)
    attention = 1.0
    if factor > 1:
        if original < 2:
            raise rope.wrong("original_max_position_embeddings", ", must be above 1")
        attention = math.sqrt(1 + math.log(factor) / math.log(original))
    found.put("rope.scaling.type", "longrope")
    found.put("rope.scaling.original_context_length", original)
    found.put("rope.scaling.attn_factor", rope.above("attention_factor", attention, null=attention))
    found.metadata[f"zcwasm.{LONG}"] = rope.numbers("long_factor")
    found.metadata[f"zcwasm.{SHORT}"] = rope.numbers("short_factor")


def _read_yarn(rope: Keys, found: _Writer, original: int, context: int) -> None:
    factor = rope.above("factor", context / original, null=context / original)
    # Folders whose scaling was put in by hand, as Qwen's instructions say, keep the context without it.
    found.put("context_length", max(context, int(factor * original)))
    found.put("rope.scaling.type", "yarn")
    found.put("rope.scaling.factor", factor)
    found.put("rope.scaling.original_context_length", original)
    for key, default in (("beta_fast", 32.0), ("beta_slow", 1.0)):
        found.put(f"rope.scaling.yarn_{key}", rope.number(key, default, null=default) or default)
    scale, of_all = (rope.number(key, 0, null=0) for key in ("mscale", "mscale_all_dim"))
    if min(scale, of_all) < 0:
        raise rope.wrong("mscale", ", and mscale_all_dim: must not be below 0")
    found.metadata["zcwasm.yarn_truncates"] = rope.flag("truncate", True)
    attention = yarn_attention(factor)
    if scale and of_all:
        attention = yarn_attention(factor, scale) / yarn_attention(factor, of_all)
    found.put("rope.scaling.yarn_attn_factor", rope.above("attention_factor", attention, null=attention))
