"""Tiny random models of every family against what float32 transformers computes with the same weights.

references/make_families.py made the references, and says how; family_models.py writes the files. Windows and
scalings end long before the prompt does. The tolerances are a property of the product, so a device has no say
in them.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
from family_weights import GREEDY_LENGTH, PROMPT_LENGTH, ROWS

import zcwasm
from zcwasm.llm import Model, PrefixCache, Session

CPU = functools.partial(pytest.param, marks=pytest.mark.cpu_is_enough)

TOLERANCE = {False: 1e-2, True: 1e-3}  # by exact
FAMILIES = list(family_models.table())
# What is computed, and no more: with it phi3-short takes its short factors, phi3-long its long ones.
CONTEXT = PROMPT_LENGTH + GREEDY_LENGTH
# What these have of entries and tensors another one has, too.
LIKE_OTHERS = {
    *("llama-3", "llama-linear", "llama-yarn", "qwen2", "qwen3-yarn", "gemma2-scaled", "phi3-short"),
    *("phi3-long", "stablelm-parallel", "gpt_neox-serial", "qwen2-windows", "olmo3"),
}
# On a GPU that is a program these take all steps, and have all kernels between them. The others take some
# after the prompt, unless asked for all.
ALL_STEPS = {"mistral", "gemma2", "gpt_oss", "phi4", "olmo2", "gpt_neox", "gpt2"}
SOME_STEPS = 5


class Reference:
    """What transformers computes with a family's weights."""

    def __init__(self, family: str) -> None:
        index = FAMILIES.index(family)
        with np.load(family_models.REFERENCES / "families.npz") as file:
            self.ids: list[int] = file["ids"][index].tolist()
            self.logits = dict(zip(ROWS, file["logits"][index], strict=True))
            self.top: npt.NDArray[np.float32] = file["top"][index]
            self.margins: npt.NDArray[np.float32] = file["margins"][index]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


def gguf_of(folder: Path, family: str) -> Path:
    path = folder / f"{family}.gguf"
    return path if path.exists() else family_models.family_gguf(path, family)


def largest_difference(
    session: Session, reference: Reference, tolerance: float, steps: int = GREEDY_LENGTH
) -> float:
    """Of any logit, of the prompt in one piece and of each step after it. The most likely ids are those of
    the reference wherever its margin decides."""
    largest = 0.0
    for step in range(steps):
        position = PROMPT_LENGTH - 1 + step
        logits = np.array(session.logits(reference.ids[: position + 1]))
        best = int(logits.argmax())
        largest = max(largest, abs(float(logits[best] - reference.top[step])))
        if position in reference.logits:
            largest = max(largest, float(np.abs(logits - reference.logits[position]).max()))
        if reference.margins[step] > 2 * tolerance:
            assert best == reference.ids[position + 1], f"step {step}"
    return largest


@pytest.mark.slow_on_software
@pytest.mark.parametrize("family", FAMILIES)
def test_logits(folder: Path, family: str, device: zcwasm.Device) -> None:
    reference = Reference(family)
    model = Model.open(gguf_of(folder, family), device)
    less = device.software and family not in ALL_STEPS and not os.environ.get("ZCWASM_LONG_TESTS")
    with model.session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
        steps = SOME_STEPS if less else GREEDY_LENGTH
        largest = largest_difference(session, reference, TOLERANCE[True], steps)
    # In chunks that end inside of windows; shorter prompts begin anew.
    with model.session(context=CONTEXT, kv_dtype="f32", exact=True, chunk=7) as session:
        for position in () if less else ROWS[:3]:
            logits = np.array(session.logits(reference.ids[: position + 1]))
            largest = max(largest, float(np.abs(logits - reference.logits[position]).max()))
    print(f"{device.kind}, {family}: largest difference of a logit {largest:.1e}")
    assert largest <= TOLERANCE[True]


BATCHED = [family if family in ("gemma2", "gpt_neox", "gpt_oss") else CPU(family) for family in FAMILIES]


@pytest.mark.slow_on_software
@pytest.mark.parametrize("family", BATCHED)
def test_many_at_once(folder: Path, family: str, device: zcwasm.Device) -> None:
    """Prompts that end before, at and behind the borders of pages and windows, some of which share pages, in
    steps that have rows of several: all go on as the reference does, as likely as there."""
    reference = Reference(family)
    model = Model.open(gguf_of(folder, family), device)
    largest = 0.0
    with model.batcher(sequences=4, context=CONTEXT, page=16, rows=24, kv_dtype="f32", exact=True) as batcher:
        lengths = [48, 52, 60, 64, 65, 48]
        options: dict[str, Any] = {"temperature": 0.0, "ignore_eos": True, "logprobs": 20}
        streams = [
            batcher.submit(reference.ids[:length], max_new_tokens=CONTEXT - length, **options)
            for length in lengths
        ]
        for length, stream in zip(lengths, streams, strict=True):
            completion = stream.result()
            for index, (token, chances) in enumerate(
                zip(completion.ids, completion.logprobs or [], strict=True)
            ):
                position = length - 1 + index
                if position in reference.logits:
                    logits = reference.logits[position].astype(np.float64)
                    expected = logits - np.log(np.exp(logits).sum())
                    found = [abs(chance - expected[each]) for each, chance in chances.top]
                    largest = max(largest, *found)
                if token != reference.ids[position + 1]:  # then it goes another way
                    margin = reference.margins[position - PROMPT_LENGTH + 1]
                    assert margin <= 2 * TOLERANCE[True], f"{length} ids, token {index}"
                    break
    print(f"{device.kind}, {family}: largest difference of a logarithm {largest:.1e}")
    assert 0 < largest <= 2 * TOLERANCE[True]


@pytest.mark.slow_on_software
@pytest.mark.parametrize("family", ["phi4", CPU("gpt_neox"), CPU("gpt2"), CPU("gemma2"), CPU("qwen3")])
def test_quantized(tmp_path: Path, family: str, device: zcwasm.Device) -> None:
    """In blocks, of which parts are taken where matrices are fused: what the float32 that they stand for
    give. The default mode may round activations to 16-bit fixed point."""
    ids = Reference(family).ids
    config = family_models.config(family)
    known = family_models.metadata(config) | family_models.vocabulary_metadata(config["vocab_size"])
    blocks, values = family_models.quantized(
        family_models.canonical(config, family_models.checkpoint(family)), "Q8_0"
    )
    plain = Model.open(family_models.write_gguf(tmp_path / "plain.gguf", known, values), device)
    model = Model.open(family_models.write_gguf(tmp_path / "blocks.gguf", known, blocks, "Q8_0"), device)
    found = []
    for of, exact in ((plain, True), (model, True), (model, False)):
        with of.session(context=CONTEXT, kv_dtype="f32", exact=exact) as session:
            found.append([np.array(session.logits(ids[:length])) for length in (48, 49, 50)])
    expected, exact_mode, default_mode = np.array(found)
    largest = {True: np.abs(exact_mode - expected).max(), False: np.abs(default_mode - expected).max()}
    print(f"{device.kind}, {family}: exact {largest[True]:.1e}, default {largest[False]:.1e}")
    assert largest[True] <= TOLERANCE[True]
    assert largest[False] <= TOLERANCE[False]


@pytest.mark.slow_on_software
def test_experts_in_four_bits(tmp_path: Path, device: zcwasm.Device) -> None:
    """As gpt-oss comes: MXFP4 holds the weights exactly, and a folder's blocks become a GGUF file's."""
    reference = Reference("gpt_oss")
    model = Model.open(family_models.gguf_in_four_bits(tmp_path / "blocks.gguf", "gpt_oss"), device)
    with model.session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
        largest = largest_difference(session, reference, TOLERANCE[True], SOME_STEPS)
    print(f"{device.kind}: largest difference of a logit {largest:.1e}")
    assert largest <= TOLERANCE[True]
    tensors = family_models.in_four_bits(family_models.checkpoint("gpt_oss"))
    quantized = {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}
    path = folder_of(
        tmp_path, "gpt_oss", tensors=tensors, kind="BF16", changes={"quantization_config": quantized}
    )
    made = Model.open(path, device)
    expected, found = model.weights.tensors, made.weights.tensors
    assert set(found) == set(expected)
    for name, tensor in found.items():
        if "_exps." in name:
            assert tensor.type == expected[name].type
            np.testing.assert_array_equal(tensor.array(), expected[name].array())
    with made.session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
        logits = np.array(session.logits(reference.ids[:PROMPT_LENGTH]))
    assert np.abs(logits - reference.logits[47]).max() <= TOLERANCE[True]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("down_proj_scales", None, "down_proj_scales is missing: .*down_proj_blocks is there"),
        ("down_proj_blocks", None, "down_proj_blocks is missing: .*down_proj_scales is there"),
        ("down_proj_blocks", np.zeros((6, 64, 4, 8), np.uint8), r"must be \(experts, rows, blocks, 16\)"),
        ("down_proj_blocks", np.zeros((6, 64, 4, 16), np.float32), "type is F32: U8"),
        ("down_proj_scales", np.zeros((6, 64, 3), np.uint8), r"down_proj_scales is \(6, 64, 3\)"),
        ("down_proj_scales", np.zeros((6, 64, 3, 1), np.uint8), r"down_proj_scales is \(6, 64, 3, 1\)"),
        ("down_proj", np.zeros((6, 128, 64), np.float32), "down_proj.* is there under another name"),
        ("down_proj_bias", np.zeros((6, 63), np.float32), r"ffn_down_exps.bias is \(6, 63\)"),
        ("down_proj_bias", np.zeros(6, np.float32), r"down_proj_bias is \(6,\), must have 2 sides"),
        ("gate_up_proj_bias", np.zeros((6, 255), np.float32), "255 are not rows of gate and up in turn"),
        ("gate_up_proj_blocks", np.zeros((6, 255, 2, 16), np.uint8), "gate_up_proj_blocks"),
        ("3.gate_proj.weight", np.zeros((128, 64), np.float32), "3.gate_proj.weight is not known"),
    ],
    ids=str,
)
def test_odd_experts_of_a_folder(tmp_path: Path, name: str, values: Any, words: str) -> None:
    tensors: dict[str, Any] = family_models.in_four_bits(family_models.checkpoint("gpt_oss"))
    stored = values is not None and values.dtype == np.uint8
    tensors[f"model.layers.1.mlp.experts.{name}"] = family_models.as_bytes(values) if stored else values
    path = folder_of(
        tmp_path, "gpt_oss", tensors=tensors, changes={"quantization_config": {"quant_method": "mxfp4"}}
    )
    with pytest.raises(zcwasm.ModelError, match=words):
        Model.open(path, zcwasm.Device("cpu"))


@pytest.mark.parametrize("family", ["gemma2", "phi3-long", "gpt2", "gpt_oss"])
def test_forks_snapshots_and_kept_beginnings_see_what_they_should(folder: Path, family: str) -> None:
    """Windows, tables of angles and learned positions are those of a session that went all the way."""
    reference = Reference(family)
    model = Model.open(gguf_of(folder, family), zcwasm.Device("cpu"))
    options: dict[str, Any] = {"temperature": 0.0, "ignore_eos": True}
    kept = PrefixCache(least=8)

    def rest(session: Session) -> list[int]:
        return [token.id for token in session.resume(max_new_tokens=22, **options)]

    with model.session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
        tokens = session.generate(reference.ids[:PROMPT_LENGTH], max_new_tokens=10, **options)
        assert [token.id for token in tokens] == reference.ids[PROMPT_LENGTH:58]
        session.save(folder / "session")
        sessions = [*session.fork(2), model.load_session(folder / "session"), session]
        for each in sessions:
            assert rest(each) == reference.ids[58:]
            if each is not session:
                each.close()
    for length in (64, 70):  # 64 tokens and all are what may be found
        with model.session(context=CONTEXT, kv_dtype="f32", exact=True, prefix_cache=kept) as session:
            tokens = session.generate(reference.ids[:length], max_new_tokens=80 - length, **options)
            assert [token.id for token in tokens] == reference.ids[length:]
            assert session.usage.reused_tokens == (0 if length == 64 else 64)


def test_a_kept_beginning_is_of_the_angles_it_was_computed_with(folder: Path) -> None:
    """Long contexts are rotated by other factors, also where both begin with the same tokens."""
    reference = Reference("phi3-short")
    model = Model.open(gguf_of(folder, "phi3-short"), zcwasm.Device("cpu"))
    kept = PrefixCache(least=8)
    found = []
    for context in (CONTEXT, 128):
        for cache in (kept, None):
            with model.session(context=context, kv_dtype="f32", exact=True, prefix_cache=cache) as session:
                prompt = reference.ids[: 64 if context == CONTEXT else 70]
                list(session.generate(prompt, max_new_tokens=1, temperature=0.0, ignore_eos=True))
                found.append(np.array(session.logits([*prompt, 5])))
    assert np.abs(found[0] - found[1]).max() <= 1e-4
    assert np.abs(found[2] - found[3]).max() <= 1e-4


# --- what a file may hold ---


def open_changed(folder: Path, family: str, **changes: Any) -> Model:
    """The family's GGUF with other entries or tensors; what is None is left out."""
    config = family_models.config(family)
    known = family_models.metadata(config)
    tensors: dict[str, Any] = family_models.canonical(config, family_models.checkpoint(family))
    for name, value in changes.items():
        target = known if name.startswith(f"{known['general.architecture']}.") else tensors
        target[name] = value
    path = folder / "changed.gguf"
    family_models.write_gguf(
        path,
        {key: value for key, value in known.items() if value is not None},
        {name: value for name, value in tensors.items() if value is not None},
    )
    return Model.open(path, zcwasm.Device("cpu"))


def may_be_missing(config: dict[str, Any], name: str) -> bool:
    """Without it the file is another model, of which nothing says that it is not the one that is meant."""
    if name.endswith(".bias"):
        return config["model_type"] not in ("gpt_neox", "gpt2", "gpt_oss") and "norm" not in name
    return name in ("output.weight", "rope_freqs.weight")


def test_angles_of_layers_with_a_window(folder: Path) -> None:
    """A base of their own, which llama.cpp's converter writes where config.json has one."""
    for family in ("gemma2", "cohere2"):
        plain = open_changed(folder, family).config
        assert plain.ropes == (2 if family == "cohere2" else 1)  # of layers that are not rotated
        changed = open_changed(folder, family, **{f"{family}.rope.freq_base_swa": 500.0}).config
        assert [rope.base for rope in changed.rope_tables[:2]] == [10000.0, 500.0]
        for (window, before), (same, table) in zip(plain.layer_table, changed.layer_table, strict=True):
            assert window == same
            assert table == (1 if window else 2 * before)


def test_both_names_of_gpt_oss_norm(folder: Path) -> None:
    """GGUF files have the norm in front of the feed-forward by the name of one behind attention."""
    weights = open_changed(folder, "gpt_oss").weights
    assert "blk.0.ffn_norm.weight" in weights.tensors
    assert "blk.0.post_attention_norm.weight" not in weights.tensors
    with pytest.raises(zcwasm.ModelError, match=r"blk.0.post_attention_norm.weight is not known"):
        open_changed(folder, "gpt_oss", **{"blk.0.ffn_norm.weight": np.ones(64, np.float32)})
    half = np.ones((6, 128), np.float16)
    with pytest.raises(zcwasm.ModelError, match=r"ffn_up_exps.bias is F16, must be F32"):
        open_changed(folder, "gpt_oss", **{"blk.1.ffn_up_exps.bias": half})


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in LIKE_OTHERS])
def test_what_is_unknown_or_missing_is_refused_by_its_name(folder: Path, family: str) -> None:
    config = family_models.config(family)
    architecture = family_models.metadata(config)["general.architecture"]
    tensors = family_models.canonical(config, family_models.checkpoint(family))
    open_changed(folder, family)
    unknown = [f"{architecture}.surprise", "blk.1.surprise.weight", "blk.1.attn_norm_2.weight"]
    for name in unknown:
        value = 0.5 if name.startswith(architecture) else np.ones(config.get("hidden_size", 64), np.float32)
        with pytest.raises(zcwasm.ModelError, match=name):
            open_changed(folder, family, **{name: value})
    for name in tensors:
        if name.startswith("blk.") and not name.startswith("blk.1."):
            continue
        if not may_be_missing(config, name):
            with pytest.raises(zcwasm.ModelError, match=name):
                open_changed(folder, family, **{name: None})
        with pytest.raises(zcwasm.ModelError, match=name):
            open_changed(folder, family, **{name: np.ones((3, 7), np.float32)})


# --- folders ---

# Of each family in turn: how its weights are stored, and which transformers wrote config.json.
STORED = [("F32", "new"), ("BF16", "old"), ("F16", "new"), ("F32", "old"), ("BF16", "new"), ("F16", "old")]


def folder_of(path: Path, family: str, **options: Any) -> Path:
    """Afresh. Options as family_models.write_folder's, beside `changes` of config.json, and `style`."""
    config = family_models.config(family)
    if options.pop("style", "new") == "old":
        config = family_models.old_style(config)
    for name, value in options.pop("changes", {}).items():
        config[name] = value
    given = options.pop("tensors", {})
    # What is given may be the same experts in other tensors.
    packed = {name.removesuffix("_blocks") for name in given if name.endswith("_blocks")}
    tensors = {
        name: values for name, values in family_models.checkpoint(family).items() if name not in packed
    }
    tensors |= given
    kept = {name: values for name, values in tensors.items() if values is not None}
    return family_models.write_folder(path / "folder", config, kept, **options)


@pytest.mark.slow_on_software
@pytest.mark.parametrize(
    "family",
    [family if family in ("gemma3", "phi4", "gpt2", "qwen3_moe") else CPU(family) for family in FAMILIES],
)
def test_a_folder_gives_what_its_gguf_gives(tmp_path: Path, family: str, device: zcwasm.Device) -> None:
    """Each kind of numbers holds the weights exactly."""
    reference = Reference(family)
    index = FAMILIES.index(family)
    kind, style = STORED[index % len(STORED)]
    shards = 3 if index % 5 == 0 else 1
    found = []
    for path in (
        folder_of(tmp_path, family, kind=kind, style=style, shards=shards),
        family_models.family_gguf(tmp_path / "of.gguf", family),
    ):
        with Model.open(path, device).session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
            found.append([np.array(session.logits(reference.ids[:length])) for length in (48, 49, 56)])
    assert np.abs(found[0][0] - reference.logits[47]).max() <= TOLERANCE[True]
    assert np.abs(found[0][2] - reference.logits[55]).max() <= TOLERANCE[True]
    assert np.abs(np.array(found[0]) - found[1]).max() <= 1e-4


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in LIKE_OTHERS])
def test_what_a_folder_has_or_lacks_is_refused_by_its_name(tmp_path: Path, family: str) -> None:
    def opened(**options: Any) -> Model:
        return Model.open(folder_of(tmp_path, family, **options), zcwasm.Device("cpu"))

    config = family_models.config(family)
    # What nobody reads.
    opened(tensors={"model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(4, np.float32)})
    for name in ("model.layers.1.surprise.weight", "model.layers.1.mlp.down_proj.scale"):
        with pytest.raises(zcwasm.ModelError, match=name):
            opened(tensors={name: np.ones(64, np.float32)})
    with pytest.raises(zcwasm.ModelError, match="surprise"):
        opened(changes={"surprise": 0.5})
    activations = {
        "gemma2": "hidden_activation",
        "gemma3": "hidden_activation",
        "gpt2": "activation_function",
    }
    activation = activations.get(family, "hidden_act")
    for changes in (
        {activation: "relu"},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}},
    ):
        with pytest.raises(zcwasm.ModelError, match=next(iter(changes))):
            opened(changes=changes)
    tensors = family_models.checkpoint(family)
    alone = {name: values for name, values in tensors.items() if ".experts." not in name}
    names = dict(zip(alone, family_models.canonical(config, alone), strict=False))
    for name, values in tensors.items():
        if re.search(r"\.(layers|h)\.[02]\.", name):
            continue
        canonical = names.get(name, name)
        if family == "gpt_oss" and ".experts." in name:  # all of them, under the name of what is made of it
            canonical = "blk.1.ffn_down_exps" if "down_proj" in name else "blk.1.ffn_gate_exps"
        either = f"{name}|{canonical}|{canonical.replace('attn_qkv', 'attn_q')}".replace(".", r"\.")
        with pytest.raises(zcwasm.ModelError, match=either):
            opened(tensors={name: None})
        with pytest.raises(zcwasm.ModelError, match=either):
            opened(tensors={name: np.ones((3, *values.shape), np.float32)})
