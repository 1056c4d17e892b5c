"""Which tensors an encoder must have, under which names, and that a file has these and no others.

Canonical names are GGUF's; the guest looks for them. A folder has others, and both may have matrices one
behind the other in one tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from zcwasm._models.encoders import ATTENTION, FAMILIES, PLAIN, QKV, Config, Kind
from zcwasm._models.hf_names import Part
from zcwasm._models.model_file import Header, model_error
from zcwasm.guests import layouts

Shape = tuple[int, ...]

# Of an encoder's training, and of what is not used of it.
_UNUSED = (
    *("pooler.dense.weight", "pooler.dense.bias"),
    *("embeddings.position_ids", "embeddings.token_type_ids"),
)

# Matrices of published models that have one row.
_MAY_HAVE_ONE_ROW = ("token_types.weight", "cls.output.weight")


@dataclass(frozen=True)
class Need:
    """A tensor that a file must have."""

    shape: Shape
    parts: tuple[Part, ...]


def canonical(config: Config) -> Iterator[tuple[str, int | None, str, Shape]]:
    """What guests/bert.c looks for: of what, in which layer, weight or bias, and its shape."""
    dim, ff = config.dim, config.ff

    def norm(name: str, layer: int | None = None) -> Iterator[tuple[str, int | None, str, Shape]]:
        yield name, layer, "weight", (dim,)
        if config.norm_biases:
            yield name, layer, "bias", (dim,)

    yield "token_embd", None, "weight", (config.vocab, dim)
    if config.positions:
        yield "position_embd", None, "weight", (config.positions, dim)
    if config.types:
        yield "token_types", None, "weight", (config.types, dim)
    yield from norm("token_embd_norm")
    pre = config.norms == layouts.BERT_NORM_PRE
    first = FAMILIES[config.family].local  # whose attention has no norm
    matrices = [(name, dim, dim) for name in ATTENTION]
    matrices += [(name, ff, dim) for name in (("ffn_gate", "ffn_up") if config.gated else ("ffn_up",))]
    matrices += [("ffn_down", dim, ff)]
    for layer in range(config.layers):
        for name, rows, columns in matrices:
            yield name, layer, "weight", (rows, columns)
            if name in config.biases:
                yield name, layer, "bias", (rows,)
        if pre:
            if layer or not first:
                yield from norm("attn_norm", layer)
            yield from norm("ffn_norm", layer)
        else:
            yield from norm("attn_output_norm", layer)
            yield from norm("layer_output_norm", layer)
    if pre:
        yield from norm("output_norm")


def _full(name: str, layer: int | None, end: str) -> str:
    return f"{name}.{end}" if layer is None else f"blk.{layer}.{name}.{end}"


def _needs(
    config: Config, names: Mapping[str, str], fused: Mapping[str, tuple[str, ...]], prefix: str = ""
) -> dict[str, Need]:
    """By the file's names. names: of matrices and norms, with {} for the layer; fused: those that lie one
    behind the other."""
    of = {part: (source, parts) for source, parts in fused.items() for part in parts}
    needs: dict[str, Need] = {}
    for name, layer, end, shape in canonical(config):
        full = _full(name, layer, end)
        if name in of:
            pattern, parts = of[name]
            source = f"{prefix}{pattern.format(layer)}.{end}"
            rows, at = shape[0], parts.index(name)
            before = needs[source].parts if source in needs else ()
            part = Part(full, source, at * rows, rows)
            needs[source] = Need((len(parts) * rows, *shape[1:]), (*before, part))
            continue
        source = f"{prefix}{names[name].format(layer)}.{end}"
        offset = config.position_offset if name == "position_embd" else 0
        needs[source] = Need((shape[0] + offset, *shape[1:]), (Part(full, source, offset),))
    return needs


def step_needs(config: Config, sources: list[tuple[str, str]]) -> dict[str, Need]:
    """Those of config.steps. sources: of each the matrix's name, and the norm's."""
    needs: dict[str, Need] = {}
    columns = config.dim
    for index, (step, (matrix, norm)) in enumerate(zip(config.steps, sources, strict=True)):
        shapes: dict[str, tuple[str, Shape]] = {f"{matrix}.weight": ("weight", (step.rows, columns))}
        if step.bias:
            shapes[f"{matrix}.bias"] = ("bias", (step.rows,))
        if step.norm:
            shapes[f"{norm}.weight"] = ("norm.weight", (step.rows,))
        if step.norm_bias:
            shapes[f"{norm}.bias"] = ("norm.bias", (step.rows,))
        for source, (end, shape) in shapes.items():
            needs[source] = Need(shape, (Part(f"step.{index}.{end}", source),))
        columns = step.rows
    return needs


def folder_parts(
    header: Header, kind: Kind, config: Config, steps: list[tuple[str, str]], *, heads: bool
) -> list[Part]:
    """The parts of a folder's tensors. heads: whether what is beside the encoder counts.

    Raises ModelError for a tensor that is missing, of another shape, or not known."""
    shapes = _shapes(header)
    first = f"{kind.names['token_embd']}.weight"
    prefix = kind.prefix if kind.prefix + first in shapes and first not in shapes else ""
    needs = _needs(config, kind.names, kind.fused, prefix) | step_needs(config, steps)
    unused = {prefix + name for name in _UNUSED}

    def ignored(name: str) -> bool:
        # With a prefix there may be heads beside the encoder ("cls."), which embeddings do not need.
        beside = bool(prefix) and not name.startswith(prefix) and not name.startswith("dense.")
        return name in unused or (beside and not heads)

    return _check(header, needs, ignored, f"config.json says {config.layers} layers")


def with_rows(header: Header) -> Header:
    """A GGUF file's header, with the one row of matrices that may have one: what ggml itself writes, such as
    llama-quantize, leaves out sides of 1 at the end."""
    tensors = [
        entry._replace(shape=(1, *entry.shape))
        if entry.name in _MAY_HAVE_ONE_ROW and len(entry.shape) == 1
        else entry
        for entry in header.tensors
    ]
    return replace(header, tensors=tensors)


def gguf_parts(header: Header, config: Config) -> list[Part]:
    """folder_parts for a GGUF file, whose config says whether it scores pairs."""
    shapes = _shapes(header)
    names = {name: name if layer is None else f"blk.{{}}.{name}" for name, layer, _, _ in canonical(config)}
    fused: dict[str, tuple[str, ...]] = {}
    if "blk.0.attn_qkv.weight" in shapes:
        fused["blk.{}.attn_qkv"] = QKV
    if config.gated and "blk.0.ffn_gate.weight" not in shapes:
        fused["blk.{}.ffn_up"] = ("ffn_gate", "ffn_up")
    needs = _needs(config, names, fused)
    if config.steps:
        heads = [(head.matrix, head.norm) for head in FAMILIES[config.family].heads]
        needs |= step_needs(config, heads)
    return _check(header, needs, lambda _: False, f"the file says {config.layers} layers")


def gguf_biases(header: Header, *, gated: bool) -> tuple[str, ...]:
    """Which matrices have biases, as the first layer has them."""
    names = _shapes(header)
    found = [name for name in (*ATTENTION, "ffn_gate", *PLAIN) if f"blk.0.{name}.bias" in names]
    if "blk.0.attn_qkv.bias" in names:
        found += QKV
    if gated and "ffn_up" in found and "blk.0.ffn_gate.weight" not in names:
        found.append("ffn_gate")
    return tuple(found)


def _shapes(header: Header) -> dict[str, Shape]:
    return {entry.name: entry.shape for entry in (*header.tensors, *header.others.values())}


def _check(
    header: Header, needs: Mapping[str, Need], ignored: Callable[[str], bool], layers: str
) -> list[Part]:
    entries = {entry.name: entry for entry in (*header.tensors, *header.others.values())}
    parts: list[Part] = []
    for name, need in needs.items():
        entry = entries.get(name)
        why = header.unusable.get(name)
        # Vectors are made in float32 of what kernels cannot use as it is.
        made = entry is not None and len(need.shape) == 1 and entry.type in ("F32", "F16", "BF16")
        if entry is None or (why is not None and not made):
            raise model_error(f"tensor {name} {why or 'is missing'}", None)
        if entry.shape != need.shape:
            raise model_error(f"tensor {name} is {entry.shape}, must be {need.shape}", entry.offset)
        if len(need.shape) == 1 and not made:
            raise model_error(f"tensor {name} is {entry.type}: a vector must be float32", entry.offset)
        parts += need.parts
    for name in (*entries, *header.unusable):
        if name not in needs and not ignored(name):
            entry = entries.get(name)
            raise model_error(
                f"tensor {name} is not known: it would change the result ({layers})",
                entry.offset if entry is not None else None,
            )
    return parts
