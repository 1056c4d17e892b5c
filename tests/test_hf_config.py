"""A folder's config.json and names of tensors, in GGUF's terms: that both say the same of every family, and
that nothing which is not known passes. The files are those of family_models.py; none is written here.
"""

from __future__ import annotations

import contextlib
import copy
import math
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import family_models
import numpy as np
import pytest

import zcwasm
from zcwasm._models import hf_config, hf_names
from zcwasm._models.making import Making
from zcwasm._models.model_file import Entry
from zcwasm.llm import _known
from zcwasm.llm._config import Config, Numbers
from zcwasm.llm._families import FAMILIES
from zcwasm.llm._rope import FREQS, LONG, SHORT, Yarn

Shapes = dict[str, tuple[int, ...]]

CASES = list(family_models.table())
# What folders on the hub have beside, and what changes nothing.
BESIDE: dict[str, dict[str, Any]] = {
    "llama": {"is_llama_config": True, "rope_interleaved": False, "pretraining_tp": 1, "rope_scaling": None},
    "qwen2": {"use_mrope": False, "sliding_window": 131072, "max_window_layers": 28},
    "gemma": {"hidden_act": "gelu", "hidden_activation": None},
    "gemma2": {
        "hidden_act": "gelu_pytorch_tanh",
        "cache_implementation": "hybrid",
        "sliding_window_size": 12,
    },
    "cohere2": {
        "layer_switch": 4,
        "model_max_length": 9,
        "order_of_interleaved_layers": "local_attn_first",
        "position_embedding_type": "rope_gptj",
        "rotary_pct": 1.0,
        "use_embedding_sharing": True,
        "use_gated_activation": True,
        "use_parallel_block": True,
        "use_parallel_embedding": False,
    },
    "phi4": {"auto_map": {}, "full_attn_mod": 1, "interpolate_factor": 1, "lm_head_bias": False},
}


def shapes_of(tensors: Mapping[str, np.ndarray[Any, Any]]) -> Shapes:
    return {name: values.shape for name, values in tensors.items()}


def cut(parts: Sequence[hf_names.Part | Making], shapes: Shapes) -> Shapes:
    """What the guest sees. No two parts have a name."""
    assert len({part.name for part in parts}) == len(parts)
    found = {}
    for part in parts:
        if isinstance(part, Making):
            entries = [Entry(name, "F32", shapes[name], 0) for name in part.sources]
            items = [[entry] for entry in entries] if part.count else [entries]
            shapes_of_items = {part.recipe.result(item)[1] for item in items}
            assert len(shapes_of_items) == 1
            found[part.name] = ((part.count,) if part.count else ()) + shapes_of_items.pop()
            continue
        if part.transposed:
            columns, rows = shapes[part.source]
            found[part.name] = (rows - part.first if part.rows is None else part.rows, columns)
            continue
        rows, *rest = shapes[part.source]
        found[part.name] = (rows - part.first if part.rows is None else part.rows, *rest)
    return found


def opened(metadata: Mapping[str, Any], shapes: Shapes) -> Config:
    """The numbers, when all is checked as Model does."""
    numbers = Numbers(metadata)
    config = Config._of(numbers, shapes.get("token_embd.weight", (1,))[0], shapes)
    _known.check_numbers(numbers, config)
    tensors = {name: SimpleNamespace(shape=shape, type="F32", offset=0) for name, shape in shapes.items()}
    weights: Any = SimpleNamespace(tensors=tensors, unusable={}, metadata=metadata)
    _known.check_tensors(weights, config)
    return config


def of_folder(config: Mapping[str, Any], shapes: Shapes) -> Config:
    metadata = hf_config.read(config)
    return opened(metadata, cut(hf_names.plan(metadata, shapes), shapes))


def tables(config: Config, factors: Mapping[str, Any]) -> list[np.ndarray[Any, Any]]:
    known = {name: np.asarray(factors[name], np.float64) for name in (FREQS, LONG, SHORT) if name in factors}
    found = []
    for context in (8, 40, 130):
        for rope in config.rope_tables:
            found.append(np.empty((context, config.rotated // 2, 2), np.float32))
            rope.fill(found[-1], known)
    return found


@pytest.mark.parametrize("old", [False, True], ids=["transformers 5", "transformers 4"])
@pytest.mark.parametrize("case", CASES)
def test_a_folder_says_what_gguf_says(case: str, old: bool) -> None:
    config, tensors = family_models.config(case), family_models.checkpoint(case)
    metadata, canonical = family_models.metadata(config), family_models.canonical(config, tensors)
    shapes = shapes_of(canonical)
    expected = opened(metadata, cut(hf_names.parts_of_gguf(metadata, shapes), shapes))
    config |= BESIDE.get(case, {})
    found = hf_config.read(family_models.old_style(config) if old else config)
    plan = hf_names.plan(found, shapes_of(tensors))
    own = opened(found, cut(plan, shapes_of(tensors)))
    assert own.rope_halves == (config["model_type"] not in ("cohere", "cohere2", "glm4"))
    for name in Config.__dataclass_fields__:
        if name == "attention_scale":
            # GGUF has no key for what Gemma's scale is of, but of the largest ones.
            scalar = config.get("query_pre_attn_scalar")
            assert math.isclose(own.attention_scale, scalar**-0.5 if scalar else expected.attention_scale)
        elif name == "factors":  # GGUF files have tensors
            assert not expected.factors
            assert {name for name, _ in own.factors} == {name for name in canonical if "rope_f" in name}
            for tensor, values in own.factors:
                assert np.allclose(values, canonical[tensor], rtol=1e-6)
        elif name not in ("rope_halves", "rope_tables"):
            assert getattr(own, name) == getattr(expected, name), name
    made = {key.removeprefix("zcwasm."): value for key, value in found.items()}
    for ours, theirs in zip(tables(own, made), tables(expected, canonical), strict=True):
        assert np.abs(ours - theirs).max() < 1e-5
    shifted = {part.name for part in plan if isinstance(part, hf_names.Part) and part.add}
    assert shifted == {
        part.name for part in plan if FAMILIES[own.architecture].norms_less_one and "norm" in part.name
    }


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_known_is_refused_by_name(case: str) -> None:
    config, shapes = family_models.config(case), shapes_of(family_models.checkpoint(case))
    with pytest.raises(zcwasm.ModelError, match=r"invented_next_year is 1: this key is not known"):
        hf_config.read(config | {"invented_next_year": 1})
    with pytest.raises(zcwasm.ModelError, match="quantization_config"):
        hf_config.read(config | {"quantization_config": {"quant_method": "gptq"}})
    rope = copy.deepcopy(config.get("rope_parameters", {}))
    rope.get("full_attention", rope)["warp"] = 9
    with pytest.raises(zcwasm.ModelError, match=r"rope_parameters(\.(full_attention\.)?warp)? is .*9"):
        hf_config.read(config | {"rope_parameters": rope})
    metadata = hf_config.read(config)
    for name in (
        f"model.layers.0.self_attn.{'sinks.weight' if case == 'gpt_oss' else 'sinks'}",
        "model.layers.0.feed_forward.gate.weight",
        "model.norm.scale",
        "x.weight",
    ):
        with pytest.raises(zcwasm.ModelError, match=f"tensor {name} is not known"):
            hf_names.plan(metadata, shapes | {name: (4,)})
    for name in shapes:
        with pytest.raises(zcwasm.ModelError, match=r"is missing"):
            of_folder(config, {key: shape for key, shape in shapes.items() if key != name})


def test_biases_and_the_output_are_as_config_json_says() -> None:
    config, shapes = family_models.config("llama"), shapes_of(family_models.checkpoint("llama"))
    bias = {"model.layers.0.mlp.up_proj.bias": (config["intermediate_size"],)}
    plain = config | {"mlp_bias": False, "attention_bias": False}
    shapes = {name: shape for name, shape in shapes.items() if not name.endswith("bias")}
    of_folder(plain, shapes)
    with pytest.raises(zcwasm.ModelError, match=r"up_proj.bias is not known"):
        of_folder(plain, shapes | bias)
    with pytest.raises(zcwasm.ModelError, match=r"ffn_.*bias is missing"):
        of_folder(plain | {"mlp_bias": True}, shapes | bias)
    head = {"lm_head.weight": shapes["model.embed_tokens.weight"]}
    without = {name: shape for name, shape in shapes.items() if name not in head}
    tied, untied = plain | {"tie_word_embeddings": True}, plain | {"tie_word_embeddings": False}
    of_folder(untied, without | head)
    assert "output.weight" not in {part.name for part in hf_names.plan(hf_config.read(tied), without | head)}
    with pytest.raises(zcwasm.ModelError, match=r"lm_head.weight is missing"):
        of_folder(untied, without)


def test_the_context_may_be_longer_than_the_positions() -> None:
    config = family_models.config("cohere")
    for longer, context in ((None, config["max_position_embeddings"]), (1 << 17, 1 << 17)):
        assert hf_config.read(config | {"model_max_length": longer})["command-r.context_length"] == context
    config = family_models.config("qwen3-yarn")  # 4 times 64
    for positions, context in ((64, 256), (80, 256), (300, 300)):
        found = hf_config.read(config | {"max_position_embeddings": positions})
        assert found["qwen3.context_length"] == context


@pytest.mark.parametrize(
    ("case", "changed"),
    [
        ("cohere2", {"use_parallel_block": False}),
        ("cohere2", {"position_embedding_type": "rope_neox"}),
        ("cohere2", {"order_of_interleaved_layers": "global_attn_first"}),
        ("cohere", {"use_parallel_block": True}),
    ],
)
def test_what_only_one_kind_has(case: str, changed: dict[str, Any]) -> None:
    with pytest.raises(zcwasm.ModelError, match=next(iter(changed))):
        hf_config.read(family_models.config(case) | changed)


def test_qwen_has_a_window_where_one_is_asked_for() -> None:
    for case in ("qwen2", "qwen3"):
        config = family_models.config(case) | {"layer_types": None, "max_window_layers": 0}
        config.pop("sliding_window", None)
        for asked, window in ((True, 4096), (False, 0)):
            found = hf_config.read(config | {"use_sliding_window": asked, "max_sequence_length": 9})
            assert found[f"{case}.attention.sliding_window"] == window


def test_far_queries_are_scaled_with_yarn_only() -> None:
    config = family_models.config("ministral3")
    rope = config["rope_parameters"] | {"rope_type": "linear"}
    with pytest.raises(zcwasm.ModelError, match=r"scaling_beta is 0.1: supported with rope_type yarn"):
        hf_config.read(config | {"rope_parameters": rope})


def test_gpt_oss_as_it_is_on_the_hub() -> None:
    """Keys of its first transformers, names of its makers' code beside, and what may be left out."""
    yarn = {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096}
    kept = {
        "model_type": "gpt_oss",
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "num_attention_heads": 64,
        "num_hidden_layers": 24,
        "num_local_experts": 32,
        "vocab_size": 201088,
    }
    config = kept | {
        "architectures": ["GptOssForCausalLM"],
        "attention_bias": True,
        "experts_per_token": 4,
        "head_dim": 64,
        "initial_context_length": 4096,
        "layer_types": ["sliding_attention", "full_attention"] * 12,
        "max_position_embeddings": 131072,
        "num_experts_per_tok": 4,
        "num_key_value_heads": 8,
        "output_router_logits": False,
        "quantization_config": {
            "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"],
            "quant_method": "mxfp4",
        },
        "rms_norm_eps": 1e-05,
        "rope_scaling": yarn | {"rope_type": "yarn", "truncate": False},
        "rope_theta": 150000,
        "router_aux_loss_coef": 0.9,
        "sliding_window": 128,
        "swiglu_limit": 7.0,
        "tie_word_embeddings": False,
    }
    found = hf_config.read(config)
    assert hf_config.read(kept) == found
    opened = Config.read(found, 201088)
    assert (opened.experts, opened.experts_used, opened.ff, opened.context) == (32, 4, 2880, 131072)
    assert opened.layer_table == ((128, 0), (0, 0)) * 12
    assert opened.rope_tables[0].yarn == Yarn(32.0, 4096, truncates=False)
    assert math.isclose(opened.rope_tables[0].attention, 0.1 * math.log(32) + 1)
    rounded = config | {"rope_scaling": yarn | {"rope_type": "yarn"}}
    assert Config.read(hf_config.read(rounded), 201088).rope_tables[0].yarn == Yarn(32.0, 4096)
    for changed in ({"swiglu_limit": 8.0}, {"swiglu_alpha": 1.0}, {"quantization_config": {}}):
        with pytest.raises(zcwasm.ModelError, match=next(iter(changed))):
            hf_config.read(config | changed)


def test_numbers_of_experts_are_refused_as_what_they_are() -> None:
    for case, words in (("llama", "it would change the result"), ("qwen3", "mixtures of experts are not")):
        config = family_models.config(case)
        metadata = family_models.metadata(config)
        metadata[f"{metadata['general.architecture']}.expert_shared_count"] = 1
        shapes = shapes_of(family_models.canonical(config, family_models.checkpoint(case)))
        with pytest.raises(zcwasm.ModelError, match=f"expert_shared_count is 1: {words}"):
            opened(metadata, cut(hf_names.parts_of_gguf(metadata, shapes), shapes))


def test_windows_of_smollm3_are_those_of_unrotated_layers() -> None:
    config = family_models.config("smollm3") | {"num_hidden_layers": 30, "max_window_layers": 28}
    config |= {"use_sliding_window": True, "sliding_window": 5, "layer_types": None}
    for rotated in ([1] * 30, [1, 0] * 15):
        found = hf_config.read(config | {"no_rope_layers": rotated})
        assert found["smollm3.attention.sliding_window_pattern"] == [not flag for flag in rotated]


@pytest.mark.parametrize(
    ("name", "case"), [("gemma3", "gemma3"), ("mistral3", "mistral"), ("mistral3", "ministral3")]
)
def test_a_text_model_inside_of_a_vision_model(name: str, case: str) -> None:
    text, shapes = family_models.config(case), shapes_of(family_models.checkpoint(case))
    for ours, theirs in (("model.", "model.language_model."), ("model.", "language_model.model.")):
        renamed = {name.replace(ours, theirs, 1): shape for name, shape in shapes.items()}
        renamed |= {"vision_tower.x.weight": (3, 3), "multi_modal_projector.y": (2,)}
        whole = {"model_type": name, "text_config": text, "vision_config": {}, "torch_dtype": "bfloat16"}
        assert of_folder(whole, renamed) == of_folder(text, shapes)
        with pytest.raises(zcwasm.ModelError, match=r"vision_tower.x.weight is not known"):
            of_folder(text, shapes | {"vision_tower.x.weight": (3, 3)})


def test_the_documentation_has_the_table() -> None:
    tool = runpy.run_path(str(Path(__file__).resolve().parent.parent / "buildtools" / "families.py"))
    assert tool["made"]() == tool["PAGE"].read_text("utf-8"), "run python buildtools/families.py"
    assert all(tool["checked"]().values())


HOSTILE = [None, True, -1, 0, 10**400, 1e300, 0.5, "x", [], [None], {}, {"x": 1}, [[1]], 1 << 31, [1] * 9]


@pytest.mark.parametrize("case", ["llama-3", "gemma3", "phi3-long", "llama-yarn", "smollm3", "granite"])
def test_a_hostile_config_is_an_error(case: str) -> None:
    config, shapes = family_models.config(case), shapes_of(family_models.checkpoint(case))

    def attempt(changed: dict[str, Any]) -> None:
        with contextlib.suppress(zcwasm.ModelError):
            of_folder(changed, shapes)

    for value in HOSTILE:
        for key in [
            *config,
            "rope_scaling",
            "rope_theta",
            "partial_rotary_factor",
            "original_max_position_embeddings",
        ]:
            attempt(config | {key: value})
        for inner in (config["rope_parameters"], *config["rope_parameters"].values()):
            for key in inner if isinstance(inner, dict) else ():
                changed = copy.deepcopy(config)
                rope = changed["rope_parameters"]
                (rope if inner is config["rope_parameters"] else rope["full_attention"])[key] = value
                attempt(changed)
