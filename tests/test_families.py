"""Tiny random models of every family against what float32 transformers computes with the same weights.

references/make_families.py made the references, and says how; family_models.py writes the files. Windows and
scalings end long before the prompt does. The tolerances are a property of the product, so a device has no say
in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
from family_weights import GREEDY_LENGTH, PROMPT_LENGTH, ROWS

import zcwasm
from zcwasm.llm import Model, Session

TOLERANCE = {False: 1e-2, True: 1e-3}  # by exact
FAMILIES = list(family_models.table())
# phi3-short is short while a context is at most this long; the longest one that others need.
CONTEXT = PROMPT_LENGTH + GREEDY_LENGTH


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


def largest_difference(session: Session, reference: Reference, tolerance: float) -> float:
    """Of any logit, of the prompt in one piece and of each step after it. The most likely ids are those of the
    reference wherever its margin decides."""
    largest = 0.0
    for step in range(GREEDY_LENGTH):
        position = PROMPT_LENGTH - 1 + step
        logits = np.array(session.logits(reference.ids[: position + 1]))
        best = int(logits.argmax())
        largest = max(largest, abs(float(logits[best] - reference.top[step])))
        if position in reference.logits:
            largest = max(largest, float(np.abs(logits - reference.logits[position]).max()))
        if reference.margins[step] > 2 * tolerance:
            assert best == reference.ids[position + 1], f"step {step}"
    return largest


@pytest.mark.parametrize("family", FAMILIES)
def test_logits(folder: Path, family: str, device: zcwasm.Device) -> None:
    reference = Reference(family)
    model = Model.open(gguf_of(folder, family), device)
    with model.session(context=CONTEXT, kv_dtype="f32", exact=True) as session:
        largest = largest_difference(session, reference, TOLERANCE[True])
    # In chunks that end inside of windows; shorter prompts begin anew.
    with model.session(context=CONTEXT, kv_dtype="f32", exact=True, chunk=7) as session:
        for position in ROWS[:3]:
            logits = np.array(session.logits(reference.ids[: position + 1]))
            largest = max(largest, float(np.abs(logits - reference.logits[position]).max()))
    print(f"{device.kind}, {family}: largest difference of a logit {largest:.1e}")
    assert largest <= TOLERANCE[True]


@pytest.fixture
def cpu() -> zcwasm.Device:
    return zcwasm.Device("cpu")


BATCHED = [
    pytest.param(family, marks=[] if family in ("gemma2", "phi4", "gpt_neox") else pytest.mark.cpu_is_enough)
    for family in FAMILIES
]


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


@pytest.mark.parametrize("family", ["llama-3", "qwen3", "gemma2", "gemma3", "gpt2"])
def test_default_mode(folder: Path, family: str, device: zcwasm.Device) -> None:
    """Which may round activations to 16-bit fixed point."""
    reference = Reference(family)
    model = Model.open(gguf_of(folder, family), device)
    with model.session(context=CONTEXT, kv_dtype="f32") as session:
        largest = largest_difference(session, reference, TOLERANCE[False])
    print(f"{device.kind}, {family}: largest difference of a logit {largest:.1e}")
    assert largest <= TOLERANCE[False]


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
        return config["model_type"] not in ("gpt_neox", "gpt2") and "norm" not in name
    return name in ("output.weight", "rope_freqs.weight")


@pytest.mark.parametrize("family", FAMILIES)
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
