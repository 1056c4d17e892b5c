"""A Hugging Face folder's config.json as metadata in GGUF's terms.

KINDS says by model_type which family of zcwasm/llm/_families.py it is, and what transformers takes where a
key is not there. Every key is either read here, known to be without effect, or refused by its name: one that
is not known may change the result. Both spellings are read, transformers 4's (rope_theta, rope_scaling) and
5's (rope_parameters).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zcwasm._core import ModelError
from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts
from zcwasm.llm._families import ATTENTION, EXPERTS_APART, FAMILIES, GATED, LAYER, PLAIN, QKV
from zcwasm.llm._rope import FREQS, LONG, SHORT, llama3_factors, yarn_attention

_SILU = ("silu", "swish")
_GELU_TANH = ("gelu_pytorch_tanh", "gelu_new", "gelu_fast")
_MOST = 1e15  # of any number that is not counted
_FULL, _SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True)
class Kind:
    """One model_type."""

    architecture: str
    activations: tuple[str, ...] = _SILU
    activation: str = "hidden_act"  # the key
    #: The key of the norms' epsilon, and what it is where the file does not say.
    epsilon: tuple[str, float] = ("rms_norm_eps", 1e-6)
    #: Whether the output's matrix is the embedding's, where the file does not say.
    tied: bool = False
    #: Which flag says that which matrices have biases; those of "" always have.
    biases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What transformers takes for numbers that the file leaves out.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: Base of the angles, and that of layers with a window where angles are said for each kind of layers.
    theta: float = 10000.0
    window_theta: float | None = None
    #: Whether pairs of a head are rotated, where others have halves.
    rotates_pairs: bool = False
    #: The part of a head that is rotated, where that may be one: what it is where the file does not say.
    rotated: float | None = None
    #: Which layers have a window: "none"; "all"; "some": those that layer_types says, else all but the last
    #: of every `period`; "asked": the same, if use_sliding_window says so, and else those from
    #: max_window_layers on, or the unrotated ones.
    windows: str = "none"
    period: int = 0
    #: Numbers of this kind alone: the name here to GGUF's, and what it is where the file does not say.
    own: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)


_LLAMA_BIASES = {"attention_bias": ATTENTION, "mlp_bias": GATED}
_ATTENTION_BIASES = {"attention_bias": ATTENTION}
_GEMMA2 = {"head_dim": 256, "num_attention_heads": 8, "num_key_value_heads": 4, "sliding_window": 4096}

KINDS = {
    "llama": Kind("llama", biases=_LLAMA_BIASES),
    "mistral": Kind("llama", windows="all", defaults={"sliding_window": 4096, "num_key_value_heads": 8}),
    "ministral3": Kind(
        "mistral3",
        epsilon=("rms_norm_eps", 1e-5),
        windows="all",
        defaults={"num_key_value_heads": 8, "head_dim": 128},
    ),
    "qwen2": Kind("qwen2", biases={"": QKV}, windows="asked", defaults={"num_key_value_heads": 32}),
    "qwen3": Kind(
        "qwen3",
        biases=_ATTENTION_BIASES,
        windows="asked",
        defaults={"head_dim": 128, "num_key_value_heads": 32},
    ),
    "gemma": Kind(
        "gemma",
        ("gelu", *_GELU_TANH),  # the first of them means the second there
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults={"head_dim": 256, "num_key_value_heads": 16},
    ),
    "gemma2": Kind(
        "gemma2",
        _GELU_TANH,
        "hidden_activation",
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults=_GEMMA2,
        windows="some",
        period=2,
        own={
            "attn_logit_softcapping": ("attn_logit_softcapping", 50.0),
            "final_logit_softcapping": ("final_logit_softcapping", 30.0),
        },
    ),
    "gemma3_text": Kind(
        "gemma3",
        _GELU_TANH,
        "hidden_activation",
        tied=True,
        biases=_ATTENTION_BIASES,
        defaults=_GEMMA2 | {"vocab_size": 262208, "max_position_embeddings": 131072},
        theta=1e6,
        window_theta=10000.0,
        windows="some",
        period=6,
        own={"final_logit_softcapping": ("final_logit_softcapping", 0.0)},
    ),
    "phi3": Kind(
        "phi3",
        epsilon=("rms_norm_eps", 1e-5),
        rotated=1.0,
        windows="all",
        defaults={"original_max_position_embeddings": 4096},
    ),
    "smollm3": Kind(
        "smollm3",
        tied=True,
        biases=_LLAMA_BIASES,
        theta=2e6,
        windows="asked",
        defaults={"num_key_value_heads": 4},
    ),
    "olmo2": Kind("olmo2", biases=_ATTENTION_BIASES, epsilon=("rms_norm_eps", 1e-5)),
    "olmo3": Kind(
        "olmo2",
        biases=_ATTENTION_BIASES,
        epsilon=("rms_norm_eps", 1e-5),
        defaults={"sliding_window": 4096},
        theta=500000.0,
        window_theta=500000.0,
        windows="some",
        period=4,
    ),
    "granite": Kind(
        "granite",
        biases=_LLAMA_BIASES,
        own={
            "attention_multiplier": ("attention.scale", 1.0),
            "embedding_multiplier": ("embedding_scale", 1.0),
            "residual_multiplier": ("residual_scale", 1.0),
            "logits_scaling": ("logit_scale", 1.0),
        },
    ),
    "cohere": Kind(
        "command-r",
        epsilon=("layer_norm_eps", 1e-5),
        tied=True,
        biases=_ATTENTION_BIASES,
        theta=500000.0,
        rotates_pairs=True,
        own={"logit_scale": ("logit_scale", 0.0625)},
    ),
    "cohere2": Kind(
        "cohere2",
        epsilon=("layer_norm_eps", 1e-5),
        tied=True,
        biases=_ATTENTION_BIASES,
        rotates_pairs=True,
        windows="some",
        period=4,
        defaults={"sliding_window": 4096},
        own={"logit_scale": ("logit_scale", 0.0625)},
    ),
    "starcoder2": Kind(
        "starcoder2",
        _GELU_TANH,
        epsilon=("norm_epsilon", 1e-5),
        tied=True,
        biases={"use_bias": (*ATTENTION, *PLAIN)},
        windows="all",
        defaults={"num_key_value_heads": 2, "use_bias": True},
    ),
    "stablelm": Kind(
        "stablelm",
        epsilon=("layer_norm_eps", 1e-5),
        biases={"use_qkv_bias": QKV},
        rotated=0.25,
        defaults={"num_key_value_heads": 32},
    ),
}
# Kinds whose folders cannot be mapped, and general.architecture of their GGUF files.
CONVERT = {"gpt_neox": "gptneox", "gpt2": "gpt2", "mixtral": "llama", "qwen3_moe": "qwen3moe"}

_BOOKKEEPING = {
    *(
        "_name_or_path",
        "architectures",
        "auto_map",
        "dtype",
        "model_type",
        "torch_dtype",
        "transformers_version",
    ),
    *("id2label", "label2id", "name_or_path", "problem_type", "task_specific_params", "tokenizer_class"),
    *("is_llama_config", "transformers.js_config", "unsloth_fixed", "unsloth_version"),
    "sliding_window_size",  # Gemma 2's, the old name, beside the new one
    # Which of them; they compute the same.
    *("_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "cache_implementation"),
    *("pretraining_tp", "use_cache", "torchscript", "use_bfloat16", "chunk_size_feed_forward"),
    *("return_dict", "return_dict_in_generate", "output_attentions", "output_hidden_states", "output_scores"),
}
# Of tokens, which the tokenizer's files say, and of how they are drawn.
_TOKENS = {f"{name}_token_id" for name in ("bos", "eos", "pad", "sep", "unk", "decoder_start")}
_TOKENS |= {"forced_bos_token_id", "forced_eos_token_id", "bad_words_ids", "suppress_tokens"}
_TOKENS |= {"begin_suppress_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups"}
_TOKENS |= {"max_length", "min_length", "prefix", "temperature", "top_k", "top_p", "typical_p"}
_TOKENS |= {"diversity_penalty", "length_penalty", "repetition_penalty", "exponential_decay_length_penalty"}
_TOKENS |= {"no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "num_return_sequences"}
_TOKENS |= {"remove_invalid_values"}
_TRAINING = {"initializer_range", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop"}
_TRAINING |= {"classifier_dropout", "embedding_dropout", "finetuning_task", "residual_dropout"}
_WITHOUT_EFFECT = _BOOKKEEPING | _TOKENS | _TRAINING
# Values with which a key that is not read makes no difference; None makes none for any.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "add_cross_attention": (False,),
    "attention_bias": (False,),
    "full_attn_mod": (1,),  # Phi-4's, which transformers does not read
    "hidden_act": _GELU_TANH,  # where it is hidden_activation that counts
    "hidden_activation": _GELU_TANH,  # and Gemma 1's, beside it
    "interpolate_factor": (1,),
    "is_decoder": (False, True),
    "is_encoder_decoder": (False,),
    "lm_head_bias": (False,),
    "mlp_bias": (False,),
    "partial_rotary_factor": (1,),
    "pruned_heads": ({},),
    "qk_layernorm": (False,),
    "rope_interleaved": (False,),
    "tie_encoder_decoder": (False,),
    "use_bidirectional_attention": (False,),
    "use_mrope": (False,),
    "use_qk_norm": (False,),
    # StarCoder2's, which transformers does not read.
    "attention_softmax_in_fp32": (True,),
    "mlp_type": ("default",),
    "norm_type": ("layer_norm",),
    "scale_attention_softmax_in_fp32": (True,),
    "use_sliding_window": (False,),
}
# Of the vision models whose text models these are: what is said beside text_config.
_BESIDE_TEXT = {
    "vision_config",
    "mm_tokens_per_image",
    "boi_token_index",
    "eoi_token_index",
    "image_token_index",
}


class _Keys:
    """The keys of an object. Those that are asked for count as known."""

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self.values = values
        self.where = where
        self.known: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """The default only where the key is not there: a null says something."""
        self.known.add(key)
        return self.values.get(key, default)

    def wrong(self, key: str, words: str) -> ModelError:
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

    def inner(self, key: str) -> _Keys | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, ", must be an object")
        return _Keys(value, f"{self.where}{key}.")

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
    if name == "gemma3" and isinstance(config.get("text_config"), dict):
        text = {"tie_word_embeddings": config.get("tie_word_embeddings"), **config["text_config"]}
        beside = _Keys({key: value for key, value in config.items() if key != "text_config"})
        beside.check(_WITHOUT_EFFECT | _BESIDE_TEXT | {"tie_word_embeddings"}, _NEUTRAL)
        return read({**text, "model_type": "gemma3_text"}) | {"zcwasm.vision": True}
    if isinstance(name, str) and name in CONVERT:
        why = FAMILIES[CONVERT[name]].no_folder or EXPERTS_APART
        raise model_error(
            f"config.json: model_type is {name!r}, whose folder {why}: it cannot be mapped as it is; convert "
            "it to GGUF with llama.cpp's convert_hf_to_gguf.py",
            None,
        )
    if not isinstance(name, str) or name not in KINDS:
        raise model_error(
            f"config.json: model_type is {name!r:.100}; supported are {', '.join(KINDS)}, and gemma3 with a "
            "text_config",
            None,
        )
    keys = _Keys(config)
    if keys.get("quantization_config") is not None:
        raise model_error(
            "config.json: quantization_config is there: quantized folders are not supported", None
        )
    found = _Writer(KINDS[name])
    _read_numbers(keys, found)
    _read_positions(keys, found)
    keys.check(_WITHOUT_EFFECT, _NEUTRAL)
    return found.metadata


class _Writer:
    """What is said so far."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.family = FAMILIES[kind.architecture]
        self.metadata: dict[str, Any] = {
            "general.architecture": kind.architecture,
            "zcwasm.rope_halves": not kind.rotates_pairs,
        }

    def put(self, key: str, value: object) -> None:
        self.metadata[f"{self.kind.architecture}.{key}"] = value


def _read_numbers(keys: _Keys, found: _Writer) -> None:
    kind, put = found.kind, found.put

    def count(key: str, default: int | None = None, null: int | None = None) -> int:
        return keys.count(key, kind.defaults.get(key, default), null)

    columns, heads = count("hidden_size"), count("num_attention_heads")
    put("embedding_length", columns)
    put("block_count", keys.count("num_hidden_layers", most=layouts.LLAMA_MAX_LAYERS))
    put("feed_forward_length", count("intermediate_size"))
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
        put("use_parallel_residual", keys.flag("use_parallel_residual", False))


def _read_positions(keys: _Keys, found: _Writer) -> None:
    kind, layers = found.kind, found.metadata[f"{found.kind.architecture}.block_count"]
    found.put(
        "context_length", keys.count("max_position_embeddings", kind.defaults.get("max_position_embeddings"))
    )
    unrotated = [False] * layers
    if found.family.unrotated_every:
        unrotated = _unrotated(keys, layers, found.family.unrotated_every)
        found.put("attention.rope_pattern", [not flag for flag in unrotated])
    window, has_window = _windows(keys, kind, layers, unrotated)
    found.put("attention.sliding_window", window)
    found.put("attention.sliding_window_pattern", has_window)
    _read_rope(keys, found)


def _unrotated(keys: _Keys, layers: int, every: int) -> list[bool]:
    interval = keys.count("no_rope_layer_interval", every)
    flags = keys.items("no_rope_layers", layers)  # 1: it is rotated
    return [(layer + 1) % interval == 0 if flags is None else not flags[layer] for layer in range(layers)]


def _windows(keys: _Keys, kind: Kind, layers: int, unrotated: list[bool]) -> tuple[int, list[bool]]:
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
        has_window = unrotated if any(unrotated) else [layer >= first for layer in range(layers)]
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


def _read_rope(keys: _Keys, found: _Writer) -> None:
    new, old = keys.inner("rope_parameters"), keys.inner("rope_scaling")
    if found.family.scales_far_queries:
        _read_far_queries(keys, new or old, found)
    if new is not None and old is not None:
        raise model_error(
            "config.json: both rope_parameters and rope_scaling are there: only one may be", None
        )
    theta = keys.number("rope_theta", found.kind.theta, null=found.kind.theta)
    if found.kind.window_theta is None:
        _read_angles(keys, new or old or _Keys({}), found, theta)
        return
    of_window = found.kind.window_theta
    if found.family.window_rope_base is not None:
        of_window = keys.number("rope_local_base_freq", of_window, null=of_window)
    full, sliding = old or _Keys({}), None
    if new is not None:
        full, sliding = new.inner(_FULL) or _Keys({}), new.inner(_SLIDING)
        new.check(set(), {})
    _read_angles(keys, full, found, theta)
    if sliding is not None:
        of_window = sliding.number("rope_theta", of_window)
        if sliding.get("rope_type", "default") != "default":
            raise sliding.wrong("rope_type", ", supported: default")
        sliding.check(set(), {"partial_rotary_factor": (1,)})
    found.put("rope.freq_base_swa", of_window)


def _read_far_queries(keys: _Keys, rope: _Keys | None, found: _Writer) -> None:
    if rope is None:  # transformers has numbers of its own then
        raise keys.wrong("rope_parameters", ", must be there")
    found.put("attention.temperature_scale", rope.number("llama_4_scaling_beta", 0, null=0))
    rope.known.add("max_position_embeddings")  # which is there twice


def _read_angles(keys: _Keys, rope: _Keys, found: _Writer, theta: float) -> None:
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


def _read_long(rope: _Keys, found: _Writer, original: int, context: int) -> None:
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


def _read_yarn(rope: _Keys, found: _Writer, original: int, context: int) -> None:
    factor = rope.above("factor", context / original, null=context / original)
    found.put("rope.scaling.type", "yarn")
    found.put("rope.scaling.factor", factor)
    found.put("rope.scaling.original_context_length", original)
    for key, default in (("beta_fast", 32.0), ("beta_slow", 1.0)):
        found.put(f"rope.scaling.yarn_{key}", rope.number(key, default, null=default) or default)
    scale, of_all = (rope.number(key, 0, null=0) for key in ("mscale", "mscale_all_dim"))
    if min(scale, of_all) < 0:
        raise rope.wrong("mscale", ", and mscale_all_dim: must not be below 0")
    attention = yarn_attention(factor)
    if scale and of_all:
        attention = yarn_attention(factor, scale) / yarn_attention(factor, of_all)
    found.put("rope.scaling.yarn_attn_factor", rope.above("attention_factor", attention, null=attention))
