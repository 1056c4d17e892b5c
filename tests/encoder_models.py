"""Files of the tiny encoders of references/encoders.json, with weights made from a seed for each tensor's
name: a folder as transformers writes it, and a GGUF as llama.cpp's converter does. Neither torch nor zcwasm
takes part; references/make_encoders.py gives the same weights to transformers."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from family_models import add_value, write_safetensors
from family_weights import _norm, _uniform
from gguf import quants

Array = npt.NDArray[np.float32]

REFERENCES = Path(__file__).parent / "references"
VOCAB = 64
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(chr(code) for code in range(ord("a"), ord("z") + 1))]
WORDS += [f"##{letter}" for letter in WORDS[4:]]
# Texts' lengths: one token, within the local windows, and far beyond them.
LENGTHS = (1, 6, 43)


def texts() -> list[list[int]]:
    """Ids; a text of a pair ends before half of them."""
    return [[(5 * n * n + 7 * n + 4 * length) % 60 + 4 for n in range(length)] for length in LENGTHS]


def types() -> list[list[int]]:
    return [[int(n >= length // 2) for n in range(length)] for length in LENGTHS]


@functools.cache
def table() -> dict[str, dict[str, Any]]:
    """references/encoders.json"""
    found: dict[str, dict[str, Any]] = json.loads((REFERENCES / "encoders.json").read_text())
    return found


def weights(name: str, shapes: Mapping[str, list[int]]) -> dict[str, Array]:
    return {tensor: _weight(f"{name}/{tensor}", tensor, shape) for tensor, shape in shapes.items()}


def _weight(seed: str, name: str, shape: list[int]) -> Array:
    if name.endswith(".bias"):
        return _uniform(seed, shape, 0.2)
    if len(shape) == 1:
        return _norm(seed, shape, 1.0, 0.0)
    if "embeddings" in name:
        return _uniform(seed, shape, 1.0)
    return _uniform(seed, shape, 1.5 / math.sqrt(shape[1]))


def checkpoint(name: str) -> dict[str, Array]:
    return weights(name, table()[name]["tensors"])


def tokenizer_json() -> str:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(
        models.WordPiece({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(WORDS[:4])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    text: str = tokenizer.to_str()
    return text


def write_folder(folder: Path, name: str, kind: str = "F32", **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**table()[name]["config"], **changes}))
    (folder / "tokenizer.json").write_text(tokenizer_json())
    write_safetensors(folder / "model.safetensors", checkpoint(name), kind)
    return folder


# --- GGUF ---

ARCHITECTURES = {"modernbert": "modern-bert", "nomic_bert": "nomic-bert"}
_NAMES = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.tok_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "embeddings.norm": "token_embd_norm",
    "emb_ln": "token_embd_norm",
    "final_norm": "output_norm",
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
    "attn.Wqkv": "attn_qkv",
    "attn.Wo": "attn_output",
    "attn.out_proj": "attn_output",
    "attn_norm": "attn_norm",
    "mlp_norm": "ffn_norm",
    "mlp.Wi": "ffn_up",
    "mlp.Wo": "ffn_down",
    "mlp.fc11": "ffn_up",
    "mlp.fc12": "ffn_gate",
    "mlp.fc2": "ffn_down",
    "norm1": "attn_output_norm",
    "norm2": "layer_output_norm",
    # What scores pairs.
    "pooler.dense": "cls",
    "classifier.dense": "cls",
    "head.dense": "cls",
    "head.norm": "cls.norm",
    "classifier": "cls.output",
    "classifier.out_proj": "cls.output",
}


def metadata(config: Mapping[str, Any], pooling: int | None) -> dict[str, Any]:
    kind = config["model_type"]
    nomic, modern = kind == "nomic_bert", kind == "modernbert"

    def number(name: str, of_nomic: str) -> Any:
        return config[of_nomic if nomic else name]

    positions = number("max_position_embeddings", "n_positions")
    if "roberta" in kind:
        positions -= config["pad_token_id"] + 1
    found = {
        "block_count": number("num_hidden_layers", "n_layer"),
        "context_length": positions,
        "embedding_length": number("hidden_size", "n_embd"),
        "feed_forward_length": number("intermediate_size", "n_inner"),
        "attention.head_count": number("num_attention_heads", "n_head"),
        "attention.layer_norm_epsilon": float(
            config["norm_eps" if modern else "layer_norm_epsilon" if nomic else "layer_norm_eps"]
        ),
        "attention.causal": False,
        "pooling_type": pooling,
    }
    if str(config.get("architectures")).endswith("ForSequenceClassification']"):
        labels = config["id2label"]
        found["classifier.output_labels"] = [labels[key] for key in sorted(labels, key=int)]
    if nomic:
        found["rope.freq_base"] = float(config["rotary_emb_base"])
    if modern:
        ropes = config["rope_parameters"]
        epsilon = found.pop("attention.layer_norm_epsilon")
        found |= {
            # The wrong name, where a config has norm_eps alone; ModernBERT's own have both.
            "attention.layer_norm_rms_epsilon": epsilon,
            "classifier.pooling_type": {"mean": 1, "cls": 2}[config["classifier_pooling"]],
            "rope.freq_base": float(ropes["full_attention"]["rope_theta"]),
            "rope.freq_base_swa": float(ropes["sliding_attention"]["rope_theta"]),
            "rope.scaling.type": "none",
            "attention.sliding_window": config["local_attention"],
            "attention.sliding_window_pattern": config["global_attn_every_n_layers"],
            "vocab_size": config["vocab_size"],
            "hidden_activation": config["hidden_activation"],
        }
    return found


def write_gguf(
    path: Path,
    name: str,
    *,
    pooling: int | None = None,
    quantized: str = "",
    without: Collection[str] = (),
    flat: bool = False,
    **changes: Any,
) -> Path:
    """pooling: None is the mean, and of what scores pairs none. quantized: the type of matrices whose rows it
    has whole; without: tensors that are left out; flat: a matrix of one row has one side, as ggml itself
    writes it; changes: of the metadata, None: left out. What scores pairs of BERT has its pooler as `cls`,
    which the converter leaves out."""
    config = table()[name]["config"]
    if pooling is None and not name.endswith("-scores"):
        pooling = 1
    architecture = ARCHITECTURES.get(config["model_type"], "bert")
    writer = gguf.GGUFWriter(path, architecture)
    values = metadata(config, pooling) | {key.replace("__", "."): value for key, value in changes.items()}
    for key, value in values.items():
        if value is not None:
            add_value(writer, f"{architecture}.{key}", value)
    tokens = [
        word if index < 4 else word[2:] if word.startswith("##") else "\u2581" + word
        for index, word in enumerate(WORDS)
    ]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 4 + [1] * (len(tokens) - 4))
    writer.add_token_type_count(config.get("type_vocab_size", 0))
    for key, index in (("unknown", 1), ("cls", 2), ("seperator", 3)):
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", index)
    writer.add_bool("tokenizer.ggml.normalizer.lowercase", False)
    for tensor, values_of in checkpoint(name).items():
        layer, short = _short(tensor)
        canonical = f"blk.{layer}.{_NAMES[short[0]]}" if layer else _NAMES[short[0]]
        full = f"{canonical}.{short[1]}"
        if full in without:
            continue
        array = values_of
        if canonical == "position_embd" and "roberta" in config["model_type"]:
            array = array[config["pad_token_id"] + 1 :]
        kind = None
        if quantized and array.ndim == 2 and canonical not in ("position_embd", "token_types"):
            kind = gguf.GGMLQuantizationType[quantized]
            array = quants.quantize(array, kind)
        if flat and len(array) == 1:
            array = array[0]
        writer.add_tensor(full, np.ascontiguousarray(array), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _short(tensor: str) -> tuple[str, tuple[str, str]]:
    """The layer, and the name within it, of a tensor of transformers."""
    name, _, end = tensor.rpartition(".")
    for prefix in ("bert.", "roberta.", "model."):  # where there are heads beside the encoder
        name = name.removeprefix(prefix)
    words = name.split(".")
    for at, word in enumerate(words):
        if word.isdigit():
            return word, (".".join(words[at + 1 :]), end)
    return "", (name, end)
