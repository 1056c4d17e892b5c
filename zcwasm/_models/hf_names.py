"""Which of a file's tensors, or rows of one, are which of the guest's: canonical names are GGUF's.

A folder has other names than GGUF, and both may have matrices one behind the other in one tensor (Phi-3's
attn_qkv). A part is as many rows of it, whose bytes lie together, so nothing is copied. Where a folder has
rows or experts in another order, parts of it and Makings say how they are made (making.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zcwasm._models.hf_experts import Whole
from zcwasm._models.making import Making, Taken
from zcwasm._models.model_file import model_error

if TYPE_CHECKING:
    from zcwasm.llm._families import Family

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A tensor that the guest sees: rows of one that the file has."""

    name: str  # canonical
    source: str  # in the file
    first: int = 0  # of a vector, its first element
    rows: int | None = None  # of a vector, elements; None: all behind the first
    add: float = 0.0  # to every element of a vector: Gemma's norms are weight + 1
    groups: int = 1  # of each of so many groups of rows its part, from `first` on
    transposed: bool = False  # of a matrix: the source has its columns for rows


# Of a layer: the name in folders to the canonical one. What has no norm of that name refuses it later.
_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# Where there is no gate.
_PLAIN = {"mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
_FUSED = {"self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_gate_up"}
# The norm behind attention is the one in front of the feed-forward, unless a family norms what both give.
_NORMS = {"post_attention_layernorm": "ffn_norm"}
_POST_NORMS = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
# GLM-4 has both, by other names.
_NORMS_OF = {
    "glm4": {
        "post_attention_layernorm": "ffn_norm",
        "post_self_attn_layernorm": "post_attention_norm",
        "post_mlp_layernorm": "post_ffw_norm",
    }
}
_TOP = {"embed_tokens": "token_embd", "norm": "output_norm"}
_OUTPUT = ("lm_head.weight", "language_model.lm_head.weight")
# Families that share no name with the others.
_TOP_OF = {
    "gpt2": {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"},
    "gptneox": {"embed_in": "token_embd", "final_layer_norm": "output_norm"},
}
_OUTPUT_OF = {"gptneox": ("embed_out.weight",)}
# And of their layers, whose q, k and v are one matrix: GPT-2's are columns, as of all its matrices,
# GPT-NeoX's the rows of each head.
_LAYER_OF = {
    "gpt2": {
        "ln_1": "attn_norm",
        "attn.c_attn": "attn_qkv",
        "attn.c_proj": "attn_output",
        "ln_2": "ffn_norm",
        "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down",
    },
    "gptneox": {
        "input_layernorm": "attn_norm",
        "attention.query_key_value": "attn_qkv",
        "attention.dense": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.dense_h_to_4h": "ffn_up",
        "mlp.dense_4h_to_h": "ffn_down",
    },
}
_TRANSPOSED = "gpt2"
# Masks, which old folders of these have as if they were weights.
_MASK = re.compile(r".*\b(?:attn|attention)\.(?:bias|masked_bias)")
# Experts: what they and their router are in, and the matrices of one, and which they are.
_EXPERT = re.compile(r"(\w+)\.experts\.([0-9]{1,9})\.(\w+)")
_EXPERTS = ("mlp", {f"{name}_proj": f"ffn_{name}_exps" for name in ("gate", "up", "down")})
_EXPERTS_OF = {
    "llama": ("block_sparse_moe", {"w1": "ffn_gate_exps", "w3": "ffn_up_exps", "w2": "ffn_down_exps"})
}
_ROUTER_OF = {"gpt-oss": "mlp.router"}
_WHOLE_EXPERTS = "gpt-oss"  # all of a layer's are in one tensor: hf_experts.py
_SINKS = re.compile(r"layers\.([0-9]{1,9})\.self_attn\.sinks")
# In front of a language model's names. Embedding models have none, and what is part of a vision model has
# more.
_PREFIX = re.compile(
    r"(?:model\.language_model\.|language_model\.model\.|language_model\.|model\.|transformer\.|gpt_neox\.)?"
)
_VISION = re.compile(r"(?:model\.)?(?:vision_tower|multi_modal_projector)\.")
_IN_BLOCK = re.compile(r"(blk\.[0-9]{1,9}\.)(\w+)(\.weight|\.bias)")
_IN_LAYER = re.compile(r"(?:layers|h)\.([0-9]{1,9})\.(.+)\.(weight|bias)")


def plan(metadata: Mapping[str, Any], tensors: Mapping[str, Shape]) -> list[Part | Making]:
    """The parts of a folder's tensors, in their order. What nobody reads (inverse frequencies, an output's
    matrix beside a tied embedding) is left out.

    metadata: as hf_config.read gives it. tensors: name in the folder to shape, rows first. All tensors may be
    given, those that kernels cannot use, too. Raises ModelError that names a tensor which is not known, or
    has not the rows that the numbers say. What is missing is found later, by zcwasm.llm._known.
    """
    folder = _Folder(metadata)
    parts: list[Part | Making] = []
    for source, shape in tensors.items():
        parts += folder.parts(source, shape)
    parts += folder.stacks()
    names: set[str] = set()
    for part in parts:
        if part.name in names:
            source = part.source if isinstance(part, Part) else part.sources[0]
            raise model_error(f"tensor {source} is there under another name, too", None)
        names.add(part.name)
    if not folder.tied and "output.weight" not in names:
        raise model_error(f"tensor {folder.output[0]} is missing (tie_word_embeddings is false)", None)
    for layer in range(folder.layers):
        for matrix in folder.biases:
            if f"blk.{layer}.{matrix}.bias" not in names:
                raise model_error(f"tensor blk.{layer}.{matrix}.bias is missing: config.json has it", None)
    return parts


def parts_of_gguf(metadata: Mapping[str, Any], tensors: Mapping[str, Shape]) -> list[Part]:
    """The same for a GGUF file: a part for each tensor, or several for a fused one. A file of a family that
    is not known, and a tensor that is not, or has not the rows that the numbers say, come back as they are:
    who opens a model refuses them."""
    family = _family(metadata)
    sizes = None
    if any(".attn_qkv." in name or name.endswith(".ffn_up.weight") for name in tensors):
        sizes = _Sizes.of(metadata)
    parts: list[Part] = []
    for source, shape in tensors.items():
        block, _, rest = source.rpartition("attn_qkv.")
        if family is not None and (name := _renamed(family, source)) not in tensors:
            parts.append(Part(name, source))
        elif sizes is None:
            parts.append(Part(source, source))
        elif block and shape and shape[0] == sizes.q + 2 * sizes.kv:
            parts += _qkv(sizes, block, source, rest)
        elif (
            source.endswith(".ffn_up.weight")
            and sizes.family.gated
            and shape[:1] == (2 * sizes.ff,)
            and source.replace("ffn_up", "ffn_gate") not in tensors
        ):
            parts += _gate_up(sizes, source.removesuffix("ffn_up.weight"), source, "weight")
        else:
            parts.append(Part(source, source))
    return parts


def _family(metadata: Mapping[str, Any]) -> Family | None:
    from zcwasm.llm._families import FAMILIES

    name = metadata.get("general.architecture")
    return FAMILIES.get(name) if isinstance(name, str) else None


def _renamed(family: Family, source: str) -> str:
    """The canonical name of a tensor of a GGUF file."""
    found = _IN_BLOCK.fullmatch(source)
    return (
        f"{found[1]}{family.renamed[found[2]]}{found[3]}" if found and found[2] in family.renamed else source
    )


@dataclass(frozen=True)
class _Sizes:
    """The rows that fused matrices have."""

    family: Family
    heads: int
    q: int
    kv: int
    ff: int

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> _Sizes | None:
        """None where the metadata is not that of a model that can be opened."""
        family = _family(metadata)
        if family is None:
            return None
        name = metadata["general.architecture"]
        keys = ("embedding_length", "attention.head_count", "feed_forward_length")
        numbers = [metadata.get(f"{name}.{key}") for key in keys]
        numbers.append(metadata.get(f"{name}.attention.head_count_kv", numbers[1]))
        if not all(type(number) is int and 0 < number < 1 << 32 for number in numbers):
            return None
        dim, heads, ff, kv_heads = (int(number or 0) for number in numbers)
        size = metadata.get(f"{name}.attention.key_length", dim // heads)
        if type(size) is not int or not 0 < size < 1 << 32:
            return None
        return cls(family, heads, heads * size, kv_heads * size, ff)


def _qkv(sizes: _Sizes, block: str, source: str, end: str) -> list[Part]:
    return [
        Part(f"{block}attn_q.{end}", source, 0, sizes.q),
        Part(f"{block}attn_k.{end}", source, sizes.q, sizes.kv),
        Part(f"{block}attn_v.{end}", source, sizes.q + sizes.kv, sizes.kv),
    ]


def _gate_up(sizes: _Sizes, block: str, source: str, end: str) -> list[Part]:
    return [
        Part(f"{block}ffn_gate.{end}", source, 0, sizes.ff),
        Part(f"{block}ffn_up.{end}", source, sizes.ff, sizes.ff),
    ]


class _Folder:
    """How a folder's names are read."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        from zcwasm.llm._families import LAYER, POST

        sizes = _Sizes.of(metadata)
        if sizes is None:
            raise model_error("the metadata is not what hf_config.read gives", None)
        self.sizes, self.family = sizes, sizes.family
        name = metadata["general.architecture"]
        self.layers = int(metadata[f"{name}.block_count"])
        self.tied = bool(metadata["zcwasm.tied"])
        self.biases = tuple(metadata["zcwasm.biases"])
        self.vision = bool(metadata.get("zcwasm.vision"))
        self.names = {**_LAYER, **_NORMS_OF.get(name, _POST_NORMS if self.family.norms & POST else _NORMS)}
        self.top, self.output = _TOP_OF.get(name, _TOP), _OUTPUT_OF.get(name, _OUTPUT)
        self.own_layout, self.transposed = name in _LAYER_OF, name == _TRANSPOSED
        self.expert_names = _EXPERTS_OF.get(name, _EXPERTS)
        self.experts = int(metadata.get(f"{name}.expert_count", 0))
        self.found: dict[str, dict[int, str]] = {}  # of each stack of experts: number to tensor
        self.whole = Whole() if name == _WHOLE_EXPERTS else None
        if self.own_layout:
            self.names = _LAYER_OF[name]
        elif self.experts:
            self.names = {key: name for key, name in self.names.items() if not key.startswith("mlp.")} | {
                _ROUTER_OF.get(name, f"{self.expert_names[0]}.gate"): "ffn_gate_inp"
            }
        elif not self.family.gated:
            self.names = {
                key: name for key, name in self.names.items() if not key.startswith("mlp.")
            } | _PLAIN
        self.fused = {key: name for key, name in _FUSED.items() if name in self.family.fused}
        for matrix in self.fused:
            self.names = {key: value for key, value in self.names.items() if not _is_part(key, matrix)}
        self.may_have_bias = {*self.biases}
        if self.own_layout:
            self.may_have_bias.add("attn_qkv")
        if self.family.norms & LAYER and self.family.norm_biases:
            self.may_have_bias |= {"attn_norm", "ffn_norm", "output_norm"}
        # transformers reads no second norm then.
        self.shares_norm = (
            bool(metadata.get(f"{name}.use_parallel_residual")) and self.family.parallel == "alone"
        )

    def parts(self, source: str, shape: Shape) -> Sequence[Part | Making]:
        short = source[_PREFIX.match(source).end() :]  # type: ignore[union-attr]
        if source.endswith("rotary_emb.inv_freq") or (self.vision and _VISION.match(source)):
            return []
        if self.own_layout and _MASK.fullmatch(source):
            return []
        if source in self.output:
            return [] if self.tied else [Part("output.weight", source)]
        if self.whole is not None and (made := self.whole.add(source, short)) is not None:
            return made
        if self.family.sinks and (found := _SINKS.fullmatch(short)):
            return [Part(f"blk.{found[1]}.attn_sinks.weight", source)]
        if found := _IN_LAYER.fullmatch(short):
            return self._in_layer(source, shape, f"blk.{found[1]}.", found[2], found[3])
        matrix, _, end = short.rpartition(".")
        name = self.top.get(matrix)
        if (
            name is None
            or end not in ("weight", "bias")
            or (end == "bias" and name not in self.may_have_bias)
        ):
            raise self._unknown(source)
        return [self._part(name, f"{name}.{end}", source, end)]

    def stacks(self) -> list[Making]:
        """The experts of each layer, all of which must have been there."""
        if self.whole is not None:
            return self.whole.paired()
        for found in self.found.values():
            for number in range(self.experts):
                if number not in found:
                    first = min(found)
                    name = found[first].replace(f".experts.{first}.", f".experts.{number}.")
                    raise model_error(
                        f"tensor {name} is missing (config.json has {self.experts} experts)", None
                    )
        return [
            Making(stack, tuple(found[number] for number in range(self.experts)), Taken(), self.experts)
            for stack, found in self.found.items()
        ]

    def _expert(self, source: str, block: str, module: str, number: int, matrix: str) -> list[Part]:
        expected, names = self.expert_names
        if module != expected or number >= self.experts or matrix not in names:
            raise self._unknown(source)
        others = self.found.setdefault(f"{block}{names[matrix]}.weight", {})
        if number in others:
            raise model_error(f"tensor {source} is there under another name, too", None)
        others[number] = source
        return []

    def _own_qkv(self, block: str, source: str, end: str) -> list[Part]:
        """GPT-2 has columns of q, k and v, one behind the other, GPT-NeoX rows of each head."""
        sizes = self.sizes
        if self.transposed:
            return [replace(part, transposed=end == "weight") for part in _qkv(sizes, block, source, end)]
        each = sizes.q // sizes.heads
        return [
            Part(f"{block}{name}.{end}", source, at * each, sizes.q, groups=sizes.heads)
            for at, name in enumerate(("attn_q", "attn_k", "attn_v"))
        ]

    def _in_layer(self, source: str, shape: Shape, block: str, matrix: str, end: str) -> list[Part]:
        if self.experts and self.whole is None and end == "weight" and (expert := _EXPERT.fullmatch(matrix)):
            return self._expert(source, block, expert[1], int(expert[2]), expert[3])
        fused = self.fused.get(matrix)
        if fused is not None and end == "weight":
            sizes = self.sizes
            rows = sizes.q + 2 * sizes.kv if fused == "attn_qkv" else 2 * sizes.ff
            if shape[:1] != (rows,):
                raise model_error(f"tensor {source} has the shape {shape}, must have {rows} rows", None)
            return (_qkv if fused == "attn_qkv" else _gate_up)(sizes, block, source, end)
        name = self.names.get(matrix)
        if name is None or (end == "bias" and name not in self.may_have_bias):
            raise self._unknown(source)
        if name == "ffn_norm" and self.shares_norm:
            return []
        if self.own_layout and name == "attn_qkv":
            if (shape[-1:] if self.transposed else shape[:1]) != (3 * self.sizes.q,):
                raise model_error(
                    f"tensor {source} has the shape {shape}, must be {3 * self.sizes.q} for q, k and v", None
                )
            return self._own_qkv(block, source, end)
        if self.transposed and end == "weight" and "norm" not in name:
            return [Part(f"{block}{name}.weight", source, transposed=True)]
        return [self._part(name, f"{block}{name}.{end}", source, end)]

    def _part(self, name: str, full: str, source: str, end: str) -> Part:
        less = self.family.norms_less_one and name.endswith("norm") and end == "weight"
        return Part(full, source, add=1.0 if less else 0.0)

    def _unknown(self, source: str) -> Exception:
        return model_error(f"tensor {source} is not known: it would change the result", None)


def _is_part(matrix: str, fused: str) -> bool:
    """Whether a folder with the fused matrix has not that one."""
    letter = {
        "self_attn.qkv_proj": ("q_proj", "k_proj", "v_proj"),
        "mlp.gate_up_proj": ("gate_proj", "up_proj"),
    }
    return matrix.endswith(letter[fused])
