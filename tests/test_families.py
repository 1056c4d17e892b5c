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
    """Of any logit, of the prompt in one piece and of each step after it. The ids that are most likely are the
    reference's wherever its margin decides."""
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
