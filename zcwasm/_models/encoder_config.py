"""An encoder's numbers: from a folder's config.json, or a GGUF file's metadata.

Every key of config.json is either read here, known to be without effect, or refused by its name. All of it is
untrusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zcwasm._core import ModelError
from zcwasm._models import hf_kinds
from zcwasm._models.encoder_tensors import gguf_biases
from zcwasm._models.encoders import (
    FAMILIES,
    GGUF_RANK,
    KINDS,
    NOMIC_OF_TRANSFORMERS,
    Config,
    Family,
    Kind,
    Pooling,
    Step,
    scores,
)
from zcwasm._models.hf_config import Keys
from zcwasm._models.model_file import Header, model_error
from zcwasm.guests import layouts

_WITHOUT_EFFECT = hf_kinds.WITHOUT_EFFECT | {
    *("attention_probs_dropout_prob", "classifier_pooling", "classifier_activation", "classifier_bias"),
    *("cls_token_id", "directionality", "embd_pdrop", "gradient_checkpointing", "hidden_dropout_prob"),
    *("mask_token_id", "max_trained_positions", "num_labels", "output_past", "pooler_fc_size"),
    *("pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type"),
    *("sbert_ce_default_activation_function", "sentence_transformers", "tie_word_embeddings"),
}
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "add_cross_attention": (False,),
    "is_decoder": (False,),
    "is_encoder_decoder": (False,),
    "pruned_heads": ({},),
    "tie_encoder_decoder": (False,),
}
_ACTIVATIONS = {
    "": layouts.BERT_ACTIVATION_NONE,
    "tanh": layouts.BERT_ACTIVATION_TANH,
    "gelu": layouts.BERT_ACTIVATION_GELU,
    **dict.fromkeys(("gelu_new", "gelu_pytorch_tanh", "gelu_fast"), layouts.BERT_ACTIVATION_GELU_TANH),
}
_MOST_LABELS = 1 << 12


def kind_of(config: Mapping[str, Any]) -> Kind:
    name = config.get("model_type", "bert")
    if not isinstance(name, str) or name not in KINDS:
        raise model_error(f"config.json: model_type is {name!r:.100}; supported are {', '.join(KINDS)}", None)
    if name == "nomic_bert" and "n_embd" not in config:
        return NOMIC_OF_TRANSFORMERS
    return KINDS[name]


def read(config: Mapping[str, Any], most_tokens: int) -> Config:
    """Of a folder; what follows the encoder is not said here. most_tokens: what the other files say of it."""
    kind = kind_of(config)
    keys = Keys(config)
    family = FAMILIES[kind.family]
    if keys.get("quantization_config") is not None:
        raise model_error(
            "config.json: quantization_config is there: quantized folders are not supported", None
        )

    def count(name: str, most: int, least: int = 1) -> int:
        key = kind.key(name)
        value = keys.get(key, kind.defaults.get(name))
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise keys.wrong(key, f", must be {least} to {most}")
        return value

    for key, allowed in kind.must.items():
        if keys.get(key, allowed[0]) not in allowed:
            raise keys.wrong(key, f", supported: {allowed[0]!r}")
    activation = keys.get(kind.key("hidden_act"), next(iter(family.activations)))
    if not isinstance(activation, str) or activation not in family.activations:
        raise keys.wrong(kind.key("hidden_act"), f", supported: {', '.join(family.activations)}")
    layers = count("num_hidden_layers", layouts.BERT_MAX_LAYERS)
    positions = count("max_position_embeddings", layouts.BERT_MAX_POSITIONS)
    offset = 0
    if kind.offset:
        offset = count("pad_token_id", layouts.BERT_MAX_POSITIONS, 0) + 1
        positions -= offset
        if positions < 1:
            raise keys.wrong("max_position_embeddings", f", of which the first {offset} are no positions")
    window, local, bases = 0, (), ()  # type: tuple[int, tuple[bool, ...], tuple[float, ...]]
    most = positions
    if kind.family == "nomic-bert":
        ropes = keys.inner("rope_parameters") if kind is NOMIC_OF_TRANSFORMERS else None
        if kind is NOMIC_OF_TRANSFORMERS:
            bases = (_default_rope(ropes, 1000.0) if ropes is not None else 1000.0,)
        else:
            bases = (keys.above("rotary_emb_base", 10000.0),)
            most = _nomic_positions(keys, positions)
    elif family.local:
        window, local, bases = _modern(keys, layers)
    norm_biases = keys.flag("norm_bias", False) if family.local else True
    found = Config(
        family=kind.family,
        layers=layers,
        dim=count("hidden_size", layouts.BERT_MAX_DIM),
        heads=count("num_attention_heads", layouts.BERT_MAX_HEADS),
        ff=count("intermediate_size", layouts.BERT_MAX_FF),
        vocab=count("vocab_size", layouts.BERT_MAX_VOCAB),
        positions=positions if family.learned_positions else 0,
        types=count("type_vocab_size", layouts.BERT_MAX_TYPES, 0) if family.types else 0,
        most_tokens=min(most, most_tokens),
        norm_epsilon=_epsilon(keys, kind),
        feed_forward=family.activations[activation],
        biases=tuple(
            name
            for flag, matrices in kind.biases.items()
            if not flag or keys.flag(flag, False)
            for name in matrices
        ),
        norm_biases=norm_biases,
        window=window,
        local=local,
        bases=bases,
        position_offset=offset,
    )
    if keys.get("head_dim") not in (None, found.dim // found.heads):
        raise keys.wrong("head_dim", f", must be {found.dim // found.heads}")
    keys.check(_WITHOUT_EFFECT | kind.without_effect, _NEUTRAL)
    _check_heads(found, "config.json: ")
    _check_gate(found, "config.json: mlp_bias is true")
    return found


def _epsilon(keys: Keys, kind: Kind) -> float:
    key = kind.key("layer_norm_eps")
    epsilon = keys.number(key, kind.epsilon)
    if not 0 <= epsilon < 1:
        raise keys.wrong(key, ", must be 0 to 1")
    return epsilon


def _check_heads(config: Config, where: str) -> None:
    heads, dim, most = config.heads, config.dim, layouts.ZC_ATTENTION_MAX_HEAD
    if dim % heads or dim // heads % 4 or dim // heads > most:
        raise model_error(
            f"{where}{heads} heads of {dim} columns are not supported: each must have a multiple of 4, "
            f"up to {most}",
            None,
        )


def _check_gate(config: Config, where: str) -> None:
    if config.feed_forward == layouts.BERT_FF_GATED_SILU and {"ffn_gate", "ffn_up"} & {*config.biases}:
        raise model_error(f"{where}: a gate by SiLU with biases is not supported", None)


def _nomic_positions(keys: Keys, positions: int) -> int:
    """Behind what it was trained for, a model with this factor has other angles."""
    trained = keys.get("max_trained_positions")
    if keys.get("rotary_scaling_factor") is None:
        return positions
    if type(trained) is not int or trained < 1:
        raise keys.wrong("max_trained_positions", ", must be a number where there is a rotary_scaling_factor")
    return min(positions, trained)


def _default_rope(rope: Keys, base: float) -> float:
    """Of angles that nothing scales. base: what it is where the file does not say."""
    base = rope.above("rope_theta", base)
    if rope.get("rope_type", "default") != "default":
        raise rope.wrong("rope_type", ", supported: 'default'")
    rope.check(set(), {})
    return base


def _modern(keys: Keys, layers: int) -> tuple[int, tuple[bool, ...], tuple[float, ...]]:
    """ModernBERT's window on each side, its local layers, and the bases of angles."""
    window = keys.count("local_attention", 128, most=layouts.BERT_MAX_POSITIONS) // 2
    every = keys.count("global_attn_every_n_layers", 3)
    local = tuple(layer % every > 0 for layer in range(layers))
    types = keys.items("layer_types", layers)
    if types is not None:
        if not {*map(str, types)} <= {"full_attention", "sliding_attention"}:
            raise keys.wrong("layer_types", ", must be full_attention or sliding_attention")
        local = tuple(each == "sliding_attention" for each in types)
    bases = [keys.above("global_rope_theta", 160000.0)]
    bases.append(keys.above("local_rope_theta", 10000.0, null=bases[0]))
    if keys.get("rope_scaling") is not None:
        raise keys.wrong("rope_scaling", ", which is not supported")
    ropes = keys.inner("rope_parameters")
    if ropes is not None:
        for at, name in enumerate(("full_attention", "sliding_attention")):
            rope = ropes.inner(name)
            if rope is None:
                continue
            bases[at] = _default_rope(rope, bases[at])
        ropes.check(set(), {})
    return window, local, tuple(bases)


def scored(config: Mapping[str, Any], kind: Kind) -> tuple[Pooling, tuple[Step, ...], list[tuple[str, str]]]:
    """What follows the encoder where pairs are scored: the pooling, the steps, and the names of their
    matrices and norms in the folder."""
    keys = Keys(config)
    if not kind.heads:
        raise model_error(
            f"config.json: model_type is {config.get('model_type')!r:.100}, whose scores are not supported",
            None,
        )
    architectures = config.get("architectures")
    if architectures is not None and not (
        isinstance(architectures, list)
        and len(architectures) == 1
        and str(architectures[0]).endswith("ForSequenceClassification")
    ):
        raise keys.wrong("architectures", ", which does not score pairs: a ...ForSequenceClassification does")
    labels = _labels(keys)
    dim = keys.count("hidden_size", most=layouts.BERT_MAX_DIM)
    modern = kind.family == "modern-bert"
    bias = keys.flag("classifier_bias", False) if modern else True
    norm_bias = modern and keys.flag("norm_bias", False)
    steps = []
    for head in kind.heads:
        name = head.activation
        if name.endswith("_activation"):
            name = keys.get(name, "gelu")
            if not isinstance(name, str) or name not in _ACTIVATIONS:
                raise keys.wrong(head.activation, f", supported: {', '.join(filter(None, _ACTIVATIONS))}")
        last = head.rows == "labels"
        steps.append(
            Step(
                labels if last else dim,
                _ACTIVATIONS[name],
                bias=bias or last,
                norm=bool(head.norm),
                norm_bias=bool(head.norm) and norm_bias,
            )
        )
    pooling: Pooling = "cls"
    if modern:
        said = keys.get("classifier_pooling", "cls")
        if said not in ("cls", "mean"):
            raise keys.wrong("classifier_pooling", ", supported: cls, mean")
        pooling = "mean" if said == "mean" else "cls"
    return pooling, tuple(steps), [(head.matrix, head.norm) for head in kind.heads]


def _labels(keys: Keys) -> int:
    names = keys.get("id2label")
    if names is None:
        return keys.count("num_labels", 2, most=_MOST_LABELS)
    if not isinstance(names, dict) or not 1 <= len(names) <= _MOST_LABELS:
        raise keys.wrong("id2label", f", must have 1 to {_MOST_LABELS} labels")
    return len(names)


# --- GGUF ---

_GGUF_POOLINGS: Mapping[int, Pooling] = {1: "mean", 2: "cls", 3: "last"}
# Keys under the architecture's prefix that are read here, or say nothing that matters.
_GGUF_KEYS = {
    *("block_count", "embedding_length", "feed_forward_length", "context_length", "vocab_size"),
    *("attention.head_count", "attention.head_count_kv", "attention.layer_norm_epsilon", "attention.causal"),
    *("attention.key_length", "attention.value_length", "rope.dimension_count", "rope.scaling.type"),
    *("attention.sliding_window", "attention.sliding_window_pattern", "pooling_type"),
    *("rope.freq_base", "rope.freq_base_swa", "classifier.output_labels", "hidden_activation"),
    *("classifier.pooling_type", "attention.layer_norm_rms_epsilon"),
}


def read_gguf(metadata: Mapping[str, Any], header: Header, *, scorer: bool = False) -> Config:
    """scorer: what scores pairs is read, with its steps; without, it is refused. Raises ModelError that names
    the key or the tensor."""
    name = metadata.get("general.architecture")
    if not isinstance(name, str) or name not in FAMILIES:
        raise model_error(
            f"general.architecture is {name!r:.100}: encoders are {', '.join(FAMILIES)}; a language model is "
            "for zcwasm.llm.Model.open",
            None,
        )
    family = FAMILIES[name]
    given = {
        key.removeprefix(f"{name}."): value for key, value in metadata.items() if key.startswith(f"{name}.")
    }

    def wrong(key: str, words: str) -> ModelError:
        return model_error(f"{name}.{key} is {given.get(key)!r:.100}{words}", None)

    def count(key: str, most: int, default: int | None = None) -> int:
        value = given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise wrong(key, f", must be 1 to {most}")
        return value

    def number(key: str, default: float | None = None) -> float:
        value = given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e15:
            raise wrong(key, ", must be a number above 0")
        return float(value)

    for key in given:
        if key not in _GGUF_KEYS:
            raise wrong(key, ": this key is not known, and may change the result")
    heads = count("attention.head_count", layouts.BERT_MAX_HEADS)
    dim = count("embedding_length", layouts.BERT_MAX_DIM)
    for key, value in (
        ("attention.causal", False),
        ("attention.head_count_kv", heads),
        ("attention.key_length", dim // heads),
        ("attention.value_length", dim // heads),
        ("rope.dimension_count", dim // heads),
        ("rope.scaling.type", "none"),
    ):
        said = given.get(key, value)
        if not isinstance(said, (bool, int, float, str)) or said != value:  # arrays compare element-wise
            raise wrong(key, f", supported: {value!r}")
    shapes = {entry.name: entry.shape for entry in header.tensors}
    if scorer:
        pooling, steps = _gguf_scored(name, family, given, shapes, dim, wrong)
    else:
        if scores(metadata, shapes):
            raise model_error("it scores pairs: zcwasm.embed.CrossEncoder.open takes it", None)
        said, steps = given.get("pooling_type"), ()
        if type(said) is not int or said not in _GGUF_POOLINGS:
            raise wrong("pooling_type", ", supported are 1 (mean), 2 (cls) and 3 (last)")
        pooling = _GGUF_POOLINGS[said]
    activation = given.get("hidden_activation", next(iter(family.activations)))
    if not isinstance(activation, str) or activation not in family.activations:
        raise wrong("hidden_activation", f", supported: {', '.join(family.activations)}")
    # What the converter makes of a ModernBERT whose config.json has norm_eps alone.
    epsilon = "attention.layer_norm_epsilon"
    if epsilon not in given and "attention.layer_norm_rms_epsilon" in given:
        epsilon = "attention.layer_norm_rms_epsilon"
    layers = count("block_count", layouts.BERT_MAX_LAYERS)
    context = count("context_length", layouts.BERT_MAX_POSITIONS)
    window, local, bases = 0, (), ()  # type: tuple[int, tuple[bool, ...], tuple[float, ...]]
    if not family.learned_positions:
        bases = (number("rope.freq_base", 10000.0),)
    if family.local and "attention.sliding_window" in given:
        window = count("attention.sliding_window", layouts.BERT_MAX_POSITIONS) // 2
        local = _gguf_local(given.get("attention.sliding_window_pattern", 3), layers)
        if not local:
            raise wrong("attention.sliding_window_pattern", f", must be a number or {layers} flags")
        bases = (*bases, number("rope.freq_base_swa", 10000.0))
    tokens = metadata.get("tokenizer.ggml.tokens")
    count_of_tokens = len(tokens) if isinstance(tokens, Sequence) else 0  # which its reader checks
    vocab = shapes.get("token_embd.weight", (0,))[0]
    if not 1 <= vocab <= layouts.BERT_MAX_VOCAB or count_of_tokens > vocab:
        raise model_error(
            f"token_embd.weight has {vocab} rows, tokenizer.ggml.tokens {count_of_tokens}", None
        )
    types = metadata.get("tokenizer.ggml.token_type_count", 0)
    if type(types) is not int or not 0 <= types <= layouts.BERT_MAX_TYPES:
        raise model_error(f"tokenizer.ggml.token_type_count is {types!r:.100}", None)
    has_types = family.types and "token_types.weight" in shapes
    feed_forward = family.activations[activation]
    gated = feed_forward in (layouts.BERT_FF_GATED_SILU, layouts.BERT_FF_GATED_GELU)
    found = Config(
        family=name,
        layers=layers,
        dim=dim,
        heads=heads,
        ff=count("feed_forward_length", layouts.BERT_MAX_FF),
        vocab=vocab,
        positions=context if family.learned_positions else 0,
        types=types if has_types else 0,
        most_tokens=context,
        norm_epsilon=number(epsilon),
        feed_forward=feed_forward,
        biases=gguf_biases(header, gated=gated),
        norm_biases="token_embd_norm.bias" in shapes,
        window=window,
        local=local,
        bases=bases,
        pooling=pooling,
        steps=steps,
        normalize=not scorer,
    )
    _check_heads(found, "")
    _check_gate(found, "tensor blk.0.ffn_up.bias is there")
    return found


def _gguf_scored(
    name: str,
    family: Family,
    given: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    dim: int,
    wrong: Callable[[str, str], ModelError],
) -> tuple[Pooling, tuple[Step, ...]]:
    """scored(), of a GGUF file: its keys, without their prefix, and the shapes of its tensors."""
    if not family.heads:
        raise model_error(f"general.architecture is {name!r}, whose scores are not supported", None)
    output = shapes.get("cls.output.weight")
    if output is None:
        raise model_error("tensor cls.output.weight is missing, which makes the scores of pairs", None)
    # pooling_type is that of vectors, which the converter also takes from folders of what scores pairs.
    pooling = given.get("pooling_type", GGUF_RANK)
    if type(pooling) is not int or pooling not in (GGUF_RANK, *_GGUF_POOLINGS):
        raise wrong("pooling_type", f", supported are {GGUF_RANK} (rank), 1 to 3, or none")
    if family.types and "token_types.weight" not in shapes:
        raise model_error(
            "tensor token_types.weight is missing, as in files of DistilBERT, whose scores are not supported",
            None,
        )
    if family.types and "cls.weight" not in shapes:
        raise model_error(
            "tensor cls.weight is missing: llama.cpp's converter leaves out the pooler of a "
            "BertForSequenceClassification, without which its scores are others; the folder has it",
            None,
        )
    labels = output[0]
    names = given.get("classifier.output_labels")
    if names is not None and not (isinstance(names, list) and len(names) == labels):
        raise wrong("classifier.output_labels", f", must have the {labels} labels of cls.output.weight")
    if not 1 <= labels <= _MOST_LABELS:
        raise model_error(f"tensor cls.output.weight has {labels} labels, must be 1 to {_MOST_LABELS}", None)
    poolings: tuple[Pooling, ...] = ("mean", "cls") if family.local else ("cls",)
    numbers = {number: each for number, each in _GGUF_POOLINGS.items() if each in poolings}
    said = given.get("classifier.pooling_type")
    if said is not None and (type(said) is not int or said not in numbers):
        supported = " and ".join(f"{number} ({each})" for number, each in numbers.items())
        raise wrong("classifier.pooling_type", f", supported: {supported}")
    steps = tuple(
        Step(
            labels if head.rows == "labels" else dim,
            _ACTIVATIONS[head.activation],
            # Only ModernBERT's first one may be without.
            bias=not head.norm or f"{head.matrix}.bias" in shapes,
            norm=bool(head.norm),
            norm_bias=bool(head.norm) and "token_embd_norm.bias" in shapes,
        )
        for head in family.heads
    )
    return family.scored if said is None else numbers[said], steps


def _gguf_local(pattern: object, layers: int) -> tuple[bool, ...]:
    """Of so many layers all but the first are local, or one flag for each. Empty for anything else."""
    if type(pattern) is int and 1 <= pattern < 1 << 31:
        return tuple(layer % pattern > 0 for layer in range(layers))
    flags = pattern.tolist() if isinstance(pattern, np.ndarray) else pattern
    if isinstance(flags, (list, tuple)) and len(flags) == layers and all(flag in (0, 1) for flag in flags):
        return tuple(map(bool, flags))
    return ()
