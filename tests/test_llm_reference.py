"""A real language model against float32 references: what transformers computes with the same file.

references/make_llm.py made them, and says how. The default mode may round activations to 16-bit fixed point,
the exact mode does not; the tolerances are a property of the product, so a device has no say in them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

from models import real_model

import zcwasm
from zcwasm.llm import Model, Session

pytestmark = pytest.mark.slow

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


# A software GPU takes seconds for a token: it gets a part of the work, unless asked for all.
SHORT_PROMPTS, SHORT_CONTINUATION = 3, 6


def difference(model: Model, reference: Reference, *, all_prompts: bool = False, **options: Any) -> float:
    """The largest of any logit of any prompt."""
    largest = 0.0
    ids = prompts(reference, "prompt_")
    if model.device.software and not all_prompts:
        ids = ids[:SHORT_PROMPTS]
    with model.session(context=512, **options) as session:
        for index, prompt in enumerate(ids):
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


@pytest.mark.cpu_is_enough  # on devices, tests of the kernel and of tiny models have caches of F16
def test_what_a_cache_of_f16_costs(model: Model, reference: Reference) -> None:
    """Measured, and small; no tolerance of the product's."""
    largest = difference(model, reference, kv_dtype="f16", exact=True)
    print(f"{model.device.kind}, F16 cache: largest difference of a logit {largest:.2e}")
    assert 0 < largest < 0.1


def continuation(session: Session, prompt: list[int], count: int) -> list[int]:
    return [
        token.id for token in session.generate(prompt, max_new_tokens=count, temperature=0.0, ignore_eos=True)
    ]


def check_greedy(model: Model, reference: Reference, which: list[int], exact: bool, count: int = 48) -> None:
    """The reference's ids wherever its margin decides. After an id that may differ and does, the reference's
    own is followed."""
    followed = 0
    with model.session(context=512, kv_dtype="f32", exact=exact) as session:
        for index in which:
            prompt = reference[f"greedy_prompt_{index}"].tolist()
            ids = reference["greedy_ids"][index][:count].tolist()
            done = 0
            while done < count:
                got = continuation(session, prompt + ids[:done], count - done)
                same = [a == b for a, b in zip(got, ids[done:], strict=True)]
                if all(same):
                    break
                found = got[same.index(False)]
                done += same.index(False)
                margin, second = (
                    reference["greedy_margins"][index][done],
                    reference["greedy_second"][index][done],
                )
                where = f"prompt {index}, token {done}: {found} for {ids[done]}, whose margin is {margin:.4f}"
                assert margin <= 2 * TOLERANCE[exact], where
                assert found == second, where
                followed += 1
                done += 1
    print(
        f"{model.device.kind}, exact={exact}: {len(which)} continuations of {count}, {followed} ties followed"
    )


GREEDY = [0, 3, 8]


@pytest.mark.parametrize(
    "exact", [False, pytest.param(True, marks=pytest.mark.cpu_is_enough)], ids=["default", "exact"]
)
def test_greedy(model: Model, reference: Reference, exact: bool) -> None:
    if model.device.software:
        check_greedy(model, reference, GREEDY[:1], exact, SHORT_CONTINUATION)
    else:
        check_greedy(model, reference, GREEDY, exact)


@pytest.mark.parametrize("exact", [False, True], ids=["default", "exact"])
def test_everything(model: Model, reference: Reference, exact: bool) -> None:
    if model.device.software and not os.environ.get("ZCWASM_LONG_TESTS"):
        pytest.skip("takes half an hour on a software GPU: set ZCWASM_LONG_TESTS=1")
    rest = list(range(len(reference["greedy_ids"])))
    if model.device.software:
        largest = difference(model, reference, all_prompts=True, kv_dtype="f32", exact=exact)
        assert largest <= TOLERANCE[exact]
    else:  # the tests above have had the prompts, and these
        rest = [index for index in rest if index not in GREEDY]
    check_greedy(model, reference, rest, exact)
