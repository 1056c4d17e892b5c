"""What a file of a language model may hold: checked when it is opened, before a guest sees it.

The guest (guests/llama.c) computes what the family (_families.py) and the numbers (_config.py) say. A tensor
or a number beside these would change what the model says, so it is refused by name; what is known to make no
difference passes, and so does a number that says what the graph does anyway. Names as llama.cpp's converters
write them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zcwasm._models.model_file import model_error
from zcwasm.guests import layouts
from zcwasm.llm._families import LAYER, POST, PRE
from zcwasm.llm._rope import FREQS

if TYPE_CHECKING:
    import zcwasm
    from zcwasm.llm._config import Config, Numbers

Shape = tuple[int, ...]

# Under the architecture's prefix, beside what Config reads: what only describes, and the epsilon of the kind
# of norms that the family has not.
_WITHOUT_EFFECT = {"vocab_size", "tensor_data_layout", "expert_used_count", "rope.scaling.finetuned"}
_WITHOUT_EFFECT |= {"attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon"}
# Of YaRN, where it is not what scales.
_WITHOUT_EFFECT |= {f"rope.scaling.yarn_{name}" for name in ("beta_fast", "beta_slow", "ext_factor")}
_WITHOUT_EFFECT |= {f"rope.scaling.yarn_{name}" for name in ("attn_factor", "log_multiplier")}
# Where nothing is rotated.
_OF_ROPE = {"rope.dimension_count", "rope.freq_base", "rope.scaling.original_context_length"}
# Of a part that sees, which is another file.
_OF_IMAGES = ("mm.", "vision.")
# And values with which these make no difference.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "expert_count": (0,),
    "expert_shared_count": (0,),
    "expert_weights_norm": (True,),
    "expert_weights_scale": (0, 1),
    "expert_gating_func": (1, 3),  # softmax, of all or of the chosen: their shares are the same
    "leading_dense_block_count": (0,),
    "nextn_predict_layers": (0,),
    "attention.causal": (True,),
    "attention.clamp_kqv": (0,),
    "attention.max_alibi_bias": (0,),
    "attention.temperature_scale": (0,),
    "attn_logit_softcapping": (0,),
    "final_logit_softcapping": (0,),
    "logit_scale": (0, 1),
    "embedding_scale": (0, 1),
    "residual_scale": (0, 1),
    "pooling_type": (0, 1, 3),  # which Model.embed reads; tokens come as ever
    "rescale_every_n_layers": (0,),
    "use_parallel_residual": (False,),
}
# Beside the prefix, any key may stand but these: they belong to files that are no such model, or change one.
_FOREIGN = ("adapter.", "clip.", "diffusion.", "xielu.")
_MADE = "zcwasm."  # which _models/hf_config.py makes, and no file has
_BLOCKS = "the quantized blocks of version 2 are supported"


def check_whole(metadata: Mapping[str, Any], is_gguf: bool) -> None:
    """Raises ModelError for what is no model."""
    if is_gguf and (key := next((key for key in metadata if key.startswith(_MADE)), None)):
        raise model_error(f"{key:.100} is not known", None)
    kind = metadata.get("general.type", "model")
    if not isinstance(kind, str) or kind != "model":
        raise model_error(f"general.type is {kind!r:.40}, must be 'model'", None)


def check_numbers(numbers: Numbers, config: Config) -> None:
    """Raises ModelError for a number that would change the result and is not known."""
    metadata = numbers.metadata
    neutral = {
        **_NEUTRAL,
        "attention.scale": (0,),
        "embedding_length_out": (config.dim,),
        "attention.key_length_swa": (config.head_size,),
        "attention.value_length_swa": (config.head_size,),
        "rope.dimension_count_swa": (config.rotated,),
    }
    prefix = config.architecture + "."
    version = metadata.get("general.quantization_version", 2)
    if not isinstance(version, int) or version != 2:
        raise model_error(f"general.quantization_version is {version!r:.40}: {_BLOCKS}", None)
    if config.family.rope_finetuned and metadata.get(f"{prefix}rope.scaling.finetuned", True) is not True:
        raise model_error(f"{prefix}rope.scaling.finetuned is not true: nothing would be rotated", None)
    known = numbers.known | _WITHOUT_EFFECT | (set() if config.ropes else _OF_ROPE)
    for key in metadata:
        if key.startswith(_FOREIGN):
            raise model_error(f"{key} is not known for {config.architecture}", None)
        name = key[len(prefix) :]
        if not key.startswith(prefix) or name in known or name.startswith(_OF_IMAGES):
            continue
        value = metadata[key]
        if isinstance(value, (bool, int, float)):
            if value in neutral.get(name, ()):
                continue
            if name == "attention.scale" and math.isclose(value, config.head_size**-0.5, rel_tol=1e-6):
                continue
        if name.startswith("expert") and not (config.family.may_have_experts or config.family.has_experts):
            raise model_error(f"{key} is {value!r:.40}: mixtures of experts are not supported", None)
        raise model_error(
            f"{key} is {value!r:.40}: it would change the result, and is not supported"
            if name in neutral
            else f"{key} is {value!r:.40}: this key is not known, and may change the result",
            None,
        )


def check_tensors(weights: zcwasm.Weights, config: Config) -> None:
    """Raises ModelError for a tensor that is missing, of another shape, or not known."""
    found = weights.tensors
    known = set()
    for name, shape, optional in _tensors(config):
        known.add(name)
        tensor = found.get(name)
        if tensor is None:
            if (optional and name not in weights.unusable) or f"zcwasm.{name}" in weights.metadata:
                continue
            why = f": {weights.unusable[name]}" if name in weights.unusable else " is missing"
            said = f"{_named(config, name)}{why}{_whole(weights, config, name)}"
            raise model_error(f"tensor {said}{_more(config)}", None)
        if tensor.shape != shape:
            raise model_error(
                f"tensor {_named(config, name)} is {_text(tensor.shape)}, must be {_text(shape)}"
                f"{_more(config)}",
                tensor.offset,
            )
        if (len(shape) == 1 or name.endswith(".bias")) and tensor.type != "F32":
            raise model_error(f"tensor {_named(config, name)} is {tensor.type}, must be F32", tensor.offset)
    for name in (*found, *weights.unusable):
        if name not in known:
            raise model_error(
                f"tensor {name} is not known: it would change the result{_more(config)}",
                found[name].offset if name in found else None,
            )
    key = f"{config.architecture}.vocab_size"
    size = weights.metadata.get(key, 0)
    if not isinstance(size, int) or size > config.vocab:
        raise model_error(f"{key} is {size!r:.40}, but token_embd.weight has {config.vocab} rows", None)


def multiplied(names: Iterable[str]) -> list[str]:
    """The tensors that products of few rows read: all, but experts, and embeddings that are not the output's
    too."""
    found = list(names)
    looked_up = {"position_embd.weight"} | ({"token_embd.weight"} if "output.weight" in found else set())
    return [name for name in found if name not in looked_up and "_exps." not in name]


def _named(config: Config, name: str) -> str:
    """A tensor's name, and the one that GGUF files of the family have for it where that is another."""
    for theirs, ours in config.family.renamed.items():
        if f".{ours}." in name:
            return f"{name} ({name.replace(ours, theirs)} in GGUF files)"
    return name


def _whole(weights: zcwasm.Weights, config: Config, name: str) -> str:
    """What is said of the tensor that it is a part of in most files of the family."""
    block, _, matrix = name.rpartition("ffn_" if "ffn_" in name else "attn_")
    short, _, end = matrix.partition(".")
    whole = "ffn_gate_up" if short == "gate" else "attn_qkv" if short in ("q", "k", "v") else None
    if whole not in config.family.fused:
        return ""
    whole = "ffn_up" if short == "gate" else whole  # as GGUF names it
    found = weights.tensors.get(f"{block}{whole}.{end}")
    return f", and {block}{whole}.{end} is {'missing, too' if found is None else _text(found.shape)}"


def _more(config: Config) -> str:
    layers = f"{config.layers} layer{'s' if config.layers != 1 else ''}"
    return f" ({config.architecture} of {layers}, {config.dim} columns)"


def _text(shape: Shape) -> str:
    """As the guest says it."""
    return f"({', '.join(map(str, shape))})"


def _tensors(config: Config) -> Iterator[tuple[str, Shape, bool]]:
    """Name, shape, and whether it may be absent: what guests/llama.c looks for, and what the host reads."""
    half = config.rotated // 2
    yield "token_embd.weight", (config.vocab, config.dim), False
    if config.positions:
        yield "position_embd.weight", (config.positions, config.dim), False
    for layer in range(config.layers):
        block = f"blk.{layer}."
        yield from _norms(config, block)
        yield from _matrices(config, block)
        if half:
            # The plain frequencies, which some old files have in every layer; nobody reads them.
            yield block + "attn_rot_embd.weight", (half,), True
    yield from _norm(config, "output_norm", config.dim)
    yield "output.weight", (config.vocab, config.dim), True
    for name in config.rope_tables[0].factors if config.ropes else ():
        yield name, (half,), name == FREQS


def _norm(config: Config, name: str, columns: int) -> Iterator[tuple[str, Shape, bool]]:
    yield f"{name}.weight", (columns,), False
    if config.norms & LAYER and config.family.norm_biases:
        yield f"{name}.bias", (columns,), False


def _norms(config: Config, block: str) -> Iterator[tuple[str, Shape, bool]]:
    dim, size = config.dim, config.head_size
    if config.norms & PRE:
        yield from _norm(config, block + "attn_norm", dim)
        if not (config.parallel and config.family.parallel in ("alone", "shared")):
            yield from _norm(config, block + "ffn_norm", dim)
    if config.norms & POST:
        yield from _norm(config, block + "post_attention_norm", dim)
        yield from _norm(config, block + "post_ffw_norm", dim)
    if config.qk_norm:
        of_row = config.qk_norm == layouts.LLAMA_QK_ROW
        yield block + "attn_q_norm.weight", (config.heads * size if of_row else size,), False
        yield block + "attn_k_norm.weight", (config.kv_heads * size if of_row else size,), False


def _matrices(config: Config, block: str) -> Iterator[tuple[str, Shape, bool]]:
    family, dim, ff = config.family, config.dim, config.ff
    q, kv = config.heads * config.head_size, config.kv_heads * config.head_size
    if family.sinks:
        yield f"{block}attn_sinks.weight", (config.heads,), False
    shapes: dict[str, Shape] = {}
    if config.experts:
        of_each = {"ffn_gate_exps": (ff, dim), "ffn_up_exps": (ff, dim), "ffn_down_exps": (dim, ff)}
        shapes = {name: (config.experts, *one) for name, one in of_each.items()}
    shapes |= {"attn_q": (q, dim), "attn_k": (kv, dim), "attn_v": (kv, dim), "attn_output": (dim, q)}
    if config.experts:
        shapes |= {"ffn_gate_inp": (config.experts, dim)}
    else:
        shapes |= {"ffn_gate": (ff, dim)} if family.gated else {}
        shapes |= {"ffn_up": (ff, dim), "ffn_down": (dim, ff)}
    for name, shape in shapes.items():
        yield f"{block}{name}.weight", shape, False
        if name in family.biases or name in family.may_have_biases:
            yield f"{block}{name}.bias", shape[:-1], name not in family.biases
