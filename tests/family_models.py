"""Files of the tiny models of references/families.json, with family_weights.py's weights: a folder as
transformers writes it, and a GGUF as llama.cpp's converter does. Neither torch nor zcwasm takes part.

references/check_families.py has that converter make its own GGUF of the folder and compares metadata and
tensors. It was the one in the sdist of llama-cpp-python 0.3.36. What it leaves out and is
written here: Mistral's window, the scale of Gemma 2's attention where it is not the usual one, and the
vocabulary, for which it would want a tokenizer that it knows by its hash.
"""

from __future__ import annotations

import functools
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import family_weights
import gguf
import numpy as np
import numpy.typing as npt
from byte_letters import letters
from gguf import quants

Array = npt.NDArray[np.float32]

REFERENCES = Path(__file__).parent / "references"
CONTROLS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
MERGE = "a b"
MXFP4 = gguf.GGMLQuantizationType.MXFP4


@functools.cache
def table() -> dict[str, dict[str, Any]]:
    """references/families.json"""
    found: dict[str, dict[str, Any]] = json.loads((REFERENCES / "families.json").read_text())
    return found


def config(family: str) -> dict[str, Any]:
    """A copy of its config.json."""
    copy: dict[str, Any] = json.loads(json.dumps(table()[family]["config"]))
    return copy


def layers(config: Mapping[str, Any]) -> int:
    return int(config.get("num_hidden_layers") or config["n_layer"])


def checkpoint(family: str) -> dict[str, Array]:
    """Its tensors by transformers' names."""
    row = table()[family]
    shapes = {}
    for name, shape in row["tensors"].items():
        for layer in range(layers(row["config"]) if "{}" in name else 1):
            shapes[name.format(layer)] = shape
    return family_weights.weights(family, row["config"], shapes)


def vocabulary(count: int) -> list[str]:
    """Control tokens, bytes, one merge, and more control tokens, which no text has."""
    tokens = [*CONTROLS, *letters(), MERGE.replace(" ", "")]
    return tokens + [f"<|reserved_{index}|>" for index in range(count - len(tokens))]


# --- folders ---


def old_style(config: Mapping[str, Any]) -> dict[str, Any]:
    """config.json as transformers 4 wrote it, which most folders have: other places for what says how to
    rotate, and no types of layers. Transformers 5 reads it as the same (references/make_families.py)."""
    old = {name: value for name, value in config.items() if name not in ("dtype", "layer_types")}
    old |= {"torch_dtype": config["dtype"], "transformers_version": "4.46.0"}
    rope = dict(old.pop("rope_parameters", None) or {})
    if "full_attention" in rope:
        if config["model_type"] == "gemma3_text":
            old["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
            old["sliding_window_pattern"] = old.pop("_sliding_window_pattern")
        rope = dict(rope["full_attention"])
    if config["model_type"] == "qwen3_moe":
        old["num_experts"] = old.pop("num_local_experts")
    neox = config["model_type"] == "gpt_neox"
    if "rope_theta" in rope:
        old["rotary_emb_base" if neox else "rope_theta"] = rope.pop("rope_theta")
    if "partial_rotary_factor" in rope:
        old["rotary_pct" if neox else "partial_rotary_factor"] = rope.pop("partial_rotary_factor")
    if config["model_type"] == "phi3":  # which has it beside its factors
        rope.pop("original_max_position_embeddings", None)
        rope = {"type" if name == "rope_type" else name: value for name, value in rope.items()}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        old["rope_scaling"] = rope
    return old


class Stored(NamedTuple):
    """A tensor of another type than the others: its elements' bytes."""

    type: str
    shape: tuple[int, ...]
    data: bytes


def as_bytes(values: npt.NDArray[np.uint8]) -> Stored:
    return Stored("U8", values.shape, values.tobytes())


def in_four_bits(tensors: Mapping[str, Array]) -> dict[str, Array | Stored]:
    """gpt-oss's tensors as its folders have them, experts in MXFP4, which holds them exactly: bytes of two
    numbers that follow each other, and exponents."""
    found: dict[str, Array | Stored] = {}
    for name, values in tensors.items():
        if not name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            found[name] = values
            continue
        matrices, columns, rows = values.shape
        blocks = quants.quantize(np.ascontiguousarray(values.swapaxes(1, 2)), MXFP4)
        blocks = blocks.reshape(matrices, rows, columns // 32, 17)
        numbers = np.concatenate([blocks[..., 1:] & 15, blocks[..., 1:] >> 4], axis=-1)
        found[f"{name}_blocks"] = as_bytes(numbers[..., ::2] | numbers[..., 1::2] << 4)
        found[f"{name}_scales"] = as_bytes(blocks[..., 0])
    return found


def _encoded(values: Array, kind: str) -> bytes:
    """The weights fit each kind without rounding."""
    if kind == "BF16":
        return (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    return values.astype({"F32": "<f4", "F16": "<f2"}[kind]).tobytes()


def write_safetensors(path: Path, tensors: Mapping[str, Array | Stored], kind: str = "F32") -> None:
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, values in tensors.items():
        stored = values if isinstance(values, Stored) else None
        raw = stored.data if isinstance(values, Stored) else _encoded(values, kind)
        offsets = [len(data), len(data) + len(raw)]
        dtype = stored.type if stored else kind
        head[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def tokenizer_json(count: int) -> dict[str, Any]:
    """Bytes, and control tokens."""
    tokens = vocabulary(count)
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": index, "content": token, **added}
            for index, token in enumerate(tokens)
            if token.startswith("<|")
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        },
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": [MERGE],
        },
    }


def write_folder(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, Array | Stored],
    *,
    kind: str = "F32",
    shards: int = 1,
) -> Path:
    """A checkpoint of these tensors, all of one kind, in that many files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(config["vocab_size"])))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": CONTROLS[1]}))
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors, kind)
        return folder
    names, where = list(tensors), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard::shards]
        write_safetensors(folder / file, {name: tensors[name] for name in part}, kind)
        where |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": 0}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


# --- GGUF ---

ARCHITECTURES = {"mistral": "llama", "gemma3_text": "gemma3", "gpt_neox": "gptneox", "olmo3": "olmo2"}
ARCHITECTURES |= {"ministral3": "mistral3", "cohere": "command-r"}
ARCHITECTURES |= {"mixtral": "llama", "qwen3_moe": "qwen3moe", "gpt_oss": "gpt-oss"}
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.qkv_proj": "attn_qkv",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "block_sparse_moe.gate": "ffn_gate_inp",
    "mlp.router": "ffn_gate_inp",
    # GPT-NeoX
    "gpt_neox.embed_in": "token_embd",
    "gpt_neox.final_layer_norm": "output_norm",
    "embed_out": "output",
    "attention.query_key_value": "attn_qkv",
    "attention.dense": "attn_output",
    "mlp.dense_h_to_4h": "ffn_up",
    "mlp.dense_4h_to_h": "ffn_down",
    # GPT-2
    "transformer.wte": "token_embd",
    "transformer.wpe": "position_embd",
    "transformer.ln_f": "output_norm",
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
# Rows of q and k in pairs, where transformers has halves.
PAIRS = {"llama", "mistral", "ministral3", "mixtral", "smollm3", "granite"}
# Of an expert, which GGUF has all of in one tensor.
EXPERTS = {"w1": "ffn_gate", "w3": "ffn_up", "w2": "ffn_down"}
EXPERTS |= {f"{name}_proj": f"ffn_{name}" for name in ("gate", "up", "down")}
LAYER_NORMS = {"stablelm", "gpt_neox", "gpt2", "cohere", "cohere2", "starcoder2"}


def _sizes(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Heads, those of keys and values, elements of one."""
    heads = config.get("num_attention_heads") or config["n_head"]
    dim = config.get("hidden_size") or config["n_embd"]
    return heads, config.get("num_key_value_heads", heads), config.get("head_dim", dim // heads)


def metadata(config: Mapping[str, Any]) -> dict[str, Any]:
    """All but the vocabulary. Integers are uint32, the other numbers float32."""
    kind = config["model_type"]
    heads, kv_heads, head_size = _sizes(config)
    rope = config.get("rope_parameters") or {}
    rope = rope.get("full_attention", rope)
    rotated = int(rope.get("partial_rotary_factor", 1.0) * head_size)
    dim = config.get("hidden_size") or config["n_embd"]
    found: dict[str, Any] = {
        "block_count": layers(config),
        "context_length": config.get("max_position_embeddings") or config["n_positions"],
        "embedding_length": dim,
        "feed_forward_length": config.get("intermediate_size", 4 * dim),
        "attention.head_count": heads,
    }
    if kind not in ("gpt_neox", "gpt2"):
        found["attention.head_count_kv"] = kv_heads
    if kind in LAYER_NORMS:
        names = ("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")
        found["attention.layer_norm_epsilon"] = next(config[name] for name in names if name in config)
    else:
        found["attention.layer_norm_rms_epsilon"] = config["rms_norm_eps"]
    if "head_dim" in config:
        found |= {"attention.key_length": head_size, "attention.value_length": head_size}
    if kind not in ("gemma", "gemma2", "stablelm", "gpt_neox", "gpt2"):
        found["rope.freq_base"] = rope["rope_theta"]
    if kind in (*PAIRS, "cohere2"):
        found |= {"vocab_size": config["vocab_size"], "rope.dimension_count": head_size}
    if kind in ("phi3", "stablelm", "gpt_neox", "glm4"):
        found["rope.dimension_count"] = rotated
    if kind in ("stablelm", "gpt_neox"):
        found["use_parallel_residual"] = config["use_parallel_residual"]
    if "num_local_experts" in config:
        found["expert_count"] = config["num_local_experts"]
        found["expert_used_count"] = config["num_experts_per_tok"]
    if kind == "gpt_oss":
        found["expert_feed_forward_length"] = config["intermediate_size"]
    if "moe_intermediate_size" in config:
        found["expert_feed_forward_length"] = config["moe_intermediate_size"]
    scaling = rope.get("rope_type")
    if scaling in ("linear", "yarn"):
        found |= {"rope.scaling.type": scaling, "rope.scaling.factor": rope["factor"]}
    if scaling == "yarn":
        found["rope.scaling.original_context_length"] = rope["original_max_position_embeddings"]
        for name in ("beta_fast", "beta_slow"):
            if name in rope:
                found[f"rope.scaling.yarn_{name}"] = rope[name]
    if kind == "phi3":
        original = config["original_max_position_embeddings"]
        found["rope.scaling.original_context_length"] = original
        found["attention.sliding_window"] = config["sliding_window"] or 0
        if scaling == "longrope":
            scale = math.log(found["context_length"] / original)
            found["rope.scaling.attn_factor"] = math.sqrt(1 + scale / math.log(original))
    if kind == "ministral3":
        found["rope.scaling.yarn_log_multiplier"] = rope["mscale_all_dim"]
        found["attention.temperature_scale"] = rope["llama_4_scaling_beta"]
    if kind in ("gemma2", "gemma3_text", "mistral", "olmo3", "cohere2", "starcoder2", "gpt_oss") or (
        config.get("use_sliding_window")
    ):
        found["attention.sliding_window"] = config["sliding_window"]
    if kind == "olmo3" or config.get("use_sliding_window"):
        windows = [layer == "sliding_attention" for layer in config["layer_types"]]
        found["attention.sliding_window_pattern"] = windows
    if kind in ("cohere", "cohere2"):
        found |= {"logit_scale": config["logit_scale"], "rope.scaling.type": "none"}
    if kind == "gemma2":
        found["attn_logit_softcapping"] = config["attn_logit_softcapping"]
        found["final_logit_softcapping"] = config["final_logit_softcapping"]
        if config["query_pre_attn_scalar"] != head_size:
            found["attention.scale"] = config["query_pre_attn_scalar"] ** -0.5
    if kind in ("gemma3_text", "olmo3"):
        found["rope.freq_base_swa"] = config["rope_parameters"]["sliding_attention"]["rope_theta"]
    if kind == "granite":
        found |= {
            "attention.scale": config["attention_multiplier"],
            "embedding_scale": config["embedding_multiplier"],
            "residual_scale": config["residual_multiplier"],
            "logit_scale": config["logits_scaling"],
        }
    architecture = ARCHITECTURES.get(kind, kind)
    general = {"architecture": architecture, "type": "model", "quantization_version": 2}
    if kind != "gpt_neox":
        general["file_type"] = 0
    return {f"general.{name}": value for name, value in general.items()} | {
        f"{architecture}.{name}": value for name, value in found.items()
    }


def _paired(values: Array, heads: int) -> Array:
    """Rows of each head: the first of either half, the second of either half, ..."""
    halves = values.reshape(heads, 2, len(values) // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _llama3_factors(rope: Mapping[str, Any], head_size: int) -> Array:
    """By what frequencies are divided: low ones by the factor, high ones by 1, smoothly between."""
    waves = 2 * np.pi * rope["rope_theta"] ** (np.arange(0, head_size, 2) / head_size)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = np.clip((rope["original_max_position_embeddings"] / waves - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).astype(np.float32)


def canonical(config: Mapping[str, Any], tensors: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors by their names in GGUF, as they are there."""
    return dict(_canonical(config, tensors))


def _canonical(config: Mapping[str, Any], tensors: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    kind = config["model_type"]
    heads, kv_heads, head_size = _sizes(config)
    norm_offset = family_weights.Kind.of(config).norm_offset
    names = dict(NAMES)
    if kind == "glm4":
        names |= {"post_self_attn_layernorm": "post_attention_norm", "post_mlp_layernorm": "post_ffw_norm"}
    if kind == "gpt_oss" or any("post_feedforward_layernorm" in name for name in tensors):
        names["post_attention_layernorm"] = "post_attention_norm"
    experts: dict[str, dict[int, Array]] = {}
    for name, values in tensors.items():
        if kind == "gpt_oss" and (found := _of_gpt_oss(name, values)):
            yield from found.items()
            continue
        stem, _, suffix = name.rpartition(".")
        layer = re.fullmatch(r"(?:model\.layers|gpt_neox\.layers|transformer\.h)\.(\d+)\.(.*)", stem)
        expert = re.fullmatch(r"(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(\w+)", layer[2]) if layer else None
        if layer and expert:
            of_layer = experts.setdefault(f"blk.{layer[1]}.{EXPERTS[expert[2]]}_exps.weight", {})
            of_layer[int(expert[1])] = values
            continue
        short = names[layer[2] if layer else stem]
        if kind in PAIRS and short in ("attn_q", "attn_k"):
            values = _paired(values, heads if short == "attn_q" else kv_heads)
        if kind == "gpt_neox" and short == "attn_qkv":  # q, k and v of each head lie together
            parts = values.reshape(heads, 3, head_size, *values.shape[1:])
            values = parts.swapaxes(0, 1).reshape(values.shape)
        if kind == "gpt2" and layer and values.ndim == 2:
            values = np.ascontiguousarray(values.T)
        if short.endswith("norm"):
            values = values + np.float32(norm_offset)
        yield (f"blk.{layer[1]}." if layer else "") + f"{short}.{suffix}", values
    for name, of_layer in experts.items():
        yield name, np.stack([of_layer[index] for index in range(len(of_layer))])
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type") == "llama3":
        yield "rope_freqs.weight", _llama3_factors(rope, head_size)
    if rope.get("rope_type") == "longrope":
        for length in ("long", "short"):
            yield f"rope_factors_{length}.weight", np.array(rope[f"{length}_factor"], np.float32)


def _of_gpt_oss(name: str, values: Array) -> dict[str, Array]:
    """Its sinks and its experts, whose matrices lie there in columns, and the rows of gate and up in turn."""
    found = re.fullmatch(r"model\.layers\.(\d+)\.(?:mlp\.experts|self_attn)\.(\w+?)(_bias)?", name)
    if not found:
        return {}
    block, matrix, bias = found.groups()
    if matrix == "sinks":
        return {f"blk.{block}.attn_sinks.weight": values}
    if not bias:
        values = values.swapaxes(1, 2)
    parts = {"down": values}
    if matrix == "gate_up_proj":
        parts = {"gate": values[:, ::2], "up": values[:, 1::2]}
    end = "bias" if bias else "weight"
    return {f"blk.{block}.ffn_{part}_exps.{end}": np.ascontiguousarray(rows) for part, rows in parts.items()}


def vocabulary_metadata(count: int) -> dict[str, Any]:
    tokens = vocabulary(count)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token.startswith("<|") else 1 for token in tokens],
        "tokenizer.ggml.merges": [MERGE],
        "tokenizer.ggml.eos_token_id": 1,
    }


def quantized(
    tensors: Mapping[str, Array], kind: str
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Array]]:
    """The matrices' blocks in that type, all other tensors as they are; and what the blocks stand for."""
    number = gguf.GGMLQuantizationType[kind]
    matrices = {name for name, values in tensors.items() if values.ndim == 2 and "position" not in name}
    blocks = {name: quants.quantize(tensors[name], number) for name in matrices}
    values = {name: quants.dequantize(blocks[name], number) for name in matrices}
    return {**tensors, **blocks}, {**tensors, **values}


def add_value(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    """As the type that converters write it in."""
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def write_gguf(
    path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]], kind: str = "F32"
) -> Path:
    """A file of these, in F32, or what is blocks (bytes) in `kind`."""
    writer = gguf.GGUFWriter(path, metadata["general.architecture"])
    for key, value in metadata.items():
        if key == "general.architecture":
            continue  # the writer's
        add_value(writer, key, value)
    for name, values in tensors.items():
        blocks = values.dtype == np.uint8
        writer.add_tensor(name, values, raw_dtype=gguf.GGMLQuantizationType[kind] if blocks else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def family_gguf(path: Path, family: str) -> Path:
    """The family's GGUF."""
    own = config(family)
    known = metadata(own) | vocabulary_metadata(own["vocab_size"])
    return write_gguf(path, known, canonical(own, checkpoint(family)))


def gguf_in_four_bits(path: Path, family: str) -> Path:
    """That of gpt-oss with its experts in MXFP4, which holds them exactly."""
    own = config(family)
    known = metadata(own) | vocabulary_metadata(own["vocab_size"])
    known["general.file_type"] = int(gguf.LlamaFileType.MOSTLY_MXFP4_MOE)
    tensors: dict[str, npt.NDArray[Any]] = {
        name: quants.quantize(values, MXFP4) if name.endswith("_exps.weight") else values
        for name, values in canonical(own, checkpoint(family)).items()
    }
    return write_gguf(path, known, tensors, "MXFP4")
