"""What llama.wasm refuses: numbers and inputs that no host of this package gives it, but which anyone may."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")

import tiny_model

import zcwasm
from zcwasm import llm
from zcwasm.guests import layouts
from zcwasm.llm import _session
from zcwasm.llm._kept import Form

# Each test with each engine that is here.
pytestmark = [pytest.mark.cpu_is_enough, pytest.mark.usefixtures("engine")]

LAYERS, CONTEXT = 2, 16


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> llm.Model:
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    tiny_model.write(path, layers=LAYERS)
    return llm.Model.open(path, zcwasm.Device("cpu"))


def begin(model: llm.Model, numbers: dict[str, Any], **inputs: bytes) -> None:
    """A guest with these numbers in its config in place of the model's own, and these inputs."""
    form = Form.check(model.config, CONTEXT, "f16", False, CONTEXT)
    program = _session.PROGRAM
    given = {"layers": model._layer_bytes(), "rope": model._rope_bytes(CONTEXT), **inputs}
    config = program.config_bytes(model.config, {**form.numbers(), **numbers})
    program.start(model.device, model.weights, config, **given).begin("init")


def test_what_the_host_gives_is_taken(model: llm.Model) -> None:
    """So that none of the others fails for another reason than its own."""
    begin(model, {})
    begin(model, {"residual_scale": 0.25, "embedding_scale": 12, "logit_scale": 0.5, "logit_softcap": 30})


def test_a_model_says_the_same_on_each_engine(model: llm.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guest computes itself, such as what is drawn, does not depend on what runs it."""
    prompt = [5, 9, 2]

    def said() -> tuple[bytes, list[int], list[int]]:
        session = model.session(context=CONTEXT)
        logits = np.asarray(session.logits(prompt)).tobytes()
        greedy = [token.id for token in session.generate(prompt, max_new_tokens=8, ignore_eos=True)]
        drawn = session.generate(
            prompt, max_new_tokens=8, ignore_eos=True, temperature=1.5, top_p=0.9, top_k=30, seed=7
        )
        return logits, greedy, [token.id for token in drawn]

    here = said()
    monkeypatch.setenv("ZCWASM_ENGINE", "wasm3")
    assert here == said()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        *(
            ({name: most + 1}, f"{name} is {most + 1}, the most is {most}")
            for name, most in {
                "layers": layouts.LLAMA_MAX_LAYERS,
                "head_size": layouts.ZC_ATTENTION_MAX_HEAD,
                "context": layouts.LLAMA_MAX_CONTEXT,
                "rope_layout": 1,
                "kv_type": 2,
                "exact": 1,
                "norms": 7,
                "qk_norm": 2,
                "feed_forward": 4,
                "parallel": 1,
                "positions": layouts.LLAMA_MAX_CONTEXT,
                "ropes": layouts.LLAMA_MAX_ROPES,
            }.items()
        ),
        ({"layers": 0}, "layers is 0, must be 1 to"),
        *(({name: np.nan}, f"{name} is not a number") for name in ("attention_softcap", "logit_scale")),
        *(
            ({name: value}, f"{name} is out of range")
            for name, value in {
                "norm_epsilon": -1e-6,
                "attention_scale": np.inf,
                "attention_softcap": -1,
                "logit_softcap": 2.0**-61,
                "embedding_scale": 0,
                "residual_scale": 1e-6,
                "logit_scale": 0,
            }.items()
        ),
        ({"ropes": 0}, "tables of angles for nothing, or none"),
        ({"rotated": 0}, "tables of angles for nothing, or none"),
        ({"rotated": 18}, "rotated is out of range"),
        ({"positions": CONTEXT - 1}, "the context is 16, learned positions are 15"),
        ({"norms": 0, "residual_scale": 0.5}, "a residual_scale needs norms"),
        ({"norms": 2, "parallel": 1}, "what is parallel has norms of what is read"),
        ({"feed_forward": 4}, "a feed-forward whose gate is clamped has experts"),
        ({"feed_forward": 3, "experts": 4, "experts_used": 2}, "experts are gated by SiLU"),
        ({"feed_forward": 4, "experts": 4, "experts_used": 2}, r"blk\.0\.ffn_gate_inp\.weight"),
        ({"ropes": 2}, "the input rope is missing or has another size"),
        ({"layers": LAYERS + 1}, "the input layers is missing or has another size"),
        ({"qk_norm": 1}, r"blk\.0\.attn_q_norm\.weight"),
        ({"norms": 3}, r"blk\.0\.post_attention_norm\.weight"),
        ({"positions": 64}, r"position_embd\.weight"),
        ({"ff": 96}, r"tensor blk\.0\.ffn_gate\.weight has shape \(128, 64\)"),
    ],
    ids=str,
)
def test_numbers_that_no_model_has(model: llm.Model, numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(zcwasm.Error, match=message):
        begin(model, numbers)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (b"", "the input layers is missing or has another size"),
        (bytes(8 * LAYERS - 1), "the input layers is missing or has another size"),
        (bytes(8) + b"\0\0\0\0\1\0\0\0", "a layer's table of angles is 1, their number is 1"),
    ],
)
def test_layers_that_no_model_has(model: llm.Model, layers: bytes, message: str) -> None:
    with pytest.raises(zcwasm.Error, match=message):
        begin(model, {}, layers=layers)
