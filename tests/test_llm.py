"""Sessions over tiny random models, on every device, against the NumPy reference of llm_numpy.py."""

from __future__ import annotations

import contextlib
import functools
import gc
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")

import llm_numpy
import tiny_model
from llm_support import ON_PROGRAMS

import zcwasm
from zcwasm import llm
from zcwasm._core import _weight_types
from zcwasm.llm._families import FAMILIES

pytestmark = pytest.mark.slow_on_software

CPU = functools.partial(pytest.param, marks=pytest.mark.cpu_is_enough)

HEADS, KV_HEADS = 4, 2
# Of two families: whether it rotates halves of a head, or pairs.
HALVES = {"llama": False, "qwen2": True}
PROMPT = [(7 * n * n + 3 * n) % 250 for n in range(37)]

Tensors = dict[str, npt.NDArray[np.float32]]


class Tiny:
    """A model file, its numbers and its tensors."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.tensors: Tensors = tiny_model.write(path, heads=HEADS, kv_heads=KV_HEADS, **options)
        vocab, dim = self.tensors["token_embd.weight"].shape
        self.shape = llm_numpy.Shape(
            layers=options.get("layers", 2),
            dim=dim,
            heads=HEADS,
            kv_heads=KV_HEADS,
            ff=self.tensors["blk.0.ffn_gate.weight"].shape[0],
            vocab=vocab,
            head_size=dim // HEADS,
            rope_base=options.get("rope_base", 10000.0),
            halves=HALVES[options.get("architecture", "llama")],
        )

    def logits(self, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """Of what follows."""
        return np.asarray(llm_numpy.logits(self.shape, self.tensors, ids)[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Tiny:
    return Tiny(folder / "tiny.gguf")


@pytest.fixture
def model(tiny: Tiny, device: zcwasm.Device) -> llm.Model:
    return llm.Model.open(tiny.path, device)


@pytest.fixture
def cpu_model(tiny: Tiny) -> llm.Model:
    """For what does not depend on the device."""
    return llm.Model.open(tiny.path, zcwasm.Device("cpu"))


@pytest.fixture
def steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No step is submitted ahead, so that logits are fetched and not computed again."""
    from zcwasm.llm import _placement

    monkeypatch.setattr(_placement, "steps_ahead", lambda device: False)


def ids_of(tokens: Any) -> list[int]:
    return [token.id for token in tokens]


# Float32 all the way: nothing but rounding. The default mode rounds activations to 16-bit fixed point.
EXACT, DEFAULT, F16_CACHE = 2e-4, 5e-3, 2e-2

KINDS: list[dict[str, Any]] = [
    {},
    {"tied": False, "rope_base": 100000.0},
    {"architecture": "qwen2", "bias": True},
    {"rope_factors": np.linspace(1, 8, 8)},
    {"kind": "F16"},
    {"kind": "BF16"},
    {"kind": "Q8_0"},
    {"kind": "Q4_0"},
    {"kind": "Q4_1", "embedding_kind": "Q8_0"},
    {"kind": "Q4_K", "embedding_kind": "Q6_K"},
    {"kind": "Q6_K", "layers": 1},
    {"kind": "Q5_0", "embedding_kind": "IQ4_NL", "layers": 1},
    {"kind": "MXFP4", "embedding_kind": "Q5_1", "layers": 1},
    {"kind": "Q2_K", "embedding_kind": "Q3_K", "layers": 1},
    {"kind": "Q5_K", "embedding_kind": "IQ4_XS", "layers": 1},
]


def test_there_is_a_model_of_every_type_of_weights() -> None:
    kinds = {options.get(key, "F32") for options in KINDS for key in ("kind", "embedding_kind")}
    assert kinds == {name for name, _, _, number in _weight_types if number is not None}


def test_both_orders_of_rotation_are_compared_with_the_reference() -> None:
    """test_families.py has all families."""
    assert {name: FAMILIES[name].rope_halves for name in HALVES} == HALVES
    assert {options.get("architecture", "llama") for options in KINDS} == set(HALVES)


class TestNumbers:
    @pytest.mark.parametrize(
        "options",
        [
            options
            if options.get("kind", "F32") in ON_PROGRAMS
            else pytest.param(options, marks=pytest.mark.cpu_is_enough)
            for options in KINDS
        ],
        ids=lambda options: "-".join(map(str, options)) or "plain",
    )
    def test_prefill_and_steps_agree_with_the_reference(
        self, folder: Path, device: zcwasm.Device, options: dict[str, Any], steps_alone: None
    ) -> None:
        tiny = Tiny(folder / "kind.gguf", **options)
        for exact, tolerance in ((True, EXACT), (False, DEFAULT)):
            session = llm.Model.open(tiny.path, device).session(context=64, kv_dtype="f32", exact=exact)
            scale = np.abs(tiny.logits(PROMPT)).max()
            assert np.abs(session.logits(PROMPT) - tiny.logits(PROMPT)).max() < tolerance * scale
            ids = list(PROMPT)
            for token in session.generate(PROMPT, max_new_tokens=4, ignore_eos=True):
                expected = tiny.logits(ids)
                assert expected.max() - expected[token.id] < 2 * tolerance * scale
                assert np.abs(session._logits - expected).max() < tolerance * scale
                ids.append(token.id)

    @pytest.mark.parametrize("kv_dtype", ["f32", "f16"])
    @pytest.mark.parametrize("chunk", [1, 5, 16, 37, 64])
    def test_chunks_and_caches(self, tiny: Tiny, model: llm.Model, chunk: int, kv_dtype: Any) -> None:
        session = model.session(context=64, chunk=chunk, kv_dtype=kv_dtype, exact=True)
        tolerance = F16_CACHE if kv_dtype == "f16" else EXACT
        expected = tiny.logits(PROMPT)
        difference = np.abs(session.logits(PROMPT) - expected).max()
        assert difference < tolerance * np.abs(expected).max()
        if kv_dtype == "f16":
            assert difference > 0  # it is another cache
        assert session.cached_tokens == len(PROMPT)

    def test_steps_are_what_a_prefill_of_the_same_tokens_gives(
        self, model: llm.Model, steps_alone: None
    ) -> None:
        session, other = (model.session(context=64, kv_dtype="f32", exact=True) for _ in range(2))
        new = ids_of(session.generate(PROMPT, max_new_tokens=12, ignore_eos=True))
        after = session._logits.copy()
        assert np.abs(other.logits(PROMPT + new[:-1]) - after).max() < EXACT * np.abs(after).max()
        assert other._logits.argmax() == new[-1]

    def test_equal_sessions_give_equal_bits(self, model: llm.Model) -> None:
        rows = [model.session(context=64, chunk=7).logits(PROMPT).copy() for _ in range(2)]
        assert rows[0].tobytes() == rows[1].tobytes()

    def test_logits_are_a_view_of_guest_memory(self, model: llm.Model) -> None:
        session = model.session(context=64)
        before = zcwasm.copy_stats()
        if session.mirrored:
            del before["mirrored"]  # rows of the cache: a copy that is meant, with a counter of its own
        row = session.logits(PROMPT)
        assert not row.flags.owndata
        start = session.memory.address
        assert start <= row.__array_interface__["data"][0] < start + session.memory.size
        for _ in session.generate(PROMPT[:5], max_new_tokens=5, ignore_eos=True):
            pass
        assert {name: zcwasm.copy_stats()[name] for name in before} == before

    def test_cache_lies_where_the_layout_says(self, tiny: Tiny, model: llm.Model) -> None:
        """As docs/reference/llm.md: per layer K then V, a row a position. The first V is a simple product."""
        session = model.session(context=64, kv_dtype="f32", exact=True)
        session.logits(PROMPT)
        state, shape = session._guest.state, tiny.shape
        columns = shape.kv_heads * shape.head_size
        values = session.memory.array(
            int(state["cache"] + state["cache_layer_bytes"] // 2), (64, columns), np.float32
        )
        x = llm_numpy.rms_norm(
            tiny.tensors["token_embd.weight"][PROMPT].astype(np.float64),
            tiny.tensors["blk.0.attn_norm.weight"],
            shape.epsilon,
        )
        expected = x @ tiny.tensors["blk.0.attn_v.weight"].T
        np.testing.assert_allclose(values[: len(PROMPT)], expected, atol=1e-4)
        assert not values[len(PROMPT) :].any()
        assert session.memory.array(int(state["history"]), len(PROMPT), np.uint32).tolist() == PROMPT


class TestGPUs:
    """What sessions do where the device has memory of its own (activations lie there), and where it is not
    the CPU itself (steps are submitted ahead), on every device."""

    # Of a GPU that is a program the last one, and "ahead" by all other tests here: it is so by itself there.
    @pytest.fixture(params=[CPU("apart"), CPU("ahead"), "apart and ahead"])
    def session(
        self, model: llm.Model, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> llm.Session:
        from zcwasm.llm import _placement

        monkeypatch.setattr(_placement, "apart", lambda device: "apart" in request.param)
        monkeypatch.setattr(_placement, "steps_ahead", lambda device: "ahead" in request.param)
        return model.session(context=64, chunk=16)

    @pytest.fixture
    def plain(self, model: llm.Model, monkeypatch: pytest.MonkeyPatch) -> llm.Session:
        from zcwasm.llm import _placement

        with monkeypatch.context() as patch:
            for name in ("apart", "steps_ahead"):
                patch.setattr(_placement, name, lambda device: False)
            return model.session(context=64, chunk=16)

    def test_nothing_changes(self, plain: llm.Session, session: llm.Session) -> None:
        """To the end of the context, after one another in one session, longer and shorter prompts."""
        for options in (
            {},
            {"repetition_penalty": 1.5, "repetition_window": 9},
            {"temperature": 2.0, "seed": 7},
            {"temperature": 500.0, "seed": 8, "repetition_penalty": 1.1},
            {},
        ):
            for prompt in (PROMPT, [*PROMPT[:20], *PROMPT]):
                expected = ids_of(plain.generate(prompt, ignore_eos=True, **options))
                assert len(expected) == 64 - len(prompt) + 1
                assert ids_of(session.generate(prompt, ignore_eos=True, **options)) == expected
            row, expected = session.logits(PROMPT), plain.logits(PROMPT)
            assert (
                np.abs(row - expected).max() < EXACT * np.abs(expected).max()
            )  # a norm may be made elsewhere

    @pytest.mark.parametrize(
        "options",
        [
            {"temperature": 3.0},  # some draws are left to the guest
            {"temperature": 500.0},  # most are
            # What each option draws on a device is the kernel's test (test_llm_kernels.py).
            CPU({"temperature": 1.0}),
            CPU({"temperature": 5.0, "top_k": 40}),
            {"temperature": 20.0, "top_k": 256, "top_p": 0.9},
            CPU({"temperature": 9.0, "top_p": 0.8}),
            CPU({"temperature": 500.0, "top_p": 0.95}),
            CPU({"temperature": 5.0, "min_p": 0.02, "top_k": 100}),
        ],
        ids=lambda options: "-".join(f"{k}={v}" for k, v in options.items()),
    )
    def test_draws_do_not_change(
        self, plain: llm.Session, session: llm.Session, options: dict[str, Any]
    ) -> None:
        """Nor does the generator's state, with which the next ones go on."""
        seen = set()
        for seed in range(6):
            tokens = [
                ids_of(each.generate(PROMPT, max_new_tokens=13, ignore_eos=True, seed=seed, **options))
                for each in (plain, session)
            ]
            assert tokens[0] == tokens[1]
            assert plain._guest.state["random"] == session._guest.state["random"]
            seen.add(tuple(tokens[0]))
        assert len(seen) > 1

    @pytest.mark.parametrize("temperature", [0.0, 3.0])
    def test_logits_can_be_fetched_at_any_time(
        self, tiny: Tiny, plain: llm.Session, session: llm.Session, temperature: float
    ) -> None:
        """Also when steps ahead have written over them; what is drawn next does not change."""
        options: dict[str, Any] = {"temperature": temperature, "seed": 4, "ignore_eos": True}
        expected = ids_of(plain.generate(PROMPT, max_new_tokens=12, **options))
        ids = list(PROMPT)
        for n, token in enumerate(session.generate(PROMPT, max_new_tokens=12, **options)):
            if n in (0, 1, 4, 5, 9):
                right = tiny.logits(ids)
                row = session._logits
                assert np.abs(row - right).max() < F16_CACHE * np.abs(right).max()
                if temperature:
                    scores = session._guest.array("scores", tiny.shape.vocab, np.float32)
                    assert np.abs(scores - probabilities(row.astype(np.float64), temperature)).max() < 1e-6
            ids.append(token.id)
        assert ids[len(PROMPT) :] == expected
        session._instance.exports.truncate(20)
        right = tiny.logits(PROMPT[:20])
        assert np.abs(session._logits - right).max() < F16_CACHE * np.abs(right).max()
        session._instance.exports.truncate(0)
        with pytest.raises(zcwasm.Error, match="logits come with a prefill"):
            _ = session._logits

    def test_a_generation_left_in_the_middle(self, plain: llm.Session, session: llm.Session) -> None:
        expected = ids_of(plain.generate(PROMPT, max_new_tokens=9, ignore_eos=True))
        for taken in (1, 2, 3):
            tokens = session.generate(PROMPT, ignore_eos=True)
            assert [next(tokens).id for _ in range(taken)] == expected[:taken]
            tokens.close()
            assert session.cached_tokens == len(PROMPT) + taken - 1
            assert ids_of(session.generate([9, 8, 7], max_new_tokens=3, ignore_eos=True)) == ids_of(
                plain.generate([9, 8, 7], max_new_tokens=3, ignore_eos=True)
            )
            assert ids_of(session.generate(PROMPT, max_new_tokens=9, ignore_eos=True)) == expected

    def test_closing_with_a_step_in_flight(self, session: llm.Session) -> None:
        tokens = session.generate(PROMPT, ignore_eos=True)
        next(tokens)
        next(tokens)
        tokens.close()
        session.close()

    def test_a_copied_memory_goes_on_after_attach(self, plain: llm.Session, session: llm.Session) -> None:
        """All that a session is lies in its memory; attach finds anew what belongs to the instance."""
        expected = ids_of(plain.generate(PROMPT, max_new_tokens=9, ignore_eos=True))
        tokens = session.generate(PROMPT, ignore_eos=True)
        assert [next(tokens).id for _ in range(3)] == expected[:3]
        tokens.close()
        other = session.model.session(context=64, chunk=16)
        other.logits([9, 8, 7])  # its own sequences, submissions and cache
        other._instance.exports.truncate(0)
        size = session.memory.size
        assert other.memory.size == size
        np.copyto(other.memory.array(0, size, np.uint8), session.memory.array(0, size, np.uint8))
        session.close()
        exports = other._instance.exports
        assert exports.attach() == 0
        assert other.cached_tokens == len(PROMPT) + 2
        assert [exports.step() for _ in range(6)] == expected[3:]
        assert ids_of(other.generate([5, 6], max_new_tokens=3)) == ids_of(
            plain.generate([5, 6], max_new_tokens=3)
        )

    def test_an_interrupted_prefill(self, session: llm.Session) -> None:
        """Wherever: with some pieces of the prompt in flight, or none, the next one is right."""
        want = session.logits(PROMPT).copy()
        session._instance.exports.truncate(0)
        ended = 0
        for fuel in range(300, 100000, 1511):
            session._instance.fuel = fuel
            try:
                session.logits(PROMPT)
                break
            except zcwasm.Trap:
                ended += 1
            session._instance.fuel = None
            if ended % 3 == 0:
                session._instance.exports.truncate(0)
                assert session.logits(PROMPT).tobytes() == want.tobytes()
            elif session.cached_tokens:
                session._instance.exports.step()
            session._instance.exports.truncate(0)
        session._instance.fuel = None
        assert ended > 5
        session._instance.exports.truncate(0)
        assert session.logits(PROMPT).tobytes() == want.tobytes()

    def test_what_an_interrupted_prefill_recorded_is_never_run(
        self, cpu_model: llm.Model, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither by steps nor by what brings logits from scratch: its rows are others' by then."""
        monkeypatch.setattr("zcwasm.llm._placement.apart", lambda _: True)

        def steps(session: llm.Session) -> bytes:
            session._instance.exports.truncate(20)
            tokens = [session._instance.exports.step() for _ in range(3)]
            first = session._logits.tobytes()
            return repr([*tokens, session._instance.exports.step()]).encode() + first

        found = []
        for fuel in (None, *range(900, 20000, 977)):
            session = cpu_model.session(context=64)
            session.logits(PROMPT[:20])
            if fuel:
                session._instance.fuel = fuel
                with contextlib.suppress(zcwasm.Trap):
                    session.logits(PROMPT)
                    break
                session._instance.fuel = None
                if session.cached_tokens == len(PROMPT):  # all that was left to do was to say so
                    break
            found.append(steps(session) + session._logits.tobytes())
        assert len(found) > 5
        assert len(set(found)) == 1

    def test_truncation_with_a_step_in_flight(self, plain: llm.Session, session: llm.Session) -> None:
        results = []
        for one in (plain, session):
            exports = one._instance.exports
            ids_of(one.generate(PROMPT, max_new_tokens=5, ignore_eos=True))
            assert exports.truncate(20) == 20
            results.append([exports.step(), exports.step(), one.cached_tokens])
        assert results[0] == results[1]

    def test_a_nan_is_found(
        self, folder: Path, device: zcwasm.Device, session: llm.Session, plain: llm.Session
    ) -> None:
        """In the second step: of the third token, the embedding is NaN."""
        expected = ids_of(plain.generate(PROMPT, max_new_tokens=3, ignore_eos=True))
        path = folder / "nan-later.gguf"
        Tiny(path, tied=False)
        first = ids_of(llm.Model.open(path, device).session(context=64).generate(PROMPT, max_new_tokens=2))
        tensor = zcwasm.Weights(path)["token_embd.weight"]
        row = tensor.nbytes // tensor.shape[0]
        with open(path, "r+b") as file:
            file.seek(tensor.offset + first[1] * row)
            file.write(np.full(row // 4, np.nan, np.float32).tobytes())
        broken = llm.Model.open(path, device).session(context=64)
        tokens = broken.generate(PROMPT, ignore_eos=True)
        assert [next(tokens).id, next(tokens).id] == first
        with pytest.raises(zcwasm.Error, match="NaN"):
            next(tokens)
        assert ids_of(session.generate(PROMPT, max_new_tokens=3, ignore_eos=True)) == expected


class TestMirror:
    """The cache where the device reads it in its own memory, on every device."""

    @pytest.fixture(params=["f16", "f32"])
    def sessions(
        self, model: llm.Model, steps_alone: None, request: pytest.FixtureRequest
    ) -> tuple[llm.Session, llm.Session]:
        """One without, one with a mirror."""
        plain, mirrored = (
            model.session(context=64, kv_dtype=request.param, chunk=16, mirror=mirror)
            for mirror in (False, True)
        )
        assert (plain.mirrored, mirrored.mirrored) == (False, True)
        return plain, mirrored

    @staticmethod
    def rows(session: llm.Session) -> npt.NDArray[Any]:
        """The cache: (layers, keys or values, positions, columns)."""
        config = session.model.config
        shape = (config.layers, 2, session.context, config.kv_heads * config.head_size)
        dtype = np.float16 if session.kv_dtype == "f16" else np.float32
        return session._guest.array("cache", shape, dtype)

    @staticmethod
    def spoil(session: llm.Session) -> None:
        TestMirror.rows(session)[:, :, 3:7] *= -2

    def test_nothing_changes(self, sessions: tuple[llm.Session, llm.Session]) -> None:
        plain, mirrored = sessions
        for prompt in (PROMPT, PROMPT[:20], [*PROMPT[:10], 5, 6], PROMPT):
            want = ids_of(plain.generate(prompt, max_new_tokens=9, ignore_eos=True))
            assert ids_of(mirrored.generate(prompt, max_new_tokens=9, ignore_eos=True)) == want
            assert mirrored._logits.tobytes() == plain._logits.tobytes()
            assert np.array_equal(self.rows(mirrored), self.rows(plain))

    def test_what_is_appended_is_counted(self, sessions: tuple[llm.Session, llm.Session]) -> None:
        _, session = sessions
        row = session.cache_bytes // session.context
        for prompt, tokens, rows in ((PROMPT, 1, 37), (PROMPT, 6, 1 + 5), ([9, 8], 3, 2 + 2)):
            before = zcwasm.copy_stats()
            ids_of(session.generate(prompt, max_new_tokens=tokens, ignore_eos=True))
            after = zcwasm.copy_stats()
            assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
                "mirrored": rows * row
            }

    def test_what_the_host_writes_is_seen_when_it_says_so(
        self, sessions: tuple[llm.Session, llm.Session]
    ) -> None:
        plain, mirrored = sessions
        for session in sessions:
            session.logits(PROMPT)
        unspoiled = plain.logits([*PROMPT, 5]).copy()
        for session in sessions:
            self.spoil(session)
        spoiled = plain.logits([*PROMPT, 5]).copy()
        assert not np.array_equal(spoiled, unspoiled)
        assert mirrored.logits([*PROMPT, 5]).tobytes() == unspoiled.tobytes()
        before = zcwasm.copy_stats()["mirrored"]
        mirrored.mirror(3, 2)  # not yet all
        assert mirrored.logits([*PROMPT, 5]).tobytes() not in (spoiled.tobytes(), unspoiled.tobytes())
        mirrored.mirror(5, 2)
        assert mirrored.logits([*PROMPT, 5]).tobytes() == spoiled.tobytes()
        row = mirrored.cache_bytes // mirrored.context
        assert zcwasm.copy_stats()["mirrored"] - before == (2 + 2 + 2) * row  # and two that were appended
        mirrored.mirror()
        plain.mirror()
        assert zcwasm.copy_stats()["mirrored"] - before == (6 + 64) * row
        assert mirrored.logits([*PROMPT, 5]).tobytes() == spoiled.tobytes()

    @pytest.mark.parametrize("export", ["mirror", "attach"])
    def test_what_was_interrupted_is_done_by_the_next_call(self, cpu_model: llm.Model, export: str) -> None:
        """Wherever it ends. Before it has begun it is as if it had not been called."""
        plain = cpu_model.session(context=64, mirror=False)
        plain.logits(PROMPT)
        self.spoil(plain)
        want = plain.logits([*PROMPT, 5]).copy()
        begun = []
        for fuel in range(0, 100000, 9 if export == "mirror" else 301):
            session = cpu_model.session(context=64, mirror=True)
            session.logits(PROMPT)
            self.spoil(session)
            session._instance.fuel = fuel
            call, arguments = session._instance.exports[export], (2, 10) if export == "mirror" else ()
            done = False
            with contextlib.suppress(zcwasm.Trap):
                done = call(*arguments) == 0
            session._instance.fuel = None
            if export == "attach" and not done:
                assert call() == 0
            begun.append(session.logits([*PROMPT, 5]).tobytes() == want.tobytes())
            if done:
                break
        assert begun == sorted(begun)
        assert begun[-1]
        assert sum(begun) > 5

    def test_logits_that_are_computed_again_see_all_of_what_was_begun(self, cpu_model: llm.Model) -> None:
        def again(session: llm.Session) -> bytes:
            session._instance.exports.truncate(len(PROMPT) - 1)
            return session._logits.tobytes()

        def right(spoiled: bool) -> bytes:
            plain = cpu_model.session(context=64, mirror=False)
            plain.logits(PROMPT)
            if spoiled:
                self.spoil(plain)
            return again(plain)

        found = []
        for fuel in range(0, 2000, 9):
            session = cpu_model.session(context=64, mirror=True)
            session.logits(PROMPT)
            self.spoil(session)
            session._instance.fuel = fuel
            done = False
            with contextlib.suppress(zcwasm.Trap):
                done = session._instance.exports.mirror(2, 10) == 0
            session._instance.fuel = None
            found.append(again(session))
            if done:
                break
        assert set(found) == {right(False), right(True)}
        assert found.count(right(True)) > 5

    def test_interrupted_calls_leave_the_stack(self, cpu_model: llm.Model) -> None:
        """A trap unwinds nothing in the guest: its next call begins with an empty stack all the same."""
        session = cpu_model.session(context=64)
        want = session.logits(PROMPT).copy()
        attach, ended = session._instance.exports.attach, 0
        for fuel in range(1000, 30000, 201):
            session._instance.fuel = fuel
            try:
                attach()
            except zcwasm.Trap:
                ended += 1
            session._instance.fuel = None
            assert attach() == 0
        assert ended > 100
        session._instance.exports.truncate(0)
        assert session.logits(PROMPT).tobytes() == want.tobytes()

    def test_an_earlier_state_of_its_own(self, sessions: tuple[llm.Session, llm.Session]) -> None:
        """As after a snapshot: the memory is what it was, and attach makes the mirror anew."""
        _, session = sessions
        tokens = ids_of(session.generate(PROMPT, max_new_tokens=5, ignore_eos=True))
        size = session.memory.size
        earlier = session.memory.array(0, size, np.uint8).copy()
        expected = ids_of(session.generate([*PROMPT, *tokens], max_new_tokens=5, ignore_eos=True))
        ids_of(session.generate([7, 7, *PROMPT], max_new_tokens=5, ignore_eos=True))
        session._guest.release()
        session.memory.array(0, size, np.uint8)[...] = earlier
        before = zcwasm.copy_stats()["mirrored"]
        assert session._instance.exports.attach() == 0
        rows = session.cached_tokens
        assert zcwasm.copy_stats()["mirrored"] - before == rows * session.cache_bytes // session.context
        assert ids_of(session.generate([*PROMPT, *tokens], max_new_tokens=5, ignore_eos=True)) == expected
        assert session.usage.reused_tokens == rows

    def test_attaching_gives_back_what_there_was(
        self, model: llm.Model, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from zcwasm.llm import _placement

        monkeypatch.setattr(_placement, "apart", lambda device: True)
        monkeypatch.setattr(_placement, "scratch_limit", lambda size: zcwasm.Limits(scratch=2 * size))
        session = model.session(context=256, kv_dtype="f32", chunk=16)
        for _ in range(5):
            expected = ids_of(session.generate(PROMPT, max_new_tokens=5, ignore_eos=True))
            assert session._instance.exports.attach() == 0
            assert ids_of(session.generate(PROMPT, max_new_tokens=5, ignore_eos=True)) == expected

    def test_no_room_says_how_much(self, model: llm.Model, monkeypatch: pytest.MonkeyPatch) -> None:
        from zcwasm.llm import _placement

        size = model.config.cache_bytes(64, "f16")
        wanted = rf"no room for a mirror .*, {size} bytes \(context 64\).*{size - 1}"
        with monkeypatch.context() as patch:
            patch.setattr(_placement, "scratch_limit", lambda size: zcwasm.Limits(scratch=size - 1))
            with pytest.raises(zcwasm.Error, match=wanted):
                model.session(context=64, mirror=True)
        model.session(context=64, mirror=False).logits(PROMPT)

    def test_steps_ahead_have_not_seen_it(self, model: llm.Model, monkeypatch: pytest.MonkeyPatch) -> None:
        """A step that is in flight when rows are written is thrown away."""
        from zcwasm.llm import _placement

        found = []
        for ahead, mirror in ((False, False), (True, False), (True, True)):
            monkeypatch.setattr(_placement, "steps_ahead", lambda device, ahead=ahead: ahead)
            session = model.session(context=64, mirror=mirror)
            tokens = session.generate(PROMPT, max_new_tokens=12, ignore_eos=True)
            found.append([next(tokens).id for _ in range(4)])
            if not mirror:  # the device reads what is written here: nothing may be in flight
                session._instance.exports.truncate(64)
            TestMirror.rows(session)[:, :, 2:30] *= -3
            assert session._instance.exports.mirror(2, 28) == 0
            found[-1] += ids_of(tokens)
        assert found[0] == found[1] == found[2]

    def test_wrong_arguments(self, cpu_model: llm.Model) -> None:
        with pytest.raises(TypeError, match="mirror must be a bool"):
            cpu_model.session(mirror=1)  # type: ignore[arg-type]
        session = cpu_model.session(context=64, mirror=True)
        for first, count in ((65, None), (-1, None), (0, 65), (60, 5), (0, -1)):
            with pytest.raises(ValueError, match="must be"):
                session.mirror(first, count)
        with pytest.raises(TypeError):
            session.mirror(1.5)  # type: ignore[arg-type]
        assert session._instance.exports.mirror(1, 64) < 0
        assert session._instance.exports.mirror(2**32 - 1, 2) < 0
        session.mirror(64)
        session.close()
        with pytest.raises(zcwasm.ClosedError):
            session.mirror()


class TestPrefixes:
    def test_what_is_cached_is_not_computed_again(self, tiny: Tiny, model: llm.Model) -> None:
        session = model.session(context=64, kv_dtype="f32", exact=True)
        session.logits(PROMPT[:20])
        for ids, reused in ((PROMPT, 20), (PROMPT, 36), ([*PROMPT[:10], 5], 10), ([6, *PROMPT], 0)):
            row = session.logits(ids)
            assert session.usage.reused_tokens == reused
            expected = tiny.logits(ids)
            assert np.abs(row - expected).max() < EXACT * np.abs(expected).max()

    def test_a_conversation_reuses_what_was_said(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=256)
        messages = [{"role": "user", "content": "Hello world"}]
        answer = "".join(token.text for token in session.chat(messages, max_new_tokens=8, ignore_eos=True))
        first = session.usage.prompt_tokens
        messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": "and the world"}]
        for _ in session.chat(messages, max_new_tokens=1):
            pass
        assert session.usage.prompt_tokens > first
        assert session.usage.reused_tokens >= first


def probabilities(logits: npt.NDArray[Any], temperature: float) -> npt.NDArray[Any]:
    weights = np.exp((logits - logits.max()) / temperature)
    return weights / weights.sum()


def allowed(p: npt.NDArray[Any], top_k: int = 0, top_p: float = 1, min_p: float = 0) -> npt.NDArray[Any]:
    """What the options leave, by their definitions."""
    order = np.argsort(-p, kind="stable")
    q = p.copy()
    if top_k:
        q[order[top_k:]] = 0
        q /= q.sum()
    if top_p < 1:
        q[order[np.searchsorted(np.cumsum(q[order]), top_p) + 1 :]] = 0
    q[q < min_p * q.max()] = 0
    return q / q.sum()


class TestSampling:
    DRAWS = 400

    # The tiny vocabulary has more tokens than the kernel's 256 candidates.
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"top_k": 5},
            {"top_k": 256, "top_p": 0.9},
            {"top_p": 0.5},
            {"top_p": 0.999},
            {"min_p": 0.3},
            {"top_k": 20, "top_p": 0.7, "min_p": 0.1},
        ],
        ids=lambda options: "-".join(f"{k}={v}" for k, v in options.items()) or "all",
    )
    def test_draws_follow_the_distribution(
        self, tiny: Tiny, cpu_model: llm.Model, options: dict[str, Any]
    ) -> None:
        assert tiny.shape.vocab > 256
        session = cpu_model.session(context=64, kv_dtype="f32", exact=True)
        temperature = 4.0
        counts = np.zeros(tiny.shape.vocab)
        for seed in range(self.DRAWS):
            draws = session.generate(PROMPT, max_new_tokens=1, temperature=temperature, seed=seed, **options)
            counts[next(draws).id] += 1
            draws.close()
        expected = allowed(probabilities(tiny.logits(PROMPT), temperature), **options) * self.DRAWS
        assert counts[expected == 0].sum() == 0
        # Rare tokens together, so that every class has enough draws for chi squared.
        common = expected >= 5
        seen, wanted = counts[common], expected[common]
        if not common.all():
            seen, wanted = np.append(seen, counts[~common].sum()), np.append(wanted, expected[~common].sum())
        keep = wanted > 0
        chi = ((seen - wanted)[keep] ** 2 / wanted[keep]).sum()
        freedom = keep.sum() - 1
        assert chi < freedom + 5 * np.sqrt(2 * freedom) + 5
        assert len(set(np.flatnonzero(counts))) > 1

    def test_tokens_beyond_the_candidates_are_drawn_by_their_share(
        self, tiny: Tiny, cpu_model: llm.Model
    ) -> None:
        """At a temperature at which all tokens are about as likely, some come from outside the 256 first."""
        session = cpu_model.session(context=64)
        p = probabilities(tiny.logits(PROMPT), 1000.0)
        rest = set(np.argsort(-p, kind="stable")[256:].tolist())
        found = 0
        for seed in range(300):
            found += (
                next(session.generate(PROMPT, temperature=1000.0, seed=seed, max_new_tokens=1)).id in rest
            )
        share = len(rest) / len(p)
        assert abs(found - 300 * share) < 5 * np.sqrt(300 * share * (1 - share))

    def test_seeds(self, model: llm.Model) -> None:
        session = model.session(context=64)

        def draw(seed: int | None) -> list[int]:
            options = {"temperature": 2.0, "top_p": 0.95, "seed": seed}
            return ids_of(session.generate(PROMPT, max_new_tokens=8, ignore_eos=True, **options))

        assert draw(1) == draw(1)
        assert draw(1) != draw(2)
        assert draw(None) != draw(None)
        assert draw(2**64 - 1) == draw(2**64 - 1)

    def test_temperature_above_zero_with_one_candidate_is_greedy(self, model: llm.Model) -> None:
        session = model.session(context=64)
        greedy = ids_of(session.generate(PROMPT, max_new_tokens=8, ignore_eos=True))
        for options in ({"top_k": 1}, {"top_p": 1e-9}, {"min_p": 1.0}):
            drawn = session.generate(PROMPT, max_new_tokens=8, ignore_eos=True, temperature=1.0, **options)
            assert ids_of(drawn) == greedy

    @pytest.mark.parametrize("window", [None, 3])
    def test_penalty_is_of_the_tokens_in_the_window(
        self, tiny: Tiny, model: llm.Model, window: int | None
    ) -> None:
        session = model.session(context=64, kv_dtype="f32", exact=True)
        options = {"repetition_penalty": 1.8, "repetition_window": window}
        ids = list(PROMPT)
        for token in session.generate(PROMPT, max_new_tokens=8, ignore_eos=True, **options):
            row = tiny.logits(ids)
            seen = list(set(ids[-window:] if window else ids))
            row[seen] = np.where(row[seen] > 0, row[seen] / 1.8, row[seen] * 1.8)
            assert row.max() - row[token.id] < 2 * EXACT * np.abs(row).max()
            ids.append(token.id)
        # What logits shows is not penalized.
        assert np.abs(session._logits - tiny.logits(ids[:-1])).max() < 1e-2
        plain = ids_of(session.generate(PROMPT, max_new_tokens=8, ignore_eos=True))
        assert plain != ids[len(PROMPT) :]


class TestText:
    def texts(self, session: llm.Session, monkeypatch: Any, ids: list[int], **options: Any) -> list[str]:
        """What comes out when the guest says these tokens."""
        monkeypatch.setattr(session, "_prefill", lambda *_: ids[0])
        monkeypatch.setattr(session, "_step", iter(ids[1:]).__next__)
        return [token.text for token in session.generate([1], **options)]

    def bytes_of(self, model: llm.Model, text: str) -> list[int]:
        """A token for each byte."""
        table = {model.tokenizer.token_bytes(index): index for index in range(256)}
        return [table[bytes([byte])] for byte in text.encode()]

    def test_characters_come_whole(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        session = cpu_model.session(context=64)
        ids = self.bytes_of(cpu_model, "aä😀b")
        texts = self.texts(session, monkeypatch, ids, max_new_tokens=len(ids))
        assert texts == ["a", "", "ä", "", "", "", "😀", "b"]

    def test_what_was_cut_is_marked(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        session = cpu_model.session(context=64)
        ids = self.bytes_of(cpu_model, "a😀")[:-1]
        assert (
            "".join(self.texts(session, monkeypatch, ids, max_new_tokens=len(ids)))
            == "a\N{REPLACEMENT CHARACTER}"
        )

    @pytest.mark.parametrize(
        ("stop", "texts"),
        [
            ("lo w", ["H", "e", "", "l", "", "", ""]),
            (["xyz", "ell"], ["H", "", "", ""]),
            (["lx", "world"], ["H", "e", "", "l", "lo"[1:], " ", "", "", "", "", ""]),
            (["nothing"], list("Hello world")),
        ],
    )
    def test_stop_strings_and_what_may_begin_one(
        self, cpu_model: llm.Model, monkeypatch: Any, stop: Any, texts: list[str]
    ) -> None:
        session = cpu_model.session(context=64)
        ids = self.bytes_of(cpu_model, "Hello world")
        found = self.texts(session, monkeypatch, ids, stop=stop, max_new_tokens=len(ids))
        stops = [stop] if isinstance(stop, str) else stop
        whole = "Hello world"
        end = min([at for at in (whole.find(s) for s in stops) if at >= 0], default=len(whole))
        assert "".join(found) == whole[:end]
        assert len(found) == len(texts)
        assert session.usage.finish == ("stop" if end < len(whole) else "length")
        for count in range(len(found)):  # nothing of a stop string got out before it was known
            assert whole.startswith("".join(found[:count]))

    def test_the_models_own_end(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        session = cpu_model.session(context=64)
        end = cpu_model.tokenizer.eos_id
        assert end is not None
        ids = [*self.bytes_of(cpu_model, "ab"), end, *self.bytes_of(cpu_model, "cd")]
        assert self.texts(session, monkeypatch, ids) == ["a", "b", ""]
        assert session.usage.finish == "stop"
        assert self.texts(session, monkeypatch, ids, special=True) == ["a", "b", "<|im_end|>"]
        assert session.usage.finish == "stop"
        texts = self.texts(session, monkeypatch, ids, ignore_eos=True, max_new_tokens=5, special=True)
        assert "".join(texts) == cpu_model.detokenize(ids) == "ab<|im_end|>cd"
        assert session.usage.finish == "length"

    def test_control_tokens_give_no_text(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        session = cpu_model.session(context=64)
        start = cpu_model.tokenize("<|im_start|>")
        ids = [*self.bytes_of(cpu_model, "ab"), *start, *self.bytes_of(cpu_model, "cd")]
        assert self.texts(session, monkeypatch, ids, max_new_tokens=5) == ["a", "b", "", "c", "d"]
        assert cpu_model.detokenize(ids, special=False) == "abcd"
        shown = self.texts(session, monkeypatch, ids, max_new_tokens=5, special=True)
        assert shown == ["a", "b", "<|im_start|>", "c", "d"]

    @pytest.mark.parametrize(
        ("stop", "text"),
        [("<|im_start|>", "ab"), ("b<|im", "a"), ("start|>", "ab"), ("start|>c", "abcd"), ("bc", "a")],
    )
    def test_stop_strings_in_control_tokens(
        self, cpu_model: llm.Model, monkeypatch: Any, stop: str, text: str
    ) -> None:
        """Found though nothing of them is shown; one that spans a control token and text behind it is not."""
        session = cpu_model.session(context=64)
        start = cpu_model.tokenize("<|im_start|>")
        ids = [*self.bytes_of(cpu_model, "ab"), *start, *self.bytes_of(cpu_model, "cd")]
        found = self.texts(session, monkeypatch, ids, max_new_tokens=5, stop=stop)
        assert "".join(found) == text
        assert session.usage.finish == ("length" if text == "abcd" else "stop")

    def test_a_text_is_a_prompt(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        by_text = ids_of(session.generate("Hello world", max_new_tokens=4))
        by_ids = ids_of(session.generate(cpu_model.tokenize("Hello world"), max_new_tokens=4))
        assert by_text == by_ids
        assert cpu_model.detokenize(cpu_model.tokenize("Hello world")) == "Hello world"


class TestLife:
    def test_an_interrupt_where_a_session_is_taken_leaves_it_free(self, cpu_model: llm.Model) -> None:
        if not hasattr(signal, "setitimer"):
            pytest.skip("there is no setitimer here")

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        session = cpu_model.session(context=16)
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            for number in range(600):
                with contextlib.suppress(KeyboardInterrupt):
                    signal.setitimer(signal.ITIMER_REAL, 2e-5 + number % 60 * 6e-6)
                    while True:
                        with session._taken():
                            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        session.close()
        assert session.closed

    def test_many_sessions_of_one_model(self, model: llm.Model) -> None:
        sessions = [model.session(context=64, chunk=8) for _ in range(5)]
        prompts = [PROMPT[n:] for n in range(5)]
        alone = [
            ids_of(model.session(context=64, chunk=8).generate(p, max_new_tokens=6, ignore_eos=True))
            for p in prompts
        ]
        streams = [
            s.generate(p, max_new_tokens=6, ignore_eos=True) for s, p in zip(sessions, prompts, strict=True)
        ]
        turns = [[next(stream).id for stream in streams] for _ in range(6)]
        assert [list(ids) for ids in zip(*turns, strict=True)] == alone

    def test_sessions_in_threads(self, model: llm.Model) -> None:
        expected = ids_of(model.session(context=64).generate(PROMPT, max_new_tokens=10, ignore_eos=True))
        results: list[list[int]] = []

        def work() -> None:
            with model.session(context=64) as session:
                results.append(ids_of(session.generate(PROMPT, max_new_tokens=10, ignore_eos=True)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [expected] * 4

    def test_a_session_outlives_its_model(self, tiny: Tiny) -> None:
        with llm.Model.open(tiny.path, zcwasm.Device("cpu")) as model:
            session = model.session(context=64)
        assert model.closed
        for call in (model.session, model.__enter__):
            with pytest.raises(zcwasm.ClosedError, match="the model is closed"):
                call()
        assert session.logits(PROMPT).shape == (tiny.shape.vocab,)

    def test_closing(self, cpu_model: llm.Model) -> None:
        gc.collect()
        before = zcwasm._core._region_count()
        session = cpu_model.session(context=64)
        row = session.logits(PROMPT)
        with pytest.raises(zcwasm.InUseError, match="1 view or submission"):
            session.close()
        assert not session.closed
        assert session.logits(PROMPT[:3]).shape == row.shape
        del row
        session.close()
        session.close()
        assert session.closed
        assert zcwasm._core._region_count() == before
        for call in (
            lambda: session.logits([1]),
            lambda: list(session.generate([1])),
            lambda: session.cached_tokens,
            lambda: session.memory,
            session.__enter__,
        ):
            with pytest.raises(zcwasm.ClosedError, match="the session is closed"):
                call()

    def test_leaving_a_generation_unfinished(self, cpu_model: llm.Model) -> None:
        """While a variable holds the generator: close and the end of the block end it."""
        session = cpu_model.session(context=64)
        stream = session.generate(PROMPT, ignore_eos=True)
        next(stream)
        session.close()
        assert session.closed
        assert list(stream) == []
        with cpu_model.session(context=64) as session:
            stream = session.generate(PROMPT, ignore_eos=True)
            next(stream)
            unbegun = session.generate(PROMPT)
        assert session.closed
        assert list(stream) == []
        with pytest.raises(zcwasm.ClosedError):
            next(unbegun)
        with cpu_model.session(context=64) as session:
            row = session.logits(PROMPT)
            before = row.copy()
        assert session.closed
        assert np.array_equal(row, before)  # its bytes live on

    def test_an_exception_that_leaves_a_block_is_not_replaced(self, cpu_model: llm.Model) -> None:
        def fail(view: bool) -> None:
            with cpu_model.session(context=64) as session:
                sessions.append(session)
                if view:
                    row = session.logits(PROMPT)
                    raise OSError(f"disk full {row.shape}")
                for _ in session.generate(PROMPT, ignore_eos=True):
                    raise OSError("disk full")

        for view in (False, True):
            sessions: list[llm.Session] = []
            with pytest.raises(OSError, match="disk full") as raised:
                fail(view)
            assert raised.value.__context__ is None
            assert sessions[0].closed

    def test_leaving_a_block_while_another_thread_computes(self, cpu_model: llm.Model) -> None:
        computes, go_on = threading.Event(), threading.Event()
        ends: list[Any] = []

        def work(session: llm.Session) -> None:
            step = session._step

            def slow() -> int:
                computes.set()
                go_on.wait(30)
                return int(step())

            session._step = slow  # type: ignore[assignment]
            try:
                ends.append(len(list(session.generate(PROMPT, ignore_eos=True))))
            except zcwasm.Error as error:
                ends.append(error)

        def leave(failing: bool) -> None:
            computes.clear()
            go_on.clear()
            try:
                with cpu_model.session(context=64) as session:
                    thread = threading.Thread(target=work, args=(session,))
                    thread.start()
                    assert computes.wait(30)
                    if failing:
                        raise OSError("disk full")
            finally:
                go_on.set()
                thread.join()

        with pytest.raises(zcwasm.InUseError, match="another thread"):
            leave(failing=False)
        assert ends.pop() == 64 - len(PROMPT) + 1
        with pytest.raises(OSError, match="disk full"):
            leave(failing=True)
        assert ends.pop() == 2  # it was cancelled

    def test_one_generation_at_a_time(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        stream = session.generate(PROMPT, ignore_eos=True)
        next(stream)
        with pytest.raises(zcwasm.Error, match="the session is in use"):
            session.logits(PROMPT)
        stream.close()
        session.logits(PROMPT)
        session.generate(PROMPT)  # never begun: nothing is taken
        session.logits(PROMPT)

    def test_cancelling_before_the_first_token(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        first = session.generate(PROMPT, ignore_eos=True)
        second = session.generate(PROMPT, ignore_eos=True)
        session.cancel()
        later = session.generate(PROMPT, max_new_tokens=3, ignore_eos=True)
        for stream in (first, second):
            assert list(stream) == []
            assert session.usage.finish == "cancelled"
            assert session.usage.prompt_tokens == len(PROMPT)
        assert session.cached_tokens == 0
        assert len(list(later)) == 3

    def test_cancelling_while_a_chat_is_put_together(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        session = cpu_model.session(context=64)

        def chat_ids(*_: Any, **__: Any) -> list[int]:
            session.cancel()  # as from another thread
            return PROMPT

        monkeypatch.setattr(llm._session, "chat_ids", chat_ids)
        assert list(session.chat([{"role": "user", "content": "a"}])) == []
        assert session.usage.finish == "cancelled"

    def test_cancelling_between_tokens(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        stream = session.generate(PROMPT, ignore_eos=True)
        next(stream)
        session.cancel()
        assert list(stream) == []
        assert session.usage.finish == "cancelled"
        assert len(list(session.generate(PROMPT, max_new_tokens=3, ignore_eos=True))) == 3

    def test_cancelling_from_another_thread(self, tiny: Tiny, device: zcwasm.Device) -> None:
        """While the guest computes a long prompt, a row a submission; the session goes on after."""
        model = llm.Model.open(tiny.path, device)
        session = model.session(context=256, chunk=1)
        prompt = [n % 200 for n in range(256)]

        def cancel() -> None:
            while not session._turn.locked():
                time.sleep(0)
            time.sleep(0.001)
            session.cancel()

        for first in range(50):  # a race, which cancel shall win once
            thread = threading.Thread(target=cancel)
            thread.start()
            items = list(session.generate([first, *prompt[1:]], max_new_tokens=1, ignore_eos=True))
            thread.join()
            finish = session.usage.finish
            assert finish == "cancelled" or (finish == "length" and len(items) == 1)
            if session.cached_tokens < 256:
                break
        assert session.cached_tokens < 256
        assert finish == "cancelled"
        again = ids_of(session.generate(PROMPT, max_new_tokens=5, ignore_eos=True))
        assert again == ids_of(model.session(context=256).generate(PROMPT, max_new_tokens=5, ignore_eos=True))

    def test_usage(self, model: llm.Model) -> None:
        session = model.session(context=64, kv_dtype="f16")
        list(session.generate(PROMPT, max_new_tokens=6, ignore_eos=True))
        usage = session.usage
        assert (usage.prompt_tokens, usage.reused_tokens, usage.generated_tokens) == (len(PROMPT), 0, 6)
        assert usage.finish == "length"
        assert usage.cache_bytes == session.cache_bytes == 2 * 2 * 64 * KV_HEADS * 16 * 2
        assert usage.prefill_tokens_per_second > 0
        assert usage.decode_tokens_per_second > 0
        assert session.cached_tokens == len(PROMPT) + 5


class TestErrors:
    def test_prompts(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=32)
        with pytest.raises(llm.ContextError, match=r"37 tokens.*room for 32"):
            session.generate(PROMPT)
        with pytest.raises(llm.ContextError, match=r"30 tokens and 4 new ones.*32"):
            session.generate(PROMPT[:30], max_new_tokens=4)
        assert len(list(session.generate(PROMPT[:30], max_new_tokens=3, ignore_eos=True))) == 3
        assert len(list(session.generate(PROMPT[:30], ignore_eos=True))) == 3  # until the context is full
        with pytest.raises(ValueError, match="no tokens"):
            session.generate([])
        with pytest.raises(ValueError, match="token id 9999"):
            session.logits([1, 9999])
        with pytest.raises(ValueError, match="token id -1"):
            session.logits([-1])
        with pytest.raises(TypeError, match="ids"):
            session.logits([1.5])  # type: ignore[list-item]

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"temperature": -1}, ValueError),
            ({"temperature": float("nan")}, ValueError),
            ({"temperature": 1e-9}, ValueError),
            ({"temperature": "hot"}, TypeError),
            ({"top_k": 257}, ValueError),
            ({"top_k": 1.5}, TypeError),
            ({"top_p": 0}, ValueError),
            ({"top_p": 1.1}, ValueError),
            ({"min_p": -0.1}, ValueError),
            ({"repetition_penalty": 0}, ValueError),
            ({"repetition_window": 0}, ValueError),
            ({"seed": -1}, ValueError),
            ({"seed": 2**64}, ValueError),
            ({"stop": ""}, ValueError),
            ({"stop": [1]}, TypeError),
            ({"stop": 5}, TypeError),
            ({"stop": b"end"}, TypeError),
            ({"ignore_eos": 1}, TypeError),
            ({"special": "yes"}, TypeError),
            ({"temperature": True}, TypeError),
            ({"top_p": "1"}, TypeError),
            ({"min_p": [0.5]}, TypeError),
            ({"repetition_penalty": None}, TypeError),
            ({"repetition_window": 1.0}, TypeError),
            ({"seed": "7"}, TypeError),
            ({"max_new_tokens": 0}, ValueError),
            ({"max_new_tokens": True}, TypeError),
        ],
    )
    def test_options(self, cpu_model: llm.Model, options: dict[str, Any], error: type[Exception]) -> None:
        session = cpu_model.session(context=64)
        with pytest.raises(error, match=next(iter(options)).split("_")[0]):
            session.generate(PROMPT, **options)

    def test_an_option_that_there_is_not(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        wrong: Any = {"temprature": 1.0}
        for call in (session.generate, session.chat):
            with pytest.raises(TypeError, match="temprature"):
                call([{"role": "user", "content": "a"}], **wrong)

    def test_no_stop_strings(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        for stop in (None, (), []):
            assert len(list(session.generate(PROMPT, max_new_tokens=2, ignore_eos=True, stop=stop))) == 2

    @pytest.mark.parametrize("wrong", [None, 5, b"text", b"\x05", [1.5], ["7"], [True], [[1]], [None]])
    def test_what_is_no_prompt(self, cpu_model: llm.Model, wrong: Any) -> None:
        session = cpu_model.session(context=64)
        for call in (session.generate, session.logits):
            with pytest.raises(TypeError, match=r"^prompt(\[0\])? "):
                call(wrong)
        with pytest.raises(TypeError, match=r"^ids(\[0\])? "):
            cpu_model.detokenize(wrong)

    def test_what_is_no_text_and_no_id(self, cpu_model: llm.Model) -> None:
        wrong: Any = "12"
        with pytest.raises(TypeError, match="ids must be a sequence of token ids, not str"):
            cpu_model.detokenize(wrong)
        with pytest.raises(TypeError, match=r"ids has shape \(2,\) and dtype float64"):
            cpu_model.detokenize(np.zeros(2))
        with pytest.raises(ValueError, match="token id 99999 is not in the vocabulary"):
            cpu_model.detokenize([1, 99999])
        wrong = 5
        with pytest.raises(TypeError, match="text must be a str, not int"):
            cpu_model.tokenize(wrong)
        with pytest.raises(TypeError, match="special must be a bool, not int"):
            cpu_model.tokenize("a", special=wrong)
        ids = cpu_model.tokenize("Hello world")
        for same in (tuple(ids), np.array(ids), np.array(ids, np.uint16), iter(ids), [*map(np.int64, ids)]):
            assert cpu_model.detokenize(same) == "Hello world"
        assert cpu_model.detokenize([]) == cpu_model.detokenize(np.array([])) == ""

    def test_what_is_no_path_and_no_device(self, tiny: Tiny, tmp_path: Path) -> None:
        wrong: Any = 5
        with pytest.raises(TypeError, match="path must be a str or a path, not int"):
            llm.Model.open(wrong)
        wrong = "cpu"
        with pytest.raises(TypeError, match=r"device must be a zcwasm\.Device, not str"):
            llm.Model.open(tiny.path, wrong)
        with pytest.raises(zcwasm.ModelError, match=r"is a folder that has no config\.json"):
            llm.Model.open(tmp_path)

    @pytest.mark.parametrize(
        "options", [{"context": "64"}, {"context": 64.0}, {"chunk": None}, {"chunk": True}, {"exact": 1}]
    )
    def test_sessions_of_the_wrong_kind(self, cpu_model: llm.Model, options: dict[str, Any]) -> None:
        with pytest.raises(TypeError, match=next(iter(options))):
            cpu_model.session(**options)

    @pytest.mark.parametrize(
        "options", [{"context": 0}, {"context": 257}, {"kv_dtype": "f8"}, {"chunk": 0}, {"chunk": 4097}]
    )
    def test_sessions(self, cpu_model: llm.Model, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=next(iter(options))):
            cpu_model.session(**options)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda t: t.pop("blk.1.ffn_up.weight"), "blk.1.ffn_up.weight"),
            (
                lambda t: t.update({"output_norm.weight": t["output_norm.weight"][:-4]}),
                r"output_norm.weight.*\(60\)",
            ),
            (
                lambda t: t.update({"blk.0.attn_k.weight": t["blk.0.attn_v.weight"][:-1]}),
                r"attn_k.*\(31, 64\).*\(32, 64\)",
            ),
        ],
    )
    def test_tensors_that_are_missing_or_do_not_fit(
        self, tiny: Tiny, tmp_path: Path, change: Callable[[Tensors], object], message: str
    ) -> None:
        gguf = pytest.importorskip("gguf")
        path = tmp_path / "changed.gguf"
        tensors = dict(tiny.tensors)
        change(tensors)
        writer = gguf.GGUFWriter(path, "llama")
        for key, value in zcwasm.Weights(tiny.path).metadata.items():
            if key.startswith("llama."):
                (writer.add_float32 if isinstance(value, float) else writer.add_uint32)(key, value)
        for name, values in tensors.items():
            writer.add_tensor(name, np.ascontiguousarray(values))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with pytest.raises(zcwasm.Error, match=message):
            llm.Model.open(path, zcwasm.Device("cpu")).session(context=64)

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("general.architecture", "mamba", "general.architecture is 'mamba'"),
            ("llama.block_count", 0, "llama.block_count is 0"),
            ("llama.embedding_length", None, "llama.embedding_length is None"),
            ("llama.attention.head_count_kv", 3, "3 key-value heads"),
            ("llama.rope.dimension_count", 15, "15 of them rotated"),
            ("llama.rope.freq_base", float("nan"), "llama.rope.freq_base is nan"),
            ("llama.rope.scaling.type", "dynamic", "'dynamic' is not supported"),
            ("llama.attention.layer_norm_rms_epsilon", "no", "must be a number"),
            ("llama.attention.head_count", 5000, "llama.attention.head_count is 5000"),
        ],
    )
    def test_metadata(self, tiny: Tiny, key: str, value: Any, message: str) -> None:
        metadata = {**zcwasm.Weights(tiny.path).metadata, key: value}
        with pytest.raises(zcwasm.ModelError, match=message):
            llm.Config.read(metadata, 300)

    def test_a_nan_is_found(self, folder: Path, device: zcwasm.Device) -> None:
        path = folder / "nan.gguf"
        Tiny(path)
        tensor = zcwasm.Weights(path)["output_norm.weight"]
        with open(path, "r+b") as file:
            file.seek(tensor.offset)
            file.write(np.full(4, np.nan, np.float32).tobytes())
        session = llm.Model.open(path, device).session(context=64)
        for options in ({}, {"temperature": 1.0}, {"repetition_penalty": 1.5}):
            with pytest.raises(zcwasm.Error, match="NaN"):
                next(session.generate(PROMPT, **options))

    def test_a_guest_without_room(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        """The guest says so; a cache that is larger than its memory is not a trap."""
        from zcwasm.llm import _session

        real = zcwasm.Instance

        def small(*arguments: Any, **options: Any) -> zcwasm.Instance:
            return real(*arguments, **(options | {"limits": zcwasm.Limits(memory=4 << 16)}))

        monkeypatch.setattr(_session.zcwasm, "Instance", small)
        with pytest.raises(zcwasm.Error, match=r"no room for a cache of 65536 bytes \(context 256\)"):
            cpu_model.session(context=256)
