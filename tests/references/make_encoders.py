"""Makes encoders.json and encoders.npz: tiny encoders and what float32 transformers computes with them, for
tests/test_encoders.py.

    python -m venv ref
    ref/bin/pip install torch==2.14.1 transformers==5.24.0 safetensors gguf==0.19.0 tokenizers
    ref/bin/python tests/references/make_encoders.py

Weights are not kept: encoder_models.py makes the same ones there as here. A folder with a config and these
weights is opened, and each of its tensors must have a place. Attention is the eager one, each text is
computed alone, without padding. What sentence-transformers does with rows is written out here. For what a
family has of its own there are changes of the config which must show.

encoders.json, by name: "config" of the folder, "tensors" the shapes of its tensors.
encoders.npz, by name: of an encoder float32 (texts, 4, dim), each text's mean, first row, last row and
largest elements; of what scores pairs float32 (texts, labels).
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.numpy import save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import encoder_models  # noqa: E402

BASE = {
    "vocab_size": encoder_models.VOCAB,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 60,
    "pad_token_id": 0,
}
ROBERTA = BASE | {"max_position_embeddings": 62, "pad_token_id": 1, "type_vocab_size": 1}
MODERN = {name: value for name, value in BASE.items() if name != "num_hidden_layers"} | {
    "num_hidden_layers": 5,
    "local_attention": 8,
    "global_attn_every_n_layers": 2,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "cls_token_id": 2,
    "sep_token_id": 3,
}
MODERN_BIASES = MODERN | {
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
    "num_hidden_layers": 4,
    "attention_bias": True,
    "mlp_bias": True,
    "norm_bias": True,
}
SILU = MODERN | {"hidden_activation": "silu"}
DISTIL = {
    "vocab_size": encoder_models.VOCAB,
    "dim": 32,
    "hidden_dim": 64,
    "n_layers": 2,
    "n_heads": 4,
    "max_position_embeddings": 60,
    "pad_token_id": 0,
}
NOMIC = BASE | {"rope_parameters": {"rope_type": "default", "rope_theta": 1000.0}}
ONE = {"num_labels": 1}
THREE = {"num_labels": 3}

# The class, its config, and changes that must show.
ROWS: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    "bert": ("BertModel", BASE, [{"hidden_act": "gelu_new"}]),
    "bert-tanh": ("BertModel", BASE | {"hidden_act": "gelu_new"}, []),
    "xlm-roberta": ("XLMRobertaModel", ROBERTA, [{"pad_token_id": 0}]),
    "distilbert": ("DistilBertModel", DISTIL, []),
    "nomic": ("NomicBertModel", NOMIC, [{"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}]),
    "modernbert": (
        "ModernBertModel",
        MODERN,
        [
            {"local_attention": 10},
            {"local_attention": 6},
            {"layer_types": ["full_attention"] * 5},
            {"hidden_activation": "gelu_new"},
        ],
    ),
    "modernbert-biases": ("ModernBertModel", MODERN_BIASES, []),
    "modernbert-silu": ("ModernBertModel", SILU, []),
    "bert-scores": ("BertForSequenceClassification", BASE | ONE, []),
    "xlm-roberta-scores": ("XLMRobertaForSequenceClassification", ROBERTA | ONE, []),
    "modernbert-scores": (
        "ModernBertForSequenceClassification",
        MODERN | THREE | {"classifier_pooling": "mean", "classifier_bias": True},
        [{"classifier_pooling": "cls"}],
    ),
}
# The keys of nomic's own code, which folders on the hub have.
NOMIC_KEYS = {
    "hidden_size": "n_embd",
    "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
    "intermediate_size": "n_inner",
    "max_position_embeddings": "n_positions",
    "layer_norm_eps": "layer_norm_epsilon",
}
SHOWS = 1e-3  # at least; tests allow a tenth of it


def own_config(config: dict[str, Any]) -> dict[str, Any]:
    if config["model_type"] != "nomic_bert":
        return config
    found = {NOMIC_KEYS[key]: config[key] for key in NOMIC_KEYS}
    return found | {
        **{key: config[key] for key in ("model_type", "vocab_size", "type_vocab_size", "pad_token_id")},
        "activation_function": "swiglu",
        "causal": False,
        "prenorm": False,
        "qkv_proj_bias": False,
        "mlp_fc1_bias": False,
        "mlp_fc2_bias": False,
        "rotary_emb_base": config["rope_parameters"]["rope_theta"],
        "rotary_emb_fraction": 1.0,
        "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None,
        "rotary_scaling_factor": None,
        "max_trained_positions": 2048,
    }


def config_of(kind: str, options: dict[str, Any]) -> Any:
    return getattr(transformers, kind).config_class(**options)


def checkpoint(kind: str, options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """config.json and the shapes of the tensors, as transformers writes both."""
    with tempfile.TemporaryDirectory() as folder:
        getattr(transformers, kind)(config_of(kind, options)).save_pretrained(folder)
        written = json.loads((Path(folder) / "config.json").read_text())
        with safe_open(Path(folder) / "model.safetensors", "pt") as file:
            shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    return written, {name: shape for name, shape in shapes.items() if not name.startswith("pooler.")}


def loaded(kind: str, config: dict[str, Any], weights: dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        save_file(weights, Path(folder) / "model.safetensors", {"format": "pt"})
        model, info = getattr(transformers, kind).from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
        )
    missing = {name for name in info.pop("missing_keys") if not name.startswith("pooler.")}
    if missing or any(info.values()):
        sys.exit(f"{kind}: {missing} {info}")
    return model.eval()


@torch.no_grad()
def results(model: Any) -> np.ndarray:
    found = []
    for ids, types in zip(encoder_models.texts(), encoder_models.types(), strict=True):
        given = {"input_ids": torch.tensor([ids])}
        scores = "SequenceClassification" in type(model).__name__
        if scores and getattr(model.config, "type_vocab_size", 1) > 1:
            given["token_type_ids"] = torch.tensor([types])
        output = model(**given)
        if scores:
            found.append(output.logits[0].numpy())
            continue
        rows = output.last_hidden_state[0].numpy()
        found.append(np.stack([rows.mean(0), rows[0], rows[-1], rows.max(0)]))
    return np.stack(found).astype(np.float32)


def main() -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    table: dict[str, Any] = {}
    arrays = {}
    for name, (kind, options, changes) in ROWS.items():
        config, shapes = checkpoint(kind, options)
        weights = encoder_models.weights(name, shapes)
        arrays[name] = results(loaded(kind, config, weights))
        for change in changes:
            other = {**config, **change}
            difference = np.abs(results(loaded(kind, other, weights)) - arrays[name]).max()
            print(f"{name}: {change} changes {difference:.3g}")
            if not difference > SHOWS:
                sys.exit(f"{name}: {change} does not show")
        table[name] = {"config": own_config(config), "tensors": shapes}
    (HERE / "encoders.json").write_text(json.dumps(table, indent=1) + "\n")
    np.savez_compressed(HERE / "encoders.npz", **arrays)
    size = (HERE / "encoders.npz").stat().st_size
    print(f"{len(table)} encoders, {size} bytes")


if __name__ == "__main__":
    main()
