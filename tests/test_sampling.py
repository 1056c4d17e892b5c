"""Sampling: one list of options, which generate, chat, the command line, type checkers, the guest and the
documentation share. What each of them does is in test_llm.py."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which quantizes the model, is not installed")

import tiny_model

import zcwasm
from zcwasm import _cli, _guest, llm
from zcwasm.guests import layouts
from zcwasm.llm._options import SamplingOptions
from zcwasm.llm._sampling import OPTIONS

ROOT = Path(__file__).resolve().parent.parent
NAMES = [field.name for field in dataclasses.fields(llm.Sampling)]
PROMPT = [1, 2, 3]
# Of every option a value that is not the default.
VALUES: dict[str, Any] = {
    "temperature": 0.75,
    "top_k": 40,
    "top_p": 0.5,
    "min_p": 0.25,
    "repetition_penalty": 1.5,
    "repetition_window": 5,
    "seed": 2**64 - 2,
}


@pytest.fixture
def session(tmp_path: Path) -> llm.Session:
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    return llm.Model.open(path, zcwasm.Device("cpu", threads=1)).session(context=32)


def taken(session: llm.Session) -> dict[str, Any]:
    """What the guest chooses tokens by."""
    settings = session._guest.state["sampling"]
    return {name: settings[name].item() for name in settings.dtype.names}


def options_of_generate() -> dict[str, argparse.Action]:
    commands = next(
        action for action in _cli.parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return {action.dest: action for action in commands.choices["generate"]._actions}


def test_the_guest_has_the_same_ones() -> None:
    assert list(layouts.LLAMA_SAMPLING.names or ()) == NAMES, (
        "zcwasm/guests/llama.h; python buildtools/guests.py"
    )
    for name, option in OPTIONS.items():
        assert option.whole == (layouts.LLAMA_SAMPLING[name].kind == "u"), name


def test_type_checkers_see_the_same_ones() -> None:
    assert list(SamplingOptions.__annotations__) == NAMES
    assert set(NAMES) < set(llm.GenerateOptions.__annotations__)


@pytest.mark.parametrize(
    ("function", "own"),
    [
        (llm.Session.generate, {"context_policy", "context_keep"}),
        (llm.Session.chat, {"context_policy", "tools"}),
    ],
)
def test_signatures_show_all(function: Any, own: set[str]) -> None:
    signature = inspect.signature(function)
    named = {
        parameter.name: parameter.default
        for parameter in signature.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    assert set(named) == set(llm.GenerateOptions.__annotations__) | own
    assert {name: named[name] for name in NAMES} == dataclasses.asdict(llm.Sampling())


def test_the_command_line_has_all() -> None:
    """None is what was not given: the default then, or what a session that goes on was sampled with."""
    shown = options_of_generate()
    for name, option in OPTIONS.items():
        assert shown[name].option_strings == ["--" + name.replace("_", "-")]
        assert (shown[name].default, shown[name].help) == (None, option.help)


def test_help_says_what_each_is() -> None:
    doc = " ".join((inspect.getdoc(llm.Sampling) or "").split())
    for name, option in OPTIONS.items():
        assert f"{name}: {option.help}." in doc


def test_the_documentation_says_what_each_does() -> None:
    pages = [path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md")]
    section = next(page.split("\n## Sampling\n", 1)[1] for page in pages if "\n## Sampling\n" in page)
    missing = [name for name in NAMES if f"`{name}" not in section.split("\n## ")[0]]
    assert not missing, "docs/reference/llm.md, Sampling"


def test_there_is_a_value_of_each_here() -> None:
    assert list(VALUES) == NAMES, "VALUES in this file"
    assert all(VALUES[name] != getattr(llm.Sampling(), name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_reaches_the_guest(session: llm.Session, name: str) -> None:
    sampling = llm.Sampling(**{name: VALUES[name]})
    for options in ({"sampling": sampling}, {name: VALUES[name]}):
        list(session.generate(PROMPT, max_new_tokens=1))
        assert taken(session)[name] != VALUES[name]
        list(session.generate(PROMPT, max_new_tokens=1, **options))
        assert taken(session)[name] == VALUES[name]


def test_defaults_of_the_guest(session: llm.Session) -> None:
    list(session.generate(PROMPT, max_new_tokens=1, seed=3))
    neutral = {"temperature": 0, "top_k": 0, "top_p": 1, "min_p": 0, "repetition_penalty": 1, "seed": 3}
    assert taken(session) == neutral | {"repetition_window": session.context}


def test_what_is_given_by_itself_goes_before(session: llm.Session) -> None:
    everything = llm.Sampling(**VALUES)
    list(session.generate(PROMPT, max_new_tokens=1, sampling=everything, top_k=7, min_p=None))
    assert taken(session) == {**VALUES, "top_k": 7, "min_p": 0}
    messages = [{"role": "user", "content": "a"}]
    list(session.chat(messages, max_new_tokens=1, sampling=everything, top_k=7))
    assert taken(session) == {**VALUES, "top_k": 7}


def test_the_same_sampling_gives_the_same_tokens(session: llm.Session) -> None:
    sampling = llm.Sampling(temperature=1.0, seed=5)
    texts = [[each.id for each in session.generate(PROMPT, sampling=sampling)] for _ in range(2)]
    assert texts[0] == texts[1]
    assert [each.id for each in session.generate(PROMPT, temperature=1.0, seed=5)] == texts[0]


def test_a_sampling_is_a_value() -> None:
    assert llm.Sampling(top_k=np.int64(4)) == llm.Sampling(top_k=4)  # type: ignore[arg-type]
    assert {llm.Sampling(): 1}[llm.Sampling(temperature=0)] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        llm.Sampling().top_k = 4  # type: ignore[misc]


def test_another_kind_of_sampling(session: llm.Session) -> None:
    wrong: Any = {"temperature": 1.0}
    with pytest.raises(TypeError, match=r"sampling must be a zcwasm\.llm\.Sampling, not dict"):
        session.generate(PROMPT, sampling=wrong)


@pytest.mark.parametrize("name", NAMES)
def test_values_out_of_range(session: llm.Session, name: str) -> None:
    """Both where it is made and where it is changed; the guest, which does not trust the host, refuses them
    too, and goes on as it was told before."""
    option = OPTIONS[name]
    wrong = [option.least if option.above else option.least - 1, option.most + 1]
    wrong = [value if option.whole else float(value) for value in wrong]
    if option.or_zero:
        wrong.append(option.least / 2)
    for value in wrong:
        for call in (
            lambda value=value: llm.Sampling(**{name: value}),
            lambda value=value: session.generate(PROMPT, **{name: value}),
        ):
            with pytest.raises(ValueError, match=f"^{name} is "):
                call()
    if name == "seed":  # any 64 bits are one
        return
    list(session.generate(PROMPT, max_new_tokens=1, **VALUES))
    if name == "repetition_window":  # longer than the context is no harm
        wrong = [0]
    for value in wrong:
        _guest.fill(session._guest.state["wanted"], VALUES)
        session._guest.state["wanted"][name] = value if value >= 0 or not option.whole else 2**32 - 1
        with pytest.raises(zcwasm.Error, match=name.replace("_", "[_ ]")):
            session._check(session._guest.exports.configure())
        assert taken(session) == VALUES


def test_a_struct_is_filled_completely() -> None:
    record = np.zeros((), layouts.LLAMA_SAMPLING)
    for values in ({**VALUES, "more": 1}, {name: VALUES[name] for name in NAMES[1:]}):
        with pytest.raises(TypeError, match=r"in the struct or in the values only"):
            _guest.fill(record, values)
    _guest.fill(record, {**VALUES, "top_p": 1e-50})
    assert 0 < record["top_p"] < 1e-30
