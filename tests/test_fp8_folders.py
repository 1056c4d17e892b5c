"""Folders of FP8 with scales: what NumPy makes of their numbers, in a folder of its own, gives the very same
logits. And what is refused. That transformers makes the same of them, references/check_fp8.py says."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
from family_models import Stored
from fp8_models import compressed, fp8, from_bytes, quantized, rounded

import zcwasm
from zcwasm._models.fp8 import Dequantized
from zcwasm._models.making import Taken
from zcwasm.llm import Model

Array = npt.NDArray[Any]
IDS = list(range(5, 45))


BLOCK = (32, 48)  # of which rows and columns have whole ones and pieces
# Family, what config.json says, how it is stored, and its dtype.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str | None]] = {
    "blocks": (
        "qwen3",
        fp8([*BLOCK]),
        {"suffix": "_scale_inv", "shape": "block", "block": BLOCK},
        "bfloat16",
    ),
    "blocks of 128": (
        "llama",
        fp8([128, 128]),
        {"suffix": "_scale_inv", "shape": "block", "block": (128, 128), "scales": "BF16"},
        "bfloat16",
    ),
    "powers of two": (
        "qwen2",
        fp8([*BLOCK], scale_fmt="ue8m0"),
        {"suffix": "_scale_inv", "shape": "block", "block": BLOCK, "scales": "F8_E8M0"},
        None,
    ),
    "fused": ("phi3", fp8([*BLOCK]), {"suffix": "_scale_inv", "shape": "block", "block": BLOCK}, "float32"),
    "experts": (
        "qwen3_moe",
        fp8([*BLOCK]),
        {"suffix": "_scale_inv", "shape": "block", "block": BLOCK},
        "bfloat16",
    ),
    "one": (
        "ministral3",
        fp8(None, activation_scheme="static"),
        {"suffix": "_scale_inv", "shape": "tensor", "scales": "BF16"},
        "bfloat16",
    ),
    "compressed, one": ("mixtral", compressed("tensor"), {"suffix": "_scale", "shape": "tensor"}, "float16"),
    "compressed, rows": (
        "llama",
        compressed("channel"),
        {"suffix": "_scale", "shape": "channel", "scales": "BF16"},
        "bfloat16",
    ),
    "compressed, rows in float16": (
        "olmo2",
        compressed("channel"),
        {"suffix": "_scale", "shape": "row", "scales": "F16"},
        "float32",
    ),
    "compressed, blocks": (
        "qwen3",
        compressed("block", block_structure=[*BLOCK]),
        {"suffix": "_scale", "shape": "block", "block": BLOCK},
        "bfloat16",
    ),
}
KINDS = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", None: "BF16"}


def logits(path: Path) -> tuple[Array, Model]:
    model = Model.open(path, zcwasm.Device("cpu"))
    with model.session(context=64, kv_dtype="f32", exact=True) as session:
        return np.array(session.logits(IDS)), model


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_what_they_stand_for(tmp_path: Path, case: str) -> None:
    family, said, how, dtype = CASES[case]
    kind = KINDS[dtype]
    config = family_models.config(family) | {"dtype": dtype}
    stored, meant = quantized(family_models.checkpoint(family), kind=kind, **how)
    of_activations = "input_scale" if how["suffix"] == "_scale" else "activation_scale"
    for name in [name for name in stored if name.endswith("q_proj.weight")]:  # which nobody reads
        stored[name.removesuffix("weight") + of_activations] = np.ones(1, np.float32)
    before = zcwasm.copy_stats()["matrices_made"]
    found, model = logits(
        family_models.write_folder(
            tmp_path / "fp8", config | {"quantization_config": said}, stored, kind=kind, shards=2
        )
    )
    made = zcwasm.copy_stats()["matrices_made"] - before
    expected, plain = logits(family_models.write_folder(tmp_path / "plain", config, meant, kind=kind))
    for name, tensor in model.weights.tensors.items():
        other = plain.weights[name]
        assert (tensor.type, tensor.shape) == (other.type, other.shape)
        assert np.array_equal(tensor.array(), other.array()), name
    assert np.array_equal(found, expected)
    bytes_of_fp8 = sum(
        len(each.data) for each in stored.values() if isinstance(each, Stored) and each.type == "F8_E4M3"
    )
    size = bytes_of_fp8 * (4 if kind == "F32" else 2)
    assert size <= made <= size + (1 << 14)


def test_bytes_that_are_no_numbers_stay_none(tmp_path: Path) -> None:
    """All bytes, and scales with which numbers become none or too large."""
    config = family_models.config("llama") | {"dtype": "bfloat16", "quantization_config": fp8([64, 16])}
    tensors: dict[str, Any] = family_models.checkpoint("llama")
    name = "model.layers.0.self_attn.o_proj.weight"
    codes = np.resize(np.arange(256, dtype=np.uint8), tensors[name].shape)
    scale = np.array([[1, np.inf, 3e38, np.nan]], np.float32)
    tensors[name] = Stored("F8_E4M3", codes.shape, codes.tobytes())
    tensors[f"{name}_scale_inv"] = Stored("F32", scale.shape, scale.tobytes())
    path = family_models.write_folder(tmp_path / "folder", config, tensors, kind="BF16")
    model = Model.open(path, zcwasm.Device("cpu"))
    found = (model.weights["blk.0.attn_output.weight"].array().astype(np.uint32) << 16).view(np.float32)
    with np.errstate(all="ignore"):
        values = np.where(
            codes & 127 == 127, np.float32(np.nan), from_bytes(np.where(codes & 127 == 127, 0, codes))
        )
        each = values * np.repeat(scale, 16, axis=1)
        assert np.array_equal(np.isnan(found), np.isnan(each))
        plain = np.isfinite(each)
        assert np.array_equal(
            found[plain & (np.abs(each) < 1e38)], rounded(each, "BF16")[plain & (np.abs(each) < 1e38)]
        )
        assert np.array_equal(np.sign(found[np.isinf(each)]), np.sign(each[np.isinf(each)]))
        assert np.isinf(found[np.isinf(each)]).all()


def test_only_scales_of_the_rows_are_looked_at() -> None:
    """A folder may have one for each element, in a file that is a hole."""
    sides = (1 << 12, 1 << 11)
    recipes = (
        (Dequantized("BF16", Taken(), (1, 1), ("block",)), sides),
        (Dequantized("BF16", Taken(), None, ("channel",)), (sides[0], 1)),
    )
    weight = np.full(sides, 0x38, np.uint8)  # 1.0
    for recipe, shape in recipes:
        scale = np.resize(np.arange(sides[1], dtype=np.float32), shape)
        tracemalloc.start()
        made = recipe.rows([weight, scale], 5, 7)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert np.array_equal(
            made, np.broadcast_to(rounded(scale[5:7], "BF16").view("<u4") >> 16, (2, sides[1]))
        )
        assert most < 300_000


def test_of_a_model_that_sees(tmp_path: Path) -> None:
    """Ministral's folders say it beside the text model's numbers."""
    config = family_models.config("ministral3")
    stored, _ = quantized(family_models.checkpoint("ministral3"), suffix="_scale_inv", shape="tensor")
    plain = family_models.write_folder(
        tmp_path / "text",
        config | {"dtype": "bfloat16", "quantization_config": fp8(None)},
        stored,
        kind="BF16",
    )
    named = {name.replace("model.", "model.language_model.", 1): values for name, values in stored.items()}
    whole = {"model_type": "mistral3", "text_config": {**config, "dtype": None}, "dtype": "bfloat16"}
    whole |= {"quantization_config": fp8(None), "vocab_size": config["vocab_size"]}
    path = family_models.write_folder(tmp_path / "sees", whole, named, kind="BF16")
    del whole["vocab_size"]  # which the tokenizer's file was made by
    (path / "config.json").write_text(json.dumps(whole))
    assert np.array_equal(logits(path)[0], logits(plain)[0])


NAME = "model.layers.1.mlp.up_proj.weight"


def stored_as(kind: str, shape: tuple[int, ...], size: int) -> Stored:
    return Stored(kind, shape, bytes(size * int(np.prod(shape))))


# What else the folder has, or config.json says, and what is said to that.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no scale": ({f"{NAME}_scale_inv": None}, {}, f"{NAME}_scale_inv is missing: {NAME} is F8_E4M3"),
    "a scale of nothing": (
        {"model.layers.9.mlp.up_proj.weight_scale_inv": np.ones((3, 2), np.float32)},
        {},
        "layers.9.mlp.up_proj.weight_scale_inv is a scale, and model.layers.9.mlp.up_proj.weight is missing",
    ),
    "a scale of what is none": (
        {"model.embed_tokens.weight_scale_inv": np.ones((1, 1), np.float32)},
        {},
        "embed_tokens.weight: its type is F32: F8_E4M3",
    ),
    "a small scale": (
        {f"{NAME}_scale_inv": np.ones((2, 2), np.float32)},
        {},
        f"{NAME}_scale_inv is (2, 2), must be (3, 2)",
    ),
    "a scale of rows": ({f"{NAME}_scale_inv": np.ones((96, 1), np.float32)}, {}, "must be (3, 2)"),
    "a long scale": ({f"{NAME}_scale_inv": np.ones((3, 2, 1), np.float32)}, {}, "is (3, 2, 1), must be"),
    "no scales": ({f"{NAME}_scale_inv": np.ones((0, 2), np.float32)}, {}, "is (0, 2), must be"),
    "whole numbers": ({f"{NAME}_scale_inv": stored_as("I32", (3, 2), 4)}, {}, "scale_inv: its type is I32"),
    "of another FP8": ({NAME: stored_as("F8_E5M2", (96, 64), 1)}, {}, f"{NAME}: its type is F8_E5M2"),
    "a vector": ({NAME: stored_as("F8_E4M3", (96 * 64,), 1)}, {}, f"{NAME} is (6144,), must be a matrix"),
    "other rows": ({NAME: stored_as("F8_E4M3", (95, 64), 1)}, {}, "is (95, 64), must be (96, 64)"),
    "zero points": (
        {f"{NAME}_zero_point": np.ones(1, np.float32)},
        {},
        f"tensor {NAME}_zero_point is not known",
    ),
    "scales of a cache": (
        {"model.layers.0.self_attn.k_scale": np.ones(1, np.float32)},
        {},
        "self_attn.k_scale is not known",
    ),
    "other scales": ({}, compressed("tensor"), "proj.weight_scale_inv is not known"),
    "another method": ({}, {"quant_method": "gptq"}, "quant_method is 'gptq': of quantized"),
    "a list of methods": ({}, {"quant_method": ["fp8"]}, "quant_method is ['fp8']: of quantized"),
    "nothing": ({}, {}, ""),
    "another key": ({}, fp8([*BLOCK], surprise=1), "quantization_config.surprise is 1"),
    "another format": ({}, fp8([*BLOCK], fmt="e5m2"), "quantization_config.fmt is 'e5m2'"),
    "fp4": ({}, fp8([*BLOCK], expert_dtype="fp4"), "quantization_config.expert_dtype is 'fp4'"),
    "no block": ({}, fp8([0, 128]), "weight_block_size is [0, 128], must be two numbers"),
    "half a block": ({}, fp8([128]), "weight_block_size is [128], must be two numbers"),
    "whole numbers of 8 bits": ({}, compressed("channel", type="int"), "weights.type is 'int'"),
    "four bits": ({}, compressed("channel", num_bits=4), "config_groups.group_0.weights.num_bits is 4"),
    "groups": ({}, compressed("group", group_size=32), "weights.strategy is 'group', supported: tensor"),
    "dynamic": ({}, compressed("tensor", dynamic=True), "weights.dynamic is True"),
    "of a cache": ({}, compressed("tensor") | {"kv_cache_scheme": {"num_bits": 8}}, "kv_cache_scheme is"),
    "packed": ({}, compressed("tensor") | {"format": "pack-quantized"}, "format is 'pack-quantized'"),
    "transformed": ({}, compressed("tensor") | {"transform_config": {"a": 1}}, "transform_config is"),
    "no groups": ({}, compressed("tensor") | {"config_groups": {}}, "config_groups is {}, must have 1 to"),
    "no weights": ({}, compressed("tensor") | {"config_groups": {"a": {}}}, "a is {}, must have weights"),
    "blocks of no size": ({}, compressed("block"), "must have one block_structure"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_understood_is_refused(tmp_path: Path, what: str) -> None:
    more, said, words = REFUSED[what]
    config = family_models.config("llama") | {"quantization_config": said or fp8([*BLOCK])}
    stored, _ = quantized(
        family_models.checkpoint("llama"), suffix="_scale_inv", shape="block", block=BLOCK, kind="F32"
    )
    whole = {name: values for name, values in {**stored, **more}.items() if values is not None}
    path = family_models.write_folder(tmp_path / "folder", config, whole)
    if not words:
        Model.open(path, zcwasm.Device("cpu")).close()
        return
    with pytest.raises(zcwasm.ModelError) as caught:
        Model.open(path, zcwasm.Device("cpu"))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_families_whose_matrices_are_made_otherwise_have_no_fp8(tmp_path: Path) -> None:
    config = family_models.config("gpt2") | {"quantization_config": fp8(None)}
    stored: dict[str, Any] = family_models.checkpoint("gpt2")
    name = "transformer.h.0.mlp.c_fc.weight"
    stored[name] = stored_as("F8_E4M3", stored[name].shape, 1)
    stored[f"{name}_scale_inv"] = np.ones(1, np.float32)
    with pytest.raises(zcwasm.ModelError, match=r"blk.0.ffn_up.weight: FP8 with scales is not supported"):
        Model.open(family_models.write_folder(tmp_path, config, stored), zcwasm.Device("cpu"))
