"""A real language model against float32 references: what transformers computes with the same file.

references/make_llm.py made them, and says how. The default mode may round activations to 16-bit fixed point,
the exact mode does not; the tolerances are a property of the product, so a device has no say in them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

from models import real_model

import zcwasm
from zcwasm.llm import Model, Session

REFERENCES = Path(__file__).parent / "references" / "llm.npz"
TOLERANCE = {False: 1e-2, True: 2e-3}  # by exact
Reference = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def reference() -> Reference:
    with np.load(REFERENCES) as file:
        return dict(file)


@pytest.fixture(scope="module")
def path(reference: Reference) -> Path:
    path = real_model("smollm2-135m")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == str(reference["file_sha256"])
    return path


@pytest.fixture(scope="module")
def models(path: Path) -> dict[str, Model]:
    return {}


@pytest.fixture
def model(path: Path, models: dict[str, Model], device: zcwasm.Device) -> Model:
    """One for each kind of device, for all tests here."""
    if device.kind not in models:
        models[device.kind] = Model.open(path, device)
    return models[device.kind]


def prompts(reference: Reference, prefix: str) -> list[list[int]]:
    count = sum(name.startswith(prefix) for name in reference)
    return [reference[f"{prefix}{index}"].tolist() for index in range(count)]


def difference(model: Model, reference: Reference, **options: Any) -> float:
    """The largest of any logit of any prompt."""
    largest = 0.0
    with model.session(context=512, **options) as session:
        for index, prompt in enumerate(prompts(reference, "prompt_")):
            logits = session.logits(prompt)
            assert np.isfinite(logits).all()
            largest = max(largest, float(np.abs(logits - reference[f"logits_{index}"]).max()))
            del logits
    return largest


@pytest.mark.parametrize("exact", [False, True], ids=["default", "exact"])
def test_logits(model: Model, reference: Reference, exact: bool) -> None:
    largest = difference(model, reference, kv_dtype="f32", exact=exact)
    print(f"{model.device.kind}, exact={exact}: largest difference of a logit {largest:.2e}")
    assert largest <= TOLERANCE[exact]


def test_what_a_cache_of_f16_costs(model: Model, reference: Reference) -> None:
    """Printed, and known to be small beside what follows from the logits; not what decides."""
    largest = difference(model, reference, kv_dtype="f16", exact=True)
    print(f"{model.device.kind}, F16 cache: largest difference of a logit {largest:.2e}")
    assert TOLERANCE[True] / 100 < largest < 0.1


def continuation(session: Session, prompt: list[int], count: int) -> list[int]:
    return [
        token.id for token in session.generate(prompt, max_new_tokens=count, temperature=0.0, ignore_eos=True)
    ]


def check_greedy(
    model: Model, reference: Reference, which: range, exact: bool, kv_dtype: Literal["f16", "f32"] = "f32"
) -> None:
    """The reference's ids wherever its margin decides. After an id that may differ and does, the reference's
    own is followed."""
    followed = 0
    with model.session(context=512, kv_dtype=kv_dtype, exact=exact) as session:
        for index in which:
            prompt = reference[f"greedy_prompt_{index}"].tolist()
            ids = reference["greedy_ids"][index].tolist()
            margins = reference["greedy_margins"][index]
            done = 0
            while done < len(ids):
                got = continuation(session, prompt + ids[:done], len(ids) - done)
                same = [a == b for a, b in zip(got, ids[done:], strict=True)]
                if all(same):
                    break
                done += same.index(False)
                margin, second = float(margins[done]), int(reference["greedy_second"][index][done])
                where = f"prompt {index}, token {done}: {got[same.index(False)]} for {ids[done]}"
                assert margin <= 2 * TOLERANCE[exact], f"{where}, though its margin is {margin:.4f}"
                assert got[same.index(False)] == second, where
                followed += 1
                done += 1
    print(f"{model.device.kind}, exact={exact}: {len(which)} continuations, {followed} ties followed")


@pytest.mark.parametrize("exact", [False, True], ids=["default", "exact"])
def test_greedy(model: Model, reference: Reference, exact: bool) -> None:
    check_greedy(model, reference, range(4), exact)


@pytest.mark.slow
@pytest.mark.parametrize("exact", [False, True], ids=["default", "exact"])
def test_every_greedy_continuation(model: Model, reference: Reference, exact: bool) -> None:
    check_greedy(model, reference, range(len(reference["greedy_ids"])), exact)
