"""What a GGUF file of a supported architecture may hold: checked when it is opened, before a guest sees it.

The guest (guests/llama.c) computes one graph. A tensor or a number that it does not know would change what
the model says, so it is refused by name; what is known to make no difference passes, and so does a number
that says what the graph does anyway. Names as llama.cpp's converters write them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zcwasm._models.model_file import model_error

if TYPE_CHECKING:
    import zcwasm
    from zcwasm.llm._config import Config, Numbers

Shape = tuple[int, ...]

# Under the architecture's prefix, beside what Config reads: what only describes.
_WITHOUT_EFFECT = {"vocab_size", "tensor_data_layout", "attention.layer_norm_epsilon", "expert_used_count"}
_WITHOUT_EFFECT |= {f"rope.scaling.{name}" for name in ("original_context_length", "finetuned")}
# Of YaRN, which Config refuses.
_WITHOUT_EFFECT |= {f"rope.scaling.yarn_{name}" for name in ("beta_fast", "beta_slow", "ext_factor")}
_WITHOUT_EFFECT |= {f"rope.scaling.yarn_{name}" for name in ("attn_factor", "log_multiplier")}
# And values with which these make no difference.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "expert_count": (0,),
    "expert_shared_count": (0,),
    "leading_dense_block_count": (0,),
    "nextn_predict_layers": (0,),
    "attention.causal": (True,),
    "attention.clamp_kqv": (0,),
    "attention.max_alibi_bias": (0,),
    "attn_logit_softcapping": (0,),
    "final_logit_softcapping": (0,),
    "logit_scale": (0, 1),
    "embedding_scale": (0, 1),
    "residual_scale": (0, 1),
    "pooling_type": (0, 1, 3),  # which Model.embed reads; tokens come as ever
    "rescale_every_n_layers": (0,),
    "rope.scaling.attn_factor": (1,),
    "use_parallel_residual": (False,),
}
# Beside the prefix, any key may stand but these: they belong to files that are no such model, or change one.
_FOREIGN = ("adapter.", "clip.", "diffusion.", "xielu.")
_BLOCKS = "the quantized blocks of version 2 are supported"


def check_whole(metadata: Mapping[str, Any]) -> None:
    """Raises ModelError for what is no model."""
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
        "attention.sliding_window_pattern": (),
    }
    prefix = config.architecture + "."
    version = metadata.get("general.quantization_version", 2)
    if not isinstance(version, int) or version != 2:
        raise model_error(f"general.quantization_version is {version!r:.40}: {_BLOCKS}", None)
    for key in metadata:
        if key.startswith(_FOREIGN):
            raise model_error(f"{key} is not known for {config.architecture}", None)
        name = key[len(prefix) :]
        if not key.startswith(prefix) or name in numbers.known or name in _WITHOUT_EFFECT:
            continue
        value = metadata[key]
        if isinstance(value, (bool, int, float)):
            if value in neutral.get(name, ()):
                continue
            if name == "attention.scale" and math.isclose(value, config.head_size**-0.5, rel_tol=1e-6):
                continue
        if name.startswith("expert"):
            raise model_error(f"{key} is {value!r:.40}: mixtures of experts are not supported", None)
        raise model_error(
            f"{key} is {value!r:.40}: it would change the result, and is not supported"
            if name in neutral or name == "attention.scale"
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
            if optional and name not in weights.unusable:
                continue
            why = weights.unusable.get(name, "is missing")
            raise model_error(f"tensor {name} {why}{_more(config)}", None)
        if tensor.shape != shape:
            raise model_error(
                f"tensor {name} is {_text(tensor.shape)}, must be {_text(shape)}{_more(config)}",
                tensor.offset,
            )
        if len(shape) == 1 and tensor.type != "F32":
            raise model_error(f"tensor {name} is {tensor.type}, must be F32", tensor.offset)
    for name in (*found, *weights.unusable):
        if name not in known:
            raise model_error(
                f"tensor {name} is not known: it would change the result{_more(config)}",
                found[name].offset if name in found else None,
            )


def multiplied(names: Iterable[str]) -> list[str]:
    """The tensors that products of few rows read: all, but embeddings that are not the output's too."""
    found = list(names)
    return [name for name in found if name != "token_embd.weight" or "output.weight" not in found]


def _more(config: Config) -> str:
    layers = f"{config.layers} layer{'s' if config.layers != 1 else ''}"
    return f" ({config.architecture} of {layers}, {config.dim} columns)"


def _text(shape: Shape) -> str:
    """As the guest says it."""
    return f"({', '.join(map(str, shape))})"


def _tensors(config: Config) -> Iterator[tuple[str, Shape, bool]]:
    """Name, shape, and whether it may be absent: what guests/llama.c looks for, and what the host reads."""
    dim, ff = config.dim, config.ff
    q, kv = config.heads * config.head_size, config.kv_heads * config.head_size
    yield "token_embd.weight", (config.vocab, dim), False
    for layer in range(config.layers):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (dim,), False
        for name, rows in (("attn_q", q), ("attn_k", kv), ("attn_v", kv)):
            yield f"{block}{name}.weight", (rows, dim), False
            yield f"{block}{name}.bias", (rows,), True
        yield block + "attn_output.weight", (dim, q), False
        yield block + "ffn_norm.weight", (dim,), False
        yield block + "ffn_gate.weight", (ff, dim), False
        yield block + "ffn_up.weight", (ff, dim), False
        yield block + "ffn_down.weight", (dim, ff), False
        # The plain frequencies, which some old files have in every layer; nobody reads them.
        yield block + "attn_rot_embd.weight", (config.rotated // 2,), True
    yield "output_norm.weight", (dim,), False
    yield "output.weight", (config.vocab, dim), True
    yield "rope_freqs.weight", (config.rotated // 2,), True
