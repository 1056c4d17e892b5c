"""Makes families.json and families.npz: tiny models of every family and what float32 transformers computes
with them, for tests/test_families.py.

    python -m venv ref
    ref/bin/pip install torch==2.13.0 transformers==5.24.0 safetensors gguf==0.19.0
    ref/bin/python tests/references/make_families.py

Weights are not kept: family_weights.py makes the same ones there as here. A folder with a config and these
weights is opened; that each tensor of the model is in it is checked. Attention is the eager one, so that
every step is a plain float32 operation, and nothing is cached: logits of a position are those of one pass
over all ids up to the last one. A config.json as transformers 4 wrote it must give the same bits. Nothing of
zcwasm takes part. It takes a minute.

For every family there are changes of the config which must show: a reference that does not depend on its
window would prove nothing about windows.

families.json, by family: "config" as transformers writes config.json, "tensors" the shapes of a checkpoint's
tensors (those of layers once, with {} for the number).

families.npz:
    ids        int16 (families, 80): the prompt and the 32 ids with the largest logits that follow it
    logits     float32 (families, rows, vocabulary): after the ids up to the positions family_weights.ROWS
    top        float32 (families, 32): the largest logit of each step
    margins    float32 (families, 32): largest minus second largest
The families are in the order of families.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
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
import family_models  # noqa: E402
import family_weights  # noqa: E402

VOCAB = 300
# What all have that take it: small, but no default.
BASE = {
    "vocab_size": VOCAB,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": None,
}


def rope(kind: str = "default", theta: float = 10000.0, **more: Any) -> dict[str, Any]:
    return {"rope_type": kind, "rope_theta": theta, **more}


SHORT_FACTORS = [1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0]
LONG_FACTORS = [1.0, 1.5, 2.25, 3.0, 4.5, 6.0, 8.0, 9.5]
LONG = {"short_factor": SHORT_FACTORS, "long_factor": LONG_FACTORS}
FIRST_SIX = {name: factors[:6] for name, factors in LONG.items()}
MINISTRAL = {
    "original_max_position_embeddings": 128,
    "max_position_embeddings": 256,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}
OSS = {"factor": 8.0, "original_max_position_embeddings": 32, "beta_fast": 2.0, "beta_slow": 0.5}
# Beside what a family is: its config, and changes of the config that must change logits.
Row = tuple[str, dict[str, Any], list[dict[str, Any]]]
PLAIN = {"rope_parameters": rope()}

FAMILIES: dict[str, Row] = {
    # --- Llama's graph, with each scaling of the angles ---
    "llama": ("Llama", {"rms_norm_eps": 1e-5, "rope_parameters": rope(theta=500.0)}, [PLAIN]),
    "llama-3": (
        "Llama",
        {
            "tie_word_embeddings": True,
            "rope_parameters": rope(
                "llama3",
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=32,
            ),
        },
        [PLAIN],
    ),
    "llama-linear": (
        "Llama",
        {
            "attention_bias": True,
            "mlp_bias": True,
            "num_key_value_heads": 1,
            "rope_parameters": rope("linear", factor=4.0),
        },
        [PLAIN],
    ),
    "llama-yarn": (
        "Llama",
        {
            "hidden_size": 96,
            "num_attention_heads": 3,
            "num_key_value_heads": 3,
            "rope_parameters": rope(
                "yarn",
                500.0,
                factor=8.0,
                original_max_position_embeddings=32,
                beta_fast=2.0,
                beta_slow=0.5,
            ),
        },
        [
            {"rope_parameters": rope(theta=500.0)},
            {"rope_parameters": rope("linear", 500.0, factor=8.0)},
            {"rope_parameters": rope("yarn", 500.0, factor=8.0, original_max_position_embeddings=32)},
        ],
    ),
    "mistral": ("Mistral", {"head_dim": 24, "sliding_window": 12}, [{"sliding_window": None}]),
    # Queries are scaled by their positions behind the context of YaRN, where a model's context ends.
    "ministral3": (
        "Ministral3",
        {"head_dim": 24, "rope_parameters": rope("yarn", 500.0, factor=2.0, **MINISTRAL)},
        [{"rope_parameters": rope("yarn", 500.0, factor=4.0, **MINISTRAL)}],
    ),
    # --- experts ---
    "mixtral": (
        "Mixtral",
        {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2},
        [{"num_experts_per_tok": 1}, {"num_experts_per_tok": 3}],
    ),
    "qwen3_moe": (
        "Qwen3Moe",
        {
            "head_dim": 24,
            "num_experts": 6,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 32,
            "norm_topk_prob": True,
        },
        [{"num_experts_per_tok": 2}, {"norm_topk_prob": False}],
    ),
    "gpt_oss": (
        "GptOss",
        {
            "head_dim": 64,
            "intermediate_size": 128,
            "num_local_experts": 6,
            "num_experts_per_tok": 3,
            "sliding_window": 12,
            "rope_parameters": rope("yarn", 500.0, **OSS, truncate=False),
        },
        [
            {"sliding_window": 200},
            {"layer_types": ["full_attention", "sliding_attention", "full_attention"]},
            {"num_experts_per_tok": 2},
            {"swiglu_limit": 100.0},
            {"swiglu_alpha": 1.0},
            {"rope_parameters": rope(theta=500.0)},
            {"rope_parameters": rope("yarn", 500.0, **OSS, truncate=True)},
        ],
    ),
    # --- biases, norms of q and k ---
    "qwen2": ("Qwen2", {"rope_parameters": rope(theta=1e6)}, [PLAIN]),
    "qwen2-windows": (
        "Qwen2",
        {"use_sliding_window": True, "sliding_window": 12, "max_window_layers": 1},
        [{"use_sliding_window": False}, {"max_window_layers": 2}],
    ),
    "qwen3": (
        "Qwen3",
        {"head_dim": 24, "tie_word_embeddings": True, "rope_parameters": rope(theta=1e6)},
        [PLAIN],
    ),
    "qwen3-yarn": (
        "Qwen3",
        {
            "head_dim": 32,
            "rope_parameters": rope("yarn", 500.0, factor=4.0, original_max_position_embeddings=64),
        },
        [
            {"rope_parameters": rope(theta=500.0)},
            {"rope_parameters": rope("linear", 500.0, factor=4.0)},
        ],
    ),
    # --- Gemma ---
    "gemma": (
        "Gemma",
        {"head_dim": 24, "num_key_value_heads": 1},
        [{"hidden_act": "silu"}],
    ),
    "gemma2": (
        "Gemma2",
        {
            "num_hidden_layers": 4,
            "head_dim": 24,
            "query_pre_attn_scalar": 24,
            "sliding_window": 12,
            "attn_logit_softcapping": 3.0,
            "final_logit_softcapping": 6.0,
        },
        [
            {"sliding_window": 200},
            {"layer_types": ["full_attention", "sliding_attention"] * 2},
            {"attn_logit_softcapping": None},
            {"final_logit_softcapping": None},
        ],
    ),
    # As of 27B: scores are scaled by the columns for each head.
    "gemma2-scaled": (
        "Gemma2",
        {"head_dim": 32, "query_pre_attn_scalar": 16, "sliding_window": 8},
        [{"query_pre_attn_scalar": 32}],
    ),
    "gemma3": (
        "Gemma3Text",
        {
            "num_hidden_layers": 7,
            "head_dim": 24,
            "query_pre_attn_scalar": 24,
            "sliding_window": 12,
            "rope_parameters": {
                "full_attention": rope("linear", 1e6, factor=8.0),
                "sliding_attention": rope(),
            },
        },
        [
            {"sliding_window": 200},
            {"layer_types": ["sliding_attention"] * 7},
            {"rope_parameters": {"full_attention": rope(theta=1e6), "sliding_attention": rope()}},
            {
                "rope_parameters": {
                    "full_attention": rope("linear", 1e6, factor=8.0),
                    "sliding_attention": rope(theta=1e6),
                }
            },
        ],
    ),
    # --- fused tensors, long and short factors ---
    "phi3": ("Phi3", {"sliding_window": 12}, [{"sliding_window": None}]),
    "phi3-short": (
        "Phi3",
        {"original_max_position_embeddings": 96, "rope_parameters": rope("longrope", **LONG)},
        [PLAIN, {"max_position_embeddings": 512}],
    ),
    "phi3-long": (
        "Phi3",
        {"original_max_position_embeddings": 24, "rope_parameters": rope("longrope", **LONG)},
        [
            PLAIN,
            {"max_position_embeddings": 512},
            {
                "rope_parameters": rope(
                    "longrope", short_factor=LONG["short_factor"], long_factor=LONG["short_factor"]
                )
            },
        ],
    ),
    "phi4": (
        "Phi3",
        {
            "tie_word_embeddings": True,
            "original_max_position_embeddings": 32,
            "rope_parameters": rope("longrope", partial_rotary_factor=0.75, **FIRST_SIX),
        },
        [{"rope_parameters": rope("longrope", partial_rotary_factor=1.0, **LONG)}],
    ),
    # --- layers without rotation; norms of what layers give; scales ---
    "smollm3": (
        "SmolLM3",
        {"num_hidden_layers": 5, "tie_word_embeddings": True},
        [{"no_rope_layers": [1] * 5}, {"no_rope_layers": [1, 1, 1, 0, 0]}],
    ),
    "olmo2": ("Olmo2", {"rope_parameters": rope(theta=5e5)}, [PLAIN]),
    "olmo3": (
        "Olmo3",
        {
            "num_hidden_layers": 5,
            "sliding_window": 12,
            "rope_parameters": {
                "full_attention": rope("yarn", 5e5, factor=4.0, original_max_position_embeddings=32),
                "sliding_attention": rope(theta=5e5),
            },
        },
        [
            {"sliding_window": 200},
            {
                "rope_parameters": {
                    "full_attention": rope(theta=5e5),
                    "sliding_attention": rope(theta=5e5),
                }
            },
        ],
    ),
    "glm4": (
        "Glm4",
        {"head_dim": 24, "rope_parameters": rope(partial_rotary_factor=0.5)},
        [{"rope_parameters": rope(partial_rotary_factor=1.0)}],
    ),
    "granite": (
        "Granite",
        {
            "tie_word_embeddings": True,
            "embedding_multiplier": 3.0,
            "residual_multiplier": 0.6,
            "attention_multiplier": 0.125,
            "logits_scaling": 1.6,
        },
        [
            {"embedding_multiplier": 1.0},
            {"residual_multiplier": 1.0},
            {"attention_multiplier": 0.25},
            {"logits_scaling": 1.0},
        ],
    ),
    # --- layer norms ---
    "stablelm": (
        "StableLm",
        {"use_qkv_bias": True, "rope_parameters": rope(partial_rotary_factor=0.25)},
        [{"rope_parameters": rope(partial_rotary_factor=1.0)}],
    ),
    "stablelm-parallel": (
        "StableLm",
        {"use_parallel_residual": True, "rope_parameters": rope(partial_rotary_factor=0.5)},
        [PLAIN],
    ),
    "cohere": (
        "Cohere",
        {"logit_scale": 0.5, "rope_parameters": rope(theta=5e5)},
        [PLAIN, {"logit_scale": 0.6}],
    ),
    "cohere2": (
        "Cohere2",
        {"num_hidden_layers": 5, "sliding_window": 12, "logit_scale": 0.5},
        [{"sliding_window": 200}, {"layer_types": ["sliding_attention"] * 5}],
    ),
    "starcoder2": ("Starcoder2", {"sliding_window": 12}, [{"sliding_window": None}, {"hidden_act": "relu"}]),
    "gpt_neox": (
        "GPTNeoX",
        {"rope_parameters": rope(partial_rotary_factor=0.25)},
        [{"use_parallel_residual": False}, {"hidden_act": "gelu_new"}, {"hidden_act": "relu"}],
    ),
    "gpt_neox-serial": (
        "GPTNeoX",
        {"use_parallel_residual": False, "rope_parameters": rope(partial_rotary_factor=1.0)},
        [{"use_parallel_residual": True}],
    ),
    "gpt2": (
        "GPT2",
        {"n_positions": 96, "n_embd": 64, "n_layer": 3, "n_head": 4},
        [{"activation_function": "gelu"}, {"scale_attn_weights": False}],
    ),
}
SHOWS = 2e-3  # of a logit, at least: twice what exact mode may differ by


def config_of(kind: str, options: dict[str, Any]) -> transformers.PreTrainedConfig:
    base = BASE
    if kind == "GPT2":
        base = {name: BASE[name] for name in ("vocab_size", "bos_token_id", "eos_token_id")}
    if kind == "GPTNeoX":
        base = {name: value for name, value in BASE.items() if name != "num_key_value_heads"}
    return getattr(transformers, kind + "Config")(**copy.deepcopy({**base, **options}))


def checkpoint(config: transformers.PreTrainedConfig) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """config.json and the shapes of the tensors, as transformers writes both."""
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        written = json.loads((Path(folder) / "config.json").read_text())
        with safe_open(Path(folder) / "model.safetensors", "pt") as file:
            return written, {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def loaded(config: dict[str, Any], weights: dict[str, Any]) -> transformers.PreTrainedModel:
    """The model of a folder with both. Each of its tensors has one; a tied output is the embedding."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        save_file(weights, Path(folder) / "model.safetensors", {"format": "pt"})
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="eager",
            experts_implementation="eager",
            output_loading_info=True,
        )
    if any(info.values()):
        sys.exit(f"{model.config.model_type}: {info}")
    tied = model.get_output_embeddings().weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
    if tied != model.config.tie_word_embeddings:
        sys.exit(f"{model.config.model_type}: whether the output is tied")
    return model.eval()


@torch.no_grad()
def rows(model: transformers.PreTrainedModel, ids: list[int]) -> np.ndarray:
    """(ids, vocabulary)"""
    return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def short(shapes: dict[str, list[int]]) -> dict[str, list[int]]:
    """Those of layers once. All layers have the same."""
    found = {re.sub(r"\.\d+\.", ".{}.", name, count=1): shape for name, shape in shapes.items()}
    layers = len({match[0] for name in shapes if (match := re.search(r"\.\d+\.", name))})
    assert {one.format(layer) for one in found for layer in range(layers)} == set(shapes)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tests/references/families.json and families.npz.")
    parser.add_argument("--output", type=Path, default=HERE)
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    prompt = family_weights.prompt(VOCAB)
    table: dict[str, Any] = {}
    arrays: dict[str, list[Any]] = {"ids": [], "logits": [], "top": [], "margins": []}
    for family, (kind, own, changes) in FAMILIES.items():
        config, shapes = checkpoint(config_of(kind, own))
        weights = family_weights.weights(family, config, shapes)
        model = loaded(config, weights)
        ids, top, margins = list(prompt), [], []
        for _ in range(family_weights.GREEDY_LENGTH):
            last = rows(model, ids)[-1]
            second, best = np.sort(last)[-2:]
            top.append(best)
            margins.append(best - second)
            ids.append(int(last.argmax()))
        # The last id is chosen, not read.
        all_rows = rows(model, ids[:-1])
        alone = rows(model.double(), ids[:-1])
        model.float()
        kept = all_rows[list(family_weights.ROWS)]
        shown = []
        old = rows(loaded(family_models.old_style(config), weights), ids[:-1])
        if not np.array_equal(old, all_rows):
            sys.exit(f"{family}: config.json of transformers 4 differs by {np.abs(old - all_rows).max()}")
        for change in changes:
            changed = {**config, **config_of(kind, {**own, **change}).to_dict()}
            other = loaded(changed, weights)
            shown.append(float(np.abs(rows(other, ids[:-1]) - all_rows).max()))
            if shown[-1] < SHOWS:
                sys.exit(f"{family}: {change} changes logits by {shown[-1]:.1e} only")
        table[family] = {"config": config, "tensors": short(shapes)}
        for name, value in {"ids": ids, "logits": kept, "top": top, "margins": margins}.items():
            arrays[name].append(value)
        print(
            f"{family}: logits spread by {all_rows.std():.2f}, {len(set(ids[len(prompt) :]))} ids of "
            f"{len(ids) - len(prompt)} differ, smallest margin {min(margins):.4f}, float64 differs by "
            f"{np.abs(alone - all_rows).max():.1e}, changes show "
            + ", ".join(f"{value:.2g}" for value in shown)
        )
    options.output.joinpath("families.json").write_text(json.dumps(table, indent=1) + "\n")
    path = options.output / "families.npz"
    types = {"ids": np.int16}
    np.savez_compressed(
        path, **{name: np.array(value, types.get(name, np.float32)) for name, value in arrays.items()}
    )
    print(f"{path}: {path.stat().st_size:,} bytes, {len(table)} families")


if __name__ == "__main__":
    main()
