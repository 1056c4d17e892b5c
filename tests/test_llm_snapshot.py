"""Sessions of language models that are saved, loaded, resumed and forked, and the prefixes that they share,
over tiny random models."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import run_python

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which writes the models, is not installed")

import tiny_model

import zcwasm
from zcwasm import llm
from zcwasm.llm import _kept, _placement, _session

pytestmark = pytest.mark.slow_on_software

PROMPT = [(7 * n * n + 3 * n) % 250 for n in range(37)]
LONG = [(5 * n * n + 11 * n) % 250 for n in range(150)]

GREEDY: dict[str, Any] = {}
PENALIZED: dict[str, Any] = {"repetition_penalty": 1.4, "repetition_window": 11}
SAMPLED: dict[str, Any] = {"temperature": 1.3, "top_p": 0.95, "seed": 7}
ANY: dict[str, Any] = {"temperature": 500.0, "seed": 3}  # most draws are left to the guest
ALL: dict[str, Any] = {**SAMPLED, **PENALIZED}
WAYS = {"greedy": GREEDY, "penalized": PENALIZED, "sampled": SAMPLED, "any": ANY, "all": ALL}

CPU = functools.partial(pytest.param, marks=pytest.mark.cpu_is_enough)
each_way = pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
two_ways = pytest.mark.parametrize("options", [GREEDY, ALL], ids=["greedy", "all"])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    tiny_model.write(path)
    return path


@pytest.fixture
def model(path: Path, device: zcwasm.Device) -> llm.Model:
    return llm.Model.open(path, device, pack=False)


@pytest.fixture
def cpu_model(path: Path) -> llm.Model:
    """For what does not depend on the device."""
    return llm.Model.open(path, zcwasm.Device("cpu", threads=1), pack=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.snap"


def generate(session: llm.Session, prompt: list[int], count: int, **options: Any) -> list[int]:
    options = {"ignore_eos": True, "max_new_tokens": count, **options}
    return [token.id for token in session.generate(prompt, **options)]


def resume(session: llm.Session, count: int, **options: Any) -> list[int]:
    options = {"ignore_eos": True, "max_new_tokens": count, **options}
    return [token.id for token in session.resume(**options)]


def thawed(session: llm.Session, **options: Any) -> llm.Session:
    """What comes back of it, by way of a file's bytes."""
    file = io.BytesIO()
    session.save(file)
    return session.model.load_session(io.BytesIO(file.getvalue()), **options)


def cached_rows(session: llm.Session) -> bytes:
    return session._cache_rows()[:, : session.cached_tokens].tobytes()


class TestResume:
    @each_way
    def test_is_what_would_have_come(self, model: llm.Model, options: dict[str, Any]) -> None:
        session = model.session(context=64)
        expected = generate(session, PROMPT, 20, **options)
        assert generate(session, PROMPT, 6, **options) == expected[:6]
        assert session.tokens == PROMPT + expected[:6]
        assert resume(session, 5) == expected[6:11]
        assert session.usage.finish == "length"
        usage = (session.usage.prompt_tokens, session.usage.reused_tokens, session.usage.generated_tokens)
        assert usage == (37 + 6, 37 + 5, 5)
        assert resume(session, 9) == expected[11:]

    @two_ways
    def test_behind_what_was_left_or_cancelled(self, model: llm.Model, options: dict[str, Any]) -> None:
        session = model.session(context=64)
        expected = generate(session, PROMPT, 12, **options)
        tokens = session.generate(PROMPT, ignore_eos=True, **options)
        assert [next(tokens).id for _ in range(4)] == expected[:4]
        tokens.close()
        tokens = session.resume(ignore_eos=True)
        assert [next(tokens).id for _ in range(3)] == expected[4:7]
        session.cancel()
        assert list(tokens) == []
        assert session.usage.finish == "cancelled"
        assert resume(session, 5) == expected[7:]

    @each_way
    def test_behind_a_step_that_was_interrupted(
        self, cpu_model: llm.Model, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Wherever it was: a step is done or it is not."""
        ended = 0
        for ahead in (False, True):
            monkeypatch.setattr(_placement, "steps_ahead", lambda device, ahead=ahead: ahead)
            session = cpu_model.session(context=64, chunk=16)
            expected = generate(session, PROMPT, 14, **options)
            for fuel in range(1, 40000, 397):
                tokens = session.generate(PROMPT, ignore_eos=True, **options)
                found = [next(tokens).id for _ in range(2)]
                session._instance.fuel = fuel
                with contextlib.suppress(zcwasm.Trap):
                    found += [next(tokens).id for _ in range(4)]
                tokens.close()
                ended += len(found) < 6
                session._instance.fuel = None
                had = len(session.tokens) - len(PROMPT)
                assert session.tokens == PROMPT + expected[:had]
                assert resume(session, 14 - had) == expected[had:]
                if len(found) == 6:
                    break
        assert ended > 10

    def test_to_the_end_of_the_context(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=40)
        expected = generate(session, PROMPT, 4)
        generate(session, PROMPT, 1)
        with pytest.raises(llm.ContextError, match=r"session of 38 tokens and 4 new ones .* context of 40"):
            session.resume(max_new_tokens=4)
        assert [token.id for token in session.resume(ignore_eos=True)] == expected[1:]
        with pytest.raises(llm.ContextError, match="context of 40 tokens is full"):
            session.resume()

    def test_of_nothing(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        with pytest.raises(zcwasm.Error, match="nothing to go on from"):
            session.resume()
        generate(session, PROMPT, 2)
        session.resume()  # never begun: nothing is taken
        session._instance.exports.truncate(20)
        assert session.tokens == PROMPT[:20]
        with pytest.raises(zcwasm.Error, match="nothing to go on from"):
            session.resume()
        session.close()
        with pytest.raises(zcwasm.ClosedError):
            session.resume()

    def test_a_prompt_that_was_interrupted_is_nothing_to_go_on_from(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64, chunk=8)
        generate(session, PROMPT, 2)
        session._instance.fuel = 20000
        with pytest.raises(zcwasm.Trap):
            generate(session, [9, *PROMPT], 2)
        session._instance.fuel = None
        with pytest.raises(zcwasm.Error, match="nothing to go on from"):
            session.resume()
        again = thawed(session)
        assert again.cached_tokens == session.cached_tokens
        assert generate(again, PROMPT, 5) == generate(cpu_model.session(context=64), PROMPT, 5)

    def test_sampling_changes_and_the_generator_goes_on(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64)
        generate(session, PROMPT, 4, **SAMPLED)
        state = session._guest.state
        random = int(state["random"])
        resume(session, 1, top_k=3)
        assert (state["sampling"]["top_k"], state["sampling"]["seed"]) == (3, 7)
        assert state["sampling"]["temperature"] == np.float32(1.3)
        after = int(state["random"])
        assert after != random
        same = []
        for seed in (None, 7):
            state["random"] = random
            resume(session, 1, sampling=llm.Sampling(temperature=1.3, seed=seed))
            same.append(int(state["random"]))
        assert same == [after, after]
        state["random"] = random
        resume(session, 1, seed=8)
        assert int(state["random"]) != after
        assert resume(session, 2, sampling=llm.Sampling()) == resume_greedy(session)
        with pytest.raises(TypeError, match="temprature"):
            session.resume(temprature=1.0)  # type: ignore[call-arg]

    def test_a_penalty_that_begins_later_is_of_all_tokens(self, cpu_model: llm.Model) -> None:
        session, other = (cpu_model.session(context=64) for _ in range(2))
        generate(session, PROMPT, 6)
        found = resume(session, 5, repetition_penalty=3.0)
        generate(other, session.tokens[:-6], 1, repetition_penalty=3.0)
        other._guest.state["token"] = session.tokens[-6]
        assert resume(other, 5) == found

    def test_characters_that_were_cut_come_whole(self, cpu_model: llm.Model, monkeypatch: Any) -> None:
        table = {cpu_model.tokenizer.token_bytes(index): index for index in range(256)}
        ids = [table[bytes([byte])] for byte in "a😀b".encode()]
        for cut in range(1, 6):
            session = cpu_model.session(context=64)
            generate(session, [5, 6, 7, *ids[: cut - 1]], 1)
            session._guest.state["token"] = ids[cut - 1]
            monkeypatch.setattr(session, "_step", iter(ids[cut:]).__next__)
            texts = [token.text for token in session.resume(max_new_tokens=len(ids) - cut)]
            assert "".join(texts) == ("b" if cut == 5 else "😀b")


def test_a_session_without_room(cpu_model: llm.Model) -> None:
    """When it is asked for, and when it got full before the generator that was asked for began."""
    session = cpu_model.session(context=64)
    generate(session, PROMPT, 2)
    with pytest.raises(llm.ContextError, match="a session of 39 tokens and 27 new ones do not fit"):
        session.resume(max_new_tokens=27)
    stream = session.resume(max_new_tokens=26, ignore_eos=True)
    resume(session, 26)
    with pytest.raises(llm.ContextError, match="context of 64 tokens is full"):
        next(stream)


def resume_greedy(session: llm.Session) -> list[int]:
    """The last two tokens, from a prompt of those before."""
    return generate(session.model.session(context=64), session.tokens[:-2], 2)


@pytest.mark.usefixtures("engine")
class TestSave:
    @pytest.mark.parametrize(
        ("options", "kv_dtype"),
        # How tokens are drawn is no matter of the device, where TestDevices has each way.
        [*(CPU(options, "f16") for options in WAYS.values()), (ALL, "f32")],
        ids=[*WAYS, "all-f32"],
    )
    def test_goes_on_as_if_nothing_had_been(
        self, model: llm.Model, file: Path, options: dict[str, Any], kv_dtype: Any
    ) -> None:
        session = model.session(context=64, kv_dtype=kv_dtype, exact=kv_dtype == "f32", chunk=16)
        expected = generate(session, PROMPT, 20, **options)
        generate(session, PROMPT, 8, **options)
        session.save(file)
        for mapped in (False, True):
            again = model.load_session(file, mapped=mapped)
            assert (again.context, again.kv_dtype, again.exact) == (64, kv_dtype, kv_dtype == "f32")
            assert again.tokens == session.tokens
            assert cached_rows(again) == cached_rows(session)
            assert resume(again, 12) == expected[8:]
            again.save(file.with_name("again.snap"))
            assert model.load_session(file.with_name("again.snap")).tokens == PROMPT + expected
        assert resume(session, 12) == expected[8:]  # it can go on, too
        assert again._logits.tobytes() == session._logits.tobytes()
        assert cached_rows(again) == cached_rows(session)

    def test_in_a_new_process(self, cpu_model: llm.Model, path: Path, file: Path) -> None:
        """Bit by bit, at the first and the last token."""
        expected = []
        files: list[str] = []
        for options, kv_dtype in ((GREEDY, "f16"), (ALL, "f16"), (PENALIZED, "f32"), (ANY, "f32")):
            kind: Any = kv_dtype
            session = cpu_model.session(context=128, kv_dtype=kind, exact=kv_dtype == "f32")
            generate(session, PROMPT, 8, **options)
            files.append(f"{file}{len(files)}")
            session.save(files[-1])
            expected.append(f"{resume(session, 30)} {hash_of(session)}")
        found = run_python(
            f"""
            import zcwasm
            from zcwasm import llm
            from test_llm_snapshot import hash_of, resume
            model = llm.Model.open({str(path)!r}, zcwasm.Device("cpu", threads=1), pack=False)
            for file in {files!r}:
                session = model.load_session(file)
                print(resume(session, 30), hash_of(session))
            """
        )
        assert found.splitlines() == expected

    def test_generations_go_on_with_what_is_cached(self, model: llm.Model) -> None:
        session = model.session(context=64)
        first = generate(session, PROMPT, 5)
        again = thawed(session)
        assert generate(again, [*PROMPT, *first, 9], 5) == generate(session, [*PROMPT, *first, 9], 5)
        assert again.usage.reused_tokens == session.usage.reused_tokens == len(PROMPT) + 4

    def test_notes_and_compression(self, cpu_model: llm.Model, file: Path) -> None:
        session = cpu_model.session(context=64)
        expected = generate(session, PROMPT, 4)[2:]
        generate(session, PROMPT, 2)
        notes = {"messages": b"[]", "empty": b""}
        session.save(file, notes=notes)
        again = cpu_model.load_session(file)
        assert (again.notes, session.notes) == (notes, {})
        assert again.fork()[0].notes == notes
        with pytest.raises(ValueError, match=r"'zcwasm\.tokens': what begins with 'zcwasm\.' is"):
            session.save(file, notes={"zcwasm.tokens": b""})
        with pytest.raises(TypeError, match="a note's name must be a str"):
            session.save(file, notes={1: b""})  # type: ignore[dict-item]
        with pytest.raises(TypeError, match="must be bytes"):
            session.save(file, notes={"a": "b"})  # type: ignore[dict-item]
        pytest.importorskip("zstandard", reason="zcwasm[zstd] is not installed")
        size = file.stat().st_size
        session.save(file, compress="zstd")
        assert file.stat().st_size < size
        assert resume(cpu_model.load_session(file), 2) == expected

    def test_only_what_is_worth_it_is_in_the_file(self, cpu_model: llm.Model, file: Path) -> None:
        session = cpu_model.session(context=256, kv_dtype="f32", chunk=128)
        session.logits(LONG)
        session._instance.exports.truncate(10)
        session.save(file)
        info = zcwasm.snapshot_info(file)
        # Rows of the cache, each half of a layer in its own blocks; the guest's own data.
        assert info["stored"] <= 4 * (10 * 128 + 2 * 4096) + 48 * 1024
        assert info["memory"] - info["stored"] > 256 * 1024
        again = cpu_model.load_session(file)
        assert not again._cache_rows()[:, 10:].any()
        assert generate(again, LONG, 4) == generate(cpu_model.session(context=256, kv_dtype="f32"), LONG, 4)

    def test_between_generations_only(self, cpu_model: llm.Model, file: Path) -> None:
        session = cpu_model.session(context=64)
        tokens = session.generate(PROMPT, ignore_eos=True)
        next(tokens)
        for call in (lambda: session.save(file), session.fork, session.resume):
            with pytest.raises(zcwasm.InUseError):
                call()
        assert not file.exists()
        tokens.close()
        session.save(file)
        session.close()
        for call in (lambda: session.save(file), session.fork):
            with pytest.raises(zcwasm.ClosedError):
                call()

    def test_a_session_without_a_token(self, cpu_model: llm.Model) -> None:
        again = thawed(cpu_model.session(context=64))
        assert again.tokens == []
        assert generate(again, PROMPT, 3) == generate(cpu_model.session(context=64), PROMPT, 3)

    def test_a_failed_save_leaves_the_file_and_the_session(
        self, cpu_model: llm.Model, tmp_path: Path
    ) -> None:
        session = cpu_model.session(context=64)
        expected = generate(session, PROMPT, 5)[2:]
        generate(session, PROMPT, 2)
        with pytest.raises(OSError, match="No such file"):
            session.save(tmp_path / "missing" / "file")
        assert resume(session, 3) == expected

    def test_wrong_arguments(self, cpu_model: llm.Model, file: Path) -> None:
        wrong: Any = 1
        session = cpu_model.session(context=64)
        session.save(file)
        for options in ({"recompute": wrong}, {"mapped": wrong}, {"mirror": wrong}, {"prefix_cache": wrong}):
            with pytest.raises(TypeError, match=next(iter(options))):
                cpu_model.load_session(file, **options)
        with pytest.raises(TypeError, match="prefix_cache"):
            cpu_model.session(prefix_cache=wrong)
        with pytest.raises(FileNotFoundError):
            cpu_model.load_session(file.with_name("missing"))
        for count in (0, -1):
            with pytest.raises(ValueError, match="count"):
                session.fork(count)


def hash_of(session: llm.Session) -> str:
    """Of the logits and the cache."""
    import hashlib

    return hashlib.sha256(session._logits.tobytes() + cached_rows(session)).hexdigest()


class TestDevices:
    """What a guest keeps for one kind of device is taken anew for another one."""

    @pytest.fixture
    def kinds(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], llm.Model]:
        """Models whose sessions are such as on a device of that kind, on the CPU."""

        def kind(name: str) -> llm.Model:
            model = llm.Model.open(path, zcwasm.Device("cpu", threads=1), pack=False)
            apart.update({id(model.device): "apart" in name})
            ahead.update({id(model.device): "ahead" in name})
            return model

        apart: dict[int, bool] = {}
        ahead: dict[int, bool] = {}
        monkeypatch.setattr(_placement, "apart", lambda device: apart[id(device)])
        monkeypatch.setattr(_placement, "steps_ahead", lambda device: ahead[id(device)])
        return kind

    @each_way
    @pytest.mark.parametrize(
        "route",
        ["plain>apart", "apart>plain", "plain>ahead", "ahead>apart", "apart ahead>plain>apart ahead>apart"],
    )
    def test_between_kinds_of_devices(
        self, kinds: Callable[[str], llm.Model], route: str, options: dict[str, Any]
    ) -> None:
        first, *others = route.split(">")
        expected = generate(
            kinds("plain").session(context=64, chunk=16), PROMPT, 4 + 7 * len(others), **options
        )
        session = kinds(first).session(context=64, chunk=16)
        found = generate(session, PROMPT, 4, **options)
        models = [session.model]
        for name in others:
            models.append(kinds(name))
            file = io.BytesIO()
            session.save(file)
            session = models[-1].load_session(io.BytesIO(file.getvalue()))
            assert session.mirrored == ("apart" in name)
            found += resume(session, 7)
        assert found == expected

    @each_way
    def test_between_devices(
        self, path: Path, model: llm.Model, cpu_model: llm.Model, options: dict[str, Any]
    ) -> None:
        """From the CPU to each device and back. In float32 numbers differ in their last bits only."""
        form: dict[str, Any] = {"context": 64, "kv_dtype": "f32", "exact": True}
        expected = generate(cpu_model.session(**form), PROMPT, 20, **options)
        session = cpu_model.session(**form)
        found = generate(session, PROMPT, 6, **options)
        for there in (model, cpu_model):
            file = io.BytesIO()
            session.save(file)
            session = there.load_session(io.BytesIO(file.getvalue()))
            found += resume(session, 7)
        assert found == expected

    def test_the_mirror_is_the_callers_choice(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=64, mirror=True)
        expected = generate(session, PROMPT, 8)[3:]
        generate(session, PROMPT, 3)
        for mirror in (True, False, None):
            before = zcwasm.copy_stats()["mirrored"]
            again = thawed(session, mirror=mirror)
            assert again.mirrored == bool(mirror)
            rows = again.cached_tokens if mirror else 0
            copied = zcwasm.copy_stats()["mirrored"] - before
            assert copied == rows * again.cache_bytes // again.context
            assert resume(again, 5) == expected


@pytest.mark.usefixtures("engine")
class TestFork:
    @pytest.fixture(params=[CPU("plain"), CPU("mirrored"), CPU("ahead"), "all"])
    def session(
        self, model: llm.Model, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> llm.Session:
        kind: str = request.param
        if kind != "plain":
            monkeypatch.setattr(_placement, "apart", lambda device: kind == "all")
            monkeypatch.setattr(_placement, "steps_ahead", lambda device: kind != "mirrored")
        return model.session(
            context=128, chunk=16, mirror=None if kind in ("plain", "all") else kind == "mirrored"
        )

    @two_ways
    def test_all_go_on(self, session: llm.Session, options: dict[str, Any]) -> None:
        expected = generate(session, PROMPT, 15, **options)
        generate(session, PROMPT, 5, **options)
        one, two = session.fork(2)
        assert resume(one, 10) == expected[5:]
        assert one.fork(1)[0].tokens == one.tokens
        session.close()
        assert resume(two, 4) == expected[5:9]
        three = two.fork()[0]
        two.close()
        assert resume(three, 6) == expected[9:]
        assert three._logits.tobytes() == one._logits.tobytes()

    def test_sixteen_are_independent(self, session: llm.Session) -> None:
        generate(session, PROMPT, 1)
        cached = cached_rows(session)
        forks = session.fork(16)
        expected = []
        for n in range(16):
            other = session.model.session(context=128, chunk=16)
            generate(other, PROMPT, 1)
            expected.append(generate(other, [*PROMPT, n, n + 100], 6, temperature=1.0, seed=n))
        streams = [
            fork.generate([*PROMPT, n, n + 100], temperature=1.0, seed=n, max_new_tokens=6, ignore_eos=True)
            for n, fork in enumerate(forks)
        ]
        found = [
            list(each) for each in zip(*([token.id for token in stream] for stream in streams), strict=True)
        ]
        assert [list(row) for row in zip(*found, strict=True)] == expected
        assert len({tuple(row) for row in expected}) > 8
        assert all(fork.usage.reused_tokens == len(PROMPT) for fork in forks)
        assert cached_rows(session) == cached
        turns = [fork.resume(max_new_tokens=3, ignore_eos=True) for fork in forks]
        for _ in range(3):  # in turn, one step each
            for turn in turns:
                next(turn)

    def test_on_threads(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=128)
        expected = generate(session, PROMPT, 30)[10:]
        generate(session, PROMPT, 10)
        found: dict[int, list[int]] = {}
        threads = [
            threading.Thread(target=lambda n=n, fork=fork: found.update({n: resume(fork, 20)}))
            for n, fork in enumerate(session.fork(8))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == dict.fromkeys(range(8), expected)

    def test_of_what_was_loaded_and_saved_again(self, tmp_path: Path) -> None:
        """Pages that a fork or a mapped file shows and nobody touched are no zeros."""
        tiny_model.write(tmp_path / "long.gguf", context=4096, layers=8)
        model = llm.Model.open(tmp_path / "long.gguf", zcwasm.Device("cpu", threads=1), pack=False)
        session = model.session(context=4096)
        assert session.memory.size > 4 << 20
        expected = generate(session, LONG, 12)[4:]
        generate(session, LONG, 4)
        fork = session.fork()[0]
        for one in (fork, session):
            one.save(tmp_path / "one.snap")
            for mapped in (False, True):
                again = model.load_session(tmp_path / "one.snap", mapped=mapped)
                child = again.fork()[0]
                child.save(tmp_path / "child.snap")
                again.save(tmp_path / "again.snap")
                for name in ("child.snap", "again.snap"):
                    assert resume(model.load_session(tmp_path / name), 8) == expected
                assert resume(child, 8) == expected
                assert resume(again, 8) == expected


class TestDamage:
    @pytest.fixture
    def saved(self, cpu_model: llm.Model, file: Path) -> tuple[llm.Session, list[int]]:
        """A session, and what follows it; it lies in `file`."""
        session = cpu_model.session(context=64, kv_dtype="f32", exact=True)
        expected = generate(session, PROMPT, 12, **ALL)[4:]
        generate(session, PROMPT, 4, **ALL)
        session.save(file, notes={"mine": b"words"})
        return session, expected

    @staticmethod
    def spoil(file: Path, at: int) -> None:
        data = bytearray(file.read_bytes())
        data[at] ^= 1
        file.write_bytes(data)

    def test_what_is_damaged_behind_the_tokens_is_computed_again(
        self, cpu_model: llm.Model, file: Path, saved: tuple[llm.Session, list[int]]
    ) -> None:
        session, expected = saved
        whole = file.read_bytes()
        for cut in (70000, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:cut])
            self.recomputed(cpu_model, file, session, expected)
        for at in (len(whole) - 1, whole.rindex(session._cache_rows()[0, 0].tobytes())):
            file.write_bytes(whole)
            self.spoil(file, at)
            self.recomputed(cpu_model, file, session, expected)

    @staticmethod
    def recomputed(model: llm.Model, file: Path, session: llm.Session, expected: list[int]) -> None:
        for mapped in (False, True):
            with pytest.raises(zcwasm.SnapshotError):
                model.load_session(file, mapped=mapped)
            again = model.load_session(file, recompute=True, mapped=mapped)
            assert (again.kv_dtype, again.exact, again.notes) == ("f32", True, {"mine": b"words"})
            assert again.tokens == session.tokens
            assert resume(again, 8) == expected

    def test_another_version_is_computed_again(
        self,
        cpu_model: llm.Model,
        file: Path,
        saved: tuple[llm.Session, list[int]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        module = Path(_session.__file__).parent.parent / "guests" / "llama.wasm"
        other = zcwasm.Module(module.read_bytes() + b"\0\2\1a")  # a custom section
        monkeypatch.setitem(_session.PROGRAM.__dict__, "module", other)
        with pytest.raises(zcwasm.SnapshotError, match="another module"):
            cpu_model.load_session(file)
        assert resume(cpu_model.load_session(file, recompute=True), 8) == saved[1]

    def test_the_tokens_and_what_comes_before(
        self, cpu_model: llm.Model, file: Path, saved: tuple[llm.Session, list[int]]
    ) -> None:
        whole = file.read_bytes()
        for at in (
            0,
            whole.index(b"zcwasm.session"),
            whole.index(b'"random"'),
            whole.index(b"zcwasm.tokens"),
        ):
            file.write_bytes(whole)
            self.spoil(file, at)
            with pytest.raises(zcwasm.SnapshotError, match=r"first bytes|is damaged: its checksum"):
                cpu_model.load_session(file, recompute=True)
        file.write_bytes(b"")
        with pytest.raises(zcwasm.SnapshotError):
            cpu_model.load_session(file, recompute=True)

    def test_another_model(
        self, tmp_path: Path, cpu_model: llm.Model, file: Path, saved: tuple[llm.Session, list[int]]
    ) -> None:
        """Its tokens are not this one's, whatever they are."""
        tiny_model.write(tmp_path / "other.gguf", seed=1)
        other = llm.Model.open(tmp_path / "other.gguf", cpu_model.device, pack=False)
        for recompute in (False, True):
            with pytest.raises(zcwasm.SnapshotError, match="other weights") as error:
                other.load_session(file, recompute=recompute)
            for model in (other, cpu_model):
                assert model.weights.sha256 in str(error.value)

    def test_another_model_with_other_numbers(self, tmp_path: Path, cpu_model: llm.Model, file: Path) -> None:
        """Which are not what is wrong."""
        tiny_model.write(tmp_path / "other.gguf", context=32)
        other = llm.Model.open(tmp_path / "other.gguf", cpu_model.device, pack=False)
        cpu_model.session(context=64).save(file)
        with pytest.raises(zcwasm.SnapshotError, match="other weights"):
            other.load_session(file)

    def test_a_prompt_that_was_interrupted(self, cpu_model: llm.Model, file: Path) -> None:
        """Nothing was chosen behind it, nor is when it is computed again."""
        session = cpu_model.session(context=64)
        generate(session, PROMPT, 4)
        session._guest.exports.truncate(20)
        session.save(file)
        file.write_bytes(file.read_bytes()[:70000])
        again = cpu_model.load_session(file, recompute=True)
        assert again.tokens == session.tokens == PROMPT[:20]
        for each in (session, again):
            with pytest.raises(zcwasm.Error, match="nothing to go on from"):
                each.resume()

    def test_what_is_no_file(self, cpu_model: llm.Model) -> None:
        for wrong in (7, None, io.StringIO("text")):
            with pytest.raises(TypeError, match="file must be a path or a binary file object, not"):
                cpu_model.load_session(wrong)  # type: ignore[arg-type]

    def test_what_is_no_session(self, cpu_model: llm.Model, file: Path) -> None:
        zcwasm.Instance(zcwasm.Module(b"\0asm\1\0\0\0")).snapshot(file)
        with pytest.raises(zcwasm.SnapshotError, match="none of a language model's session"):
            cpu_model.load_session(file, recompute=True)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"version": 2}, "version is 2"),
            ({"context": 0}, "context is 0"),
            ({"context": 257}, "context is 257"),
            ({"context": "64"}, "context must be an int"),
            ({"context": True}, "context must be an int"),
            ({"kv_dtype": "f8"}, "kv_dtype is 'f8'"),
            ({"kv_dtype": ["f16"]}, "kv_dtype is"),
            ({"exact": 1}, "exact must be a bool"),
            ({"chunk": 4097}, "chunk is 4097"),
            ({"context": 8}, "tokens of 160 bytes"),
            ({"token": 277}, "token is 277"),
            ({"token": -1}, "token is -1"),
            ({"random": 2**64}, "random is"),
            ({"random": None}, "random must be"),
            ({"weights": 5}, "weights must be"),
            ({"sampling": {"temperature": -1}}, "temperature is -1"),
            ({"sampling": {"warmth": 1}}, "warmth"),
            ({"sampling": []}, "must be a mapping"),
            ({"sampling": None}, "must be a mapping"),
            (None, "must be a mapping, not NoneType"),
            ([1], "must be a mapping, not list"),
            ({"weights": "0" * 64}, "other weights"),
            ({"config": "0" * 64}, "other numbers in its config.json"),
            ({"config": None}, "config must be"),
            ({"chunk": 1e400}, "chunk must be"),
        ],
        ids=str,
    )
    def test_notes_that_lie(
        self,
        cpu_model: llm.Model,
        file: Path,
        saved: tuple[llm.Session, list[int]],
        change: Any,
        message: str,
    ) -> None:
        notes = zcwasm.snapshot_info(file)["notes"]
        words = json.loads(notes["zcwasm.session"])
        words = {**words, **change} if isinstance(change, dict) else change
        self.refused(
            cpu_model, file, saved[0], {**notes, "zcwasm.session": json.dumps(words).encode()}, message
        )

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("zcwasm.session", b"{", "the snapshot's note"),
            ("zcwasm.session", b"[" * 100000, "the snapshot's note"),
            ("zcwasm.session", b"\xff", "the snapshot's note"),
            ("zcwasm.session", None, "none of a language model's session"),
            ("zcwasm.tokens", None, "none of a language model's session"),
            ("zcwasm.tokens", b"abc", "tokens of 3 bytes"),
            ("zcwasm.tokens", b"\0" * 260, "tokens of 260 bytes"),
            ("zcwasm.tokens", b"\x15\1\0\0", "token id 277"),
        ],
    )
    def test_notes_that_are_none(
        self,
        cpu_model: llm.Model,
        file: Path,
        saved: tuple[llm.Session, list[int]],
        name: str,
        content: bytes | None,
        message: str,
    ) -> None:
        notes = zcwasm.snapshot_info(file)["notes"]
        del notes[name]
        if content is not None:
            notes[name] = content
        self.refused(cpu_model, file, saved[0], notes, message)

    @staticmethod
    def refused(
        model: llm.Model, file: Path, session: llm.Session, notes: dict[str, bytes], message: str
    ) -> None:
        session._instance.snapshot(file, device_state=False, notes=notes)
        for recompute in (False, True):
            with pytest.raises(zcwasm.SnapshotError, match=message):
                model.load_session(file, recompute=recompute)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("version", 3),
            ("size", 8),
            ("cached", 65),
            ("cached", 2**32 - 1),
            ("history", 2**32 - 4),
            ("history", 1 << 20),
            ("cache", 0),
            ("cache", 2**32 - 64),
            ("cache_layer_bytes", 2**40),
            ("cache_bytes", 64),
            ("transient", 64),
            ("transient", 2**32 - 1),
            ("token", 277),
            ("chosen", 2),
            ("sampling.temperature", -1),
            ("sampling.top_k", 257),
            ("sampling.min_p", float("nan")),
            ("sampling.repetition_penalty", 0),
            ("sampling.repetition_window", 2**32 - 1),
        ],
    )
    def test_a_memory_that_lies(
        self, cpu_model: llm.Model, file: Path, saved: tuple[llm.Session, list[int]], field: str, value: float
    ) -> None:
        """What the host goes by is checked when it comes from a file. With recompute the note is enough."""
        session, expected = saved
        notes = zcwasm.snapshot_info(file)["notes"]
        first, _, rest = field.partition(".")
        struct = session._guest.state[first] if rest else session._guest.state
        struct[rest or first] = value
        session._instance.snapshot(file, device_state=False, notes=notes)
        with pytest.raises(zcwasm.SnapshotError, match="the session's state in the snapshot"):
            cpu_model.load_session(file)
        assert resume(cpu_model.load_session(file, recompute=True), 8) == expected

    def test_a_config_and_a_history_that_lie(
        self, cpu_model: llm.Model, file: Path, saved: tuple[llm.Session, list[int]]
    ) -> None:
        session, _ = saved
        notes = zcwasm.snapshot_info(file)["notes"]
        history = session._history()
        history[5] += 1000
        session._instance.snapshot(file, device_state=False, notes=notes)
        with pytest.raises(zcwasm.SnapshotError, match="token id"):
            cpu_model.load_session(file)
        history[5] -= 1000
        session._guest.state["config"]["heads"] += 1
        session._instance.snapshot(file, device_state=False, notes=notes)
        with pytest.raises(zcwasm.SnapshotError, match="its config is another one's"):
            cpu_model.load_session(file)

    def test_a_memory_of_noise(self, cpu_model: llm.Model, file: Path) -> None:
        """Words of the guest's data that are others: an error, or a session that says something."""
        rng = np.random.default_rng(5)
        loaded = 0
        for _ in range(60):
            session = cpu_model.session(context=64)
            generate(session, PROMPT, 3, **SAMPLED)
            notes = note_of(session)
            words = session.memory.array(
                16384 & ~3, int(session._guest.state["history"]) // 4 - 4096, np.uint32
            )
            for _ in range(4):
                values = [0, 1, 2**31, 2**32 - 1, int(rng.integers(2**32))]
                words[rng.integers(len(words))] = values[rng.integers(len(values))]
            session._guest.release()
            session._instance.snapshot(file, device_state=False, notes=notes)
            session._instance.__exit__(None, None, None)
            try:
                again = cpu_model.load_session(file)
                resume(again, 3)
                generate(again, PROMPT, 3)
                loaded += 1
            except (zcwasm.Error, ValueError):
                pass
        assert loaded > 10


def note_of(session: llm.Session) -> dict[str, bytes]:
    return _kept.Note.of(
        session._form, session._guest, session.model.config, session.model.weights.sha256
    ).write()


def test_rows_that_the_host_writes(cpu_model: llm.Model) -> None:
    """The guest's export `adopt`: what it refuses, and what it takes."""
    one, other = (cpu_model.session(context=64, mirror=mirror) for mirror in (False, True))
    expected = generate(one, PROMPT, 5)
    generate(other, PROMPT[:5], 1)
    exports = other._instance.exports
    for count in (4, 65, 2**32 - 1):
        assert exports.adopt(count) < 0
    with pytest.raises(zcwasm.Error, match=r"the end of these rows is .*room for 64"):
        other._check(exports.adopt(65))
    assert (other.cached_tokens, other.tokens[:5]) == (5, PROMPT[:5])
    other._cache_rows()[:, 5:37] = one._cache_rows()[:, 5:37]
    other._guest.array("history", 37, np.uint32)[5:] = PROMPT[5:]
    assert exports.adopt(37) == 0
    assert other.tokens == PROMPT
    with pytest.raises(zcwasm.Error, match="nothing to go on from"):
        other.resume()
    assert generate(other, PROMPT, 5) == expected
    assert other.usage.reused_tokens == 36


class TestPrefixCache:
    """What one session computed is there for others."""

    @pytest.fixture(params=["memory", "folder"])
    def cache(self, request: pytest.FixtureRequest, tmp_path: Path) -> llm.PrefixCache:
        return llm.PrefixCache(tmp_path / "cache" if request.param == "folder" else None)

    @staticmethod
    def form(**options: Any) -> dict[str, Any]:
        return {"context": 256, "kv_dtype": "f32", "exact": True, **options}

    @two_ways
    def test_others_begin_where_one_was(
        self, model: llm.Model, cache: llm.PrefixCache, options: dict[str, Any]
    ) -> None:
        """Also one with another context, one that has something else, and one that reads a mirror."""
        first = model.session(**self.form(), prefix_cache=cache)
        expected = generate(first, LONG, 8, **options)
        assert first.usage.reused_tokens == 0
        assert cache.used > 0
        for form in (self.form(), self.form(context=200, chunk=16), self.form(mirror=True)):
            for before in ([], [7, 8, 9], LONG[:100], [*LONG[:20], 5]):
                session = model.session(**form, prefix_cache=cache)
                if before:
                    generate(session, before, 2)
                used = cache.used
                assert generate(session, LONG, 8, **options) == expected
                assert session.usage.reused_tokens == len(LONG) - 1
                assert cache.used == used or before

    def test_as_many_tokens_as_are_the_same(self, cpu_model: llm.Model, cache: llm.PrefixCache) -> None:
        plain = cpu_model.session(**self.form())
        generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 1)
        for same in (63, 64, 65, 127, 128, 149, 150):
            prompt = [*LONG[:same], 1, 2, 3]
            session = cpu_model.session(**self.form(), prefix_cache=cache)
            expected = generate(plain, prompt, 6)
            used = cache.used
            assert generate(session, prompt, 6) == expected
            assert session.usage.reused_tokens == (same if same >= 64 else 0)
            assert (cache.used > used) == (same < 64)  # of the others less than 64 had to be computed

    def test_a_system_prompt_is_computed_once(self, cpu_model: llm.Model, cache: llm.PrefixCache) -> None:
        system = {"role": "system", "content": "hello world " * 20}
        ended = []
        for word in ("and", "or", "the"):
            session = cpu_model.session(context=256, prefix_cache=cache)
            messages = [system, {"role": "user", "content": word}]
            list(session.chat(messages, max_new_tokens=2))
            ended.append((session.usage.prompt_tokens, session.usage.reused_tokens))
        assert ended[0][1] == 0
        assert all(
            reused > len(system["content"]) // 3 and total - reused < 64 for total, reused in ended[1:]
        )

    def test_not_of_others(
        self, path: Path, tmp_path: Path, cpu_model: llm.Model, cache: llm.PrefixCache
    ) -> None:
        """Of another model, another type of cache, another exactness."""
        generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 1)
        tiny_model.write(tmp_path / "other.gguf", seed=1)
        other = llm.Model.open(tmp_path / "other.gguf", cpu_model.device, pack=False)
        for model, form in (
            (other, self.form()),
            (cpu_model, self.form(kv_dtype="f16")),
            (cpu_model, self.form(exact=False)),
        ):
            session = model.session(**form, prefix_cache=cache)
            assert generate(session, LONG, 4) == generate(model.session(**form), LONG, 4)
            assert session.usage.reused_tokens == 0

    def test_tokens_decide_and_not_the_digest(
        self, cpu_model: llm.Model, cache: llm.PrefixCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As if digests of different tokens were the same."""
        from zcwasm.llm import _prefixes

        real = _prefixes._names
        monkeypatch.setattr(_prefixes, "_names", lambda identity, ids: real(identity, ids * 0))
        generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 1)
        cache.least = 1000  # nothing else is kept
        for same in (0, 10, 149):
            prompt = [*LONG[:same], 3, *LONG[:100]][:150]
            session = cpu_model.session(**self.form(), prefix_cache=cache)
            assert generate(session, prompt, 4) == generate(cpu_model.session(**self.form()), prompt, 4)
            assert session.usage.reused_tokens == same
            generate(session, LONG, 1)

    def test_short_prompts_are_not_kept(self, cpu_model: llm.Model) -> None:
        cache = llm.PrefixCache(least=37)
        session = cpu_model.session(context=256, prefix_cache=cache)
        generate(session, PROMPT[:36], 1)
        assert cache.used == 0
        generate(session, PROMPT, 1)  # of which one had to be computed
        assert cache.used == 0
        generate(cpu_model.session(context=256, prefix_cache=cache), PROMPT, 1)
        assert cache.used > 0
        cache.clear()
        assert cache.used == 0

    def test_what_was_not_used_for_longest_goes(self, cpu_model: llm.Model, cache: llm.PrefixCache) -> None:
        prompts = [[n, *LONG[:99]] for n in range(4)]
        generate(cpu_model.session(**self.form(), prefix_cache=cache), prompts[0], 1)
        one = cache.used
        cache = llm.PrefixCache(cache.folder, bytes=3 * one)

        def reused(prompt: list[int]) -> int:
            session = cpu_model.session(**self.form(), prefix_cache=cache)
            generate(session, prompt, 1)
            return session.usage.reused_tokens

        for prompt in prompts[:3]:
            reused(prompt)
        assert cache.used == 3 * one
        assert reused(prompts[0]) == 99
        reused(prompts[3])  # in place of the second
        assert cache.used == 3 * one
        assert [reused(prompts[n]) for n in (0, 2, 3)] == [99, 99, 99]
        assert reused(prompts[1]) == 0

    def test_what_is_larger_than_all_is_not_kept(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        for folder in (None, tmp_path / "cache"):
            cache = llm.PrefixCache(folder, bytes=10000)
            session = cpu_model.session(context=256, prefix_cache=cache)
            assert generate(session, LONG, 3) == generate(cpu_model.session(context=256), LONG, 3)
            assert cache.used == 0
            assert repr(cache).endswith(": at most 10,000 bytes>")

    def test_a_file_larger_than_all(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        """Though its rows are not. What was there before stays."""
        cache = llm.PrefixCache(tmp_path)
        generate(cpu_model.session(context=256, prefix_cache=cache), PROMPT * 2, 1)
        first, names = cache.used, {*tmp_path.iterdir()}
        session = cpu_model.session(context=256)
        generate(session, LONG, 1)
        rows = session._cache_rows()[:, : len(LONG)].nbytes
        cache = llm.PrefixCache(tmp_path, bytes=max(first, rows))
        generate(cpu_model.session(context=256, prefix_cache=cache), LONG, 1)
        assert (cache.used, {*tmp_path.iterdir()}) == (first, names)

    def test_what_nobody_finds_takes_no_room(self, cpu_model: llm.Model, cache: llm.PrefixCache) -> None:
        """A prompt whose end has the digest that a longer one now has."""
        other = llm.PrefixCache(None if cache.folder is None else cache.folder.parent / "other")
        generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 1)
        generate(cpu_model.session(**self.form(), prefix_cache=other), LONG[:64], 1)
        generate(cpu_model.session(**self.form(), prefix_cache=other), LONG, 1)
        assert other.used == cache.used

    def test_what_others_keep_that_cannot_be_changed(
        self, cpu_model: llm.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder that can only be read, or a file that goes as soon as it was read."""
        cache = llm.PrefixCache(tmp_path)
        expected = generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 4)
        for error in (
            PermissionError(13, "not yours"),
            FileNotFoundError(2, "gone"),
            OSError(30, "read-only"),
        ):

            def refuse(*_: Any, error: OSError = error, **__: Any) -> None:
                raise error

            with monkeypatch.context() as patch:
                patch.setattr("os.utime", refuse)
                patch.setattr("os.unlink", refuse)
                session = cpu_model.session(**self.form(), prefix_cache=cache)
                assert generate(session, LONG, 4) == expected
                assert session.usage.reused_tokens == len(LONG) - 1

    def test_a_name_that_cannot_be_read(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        """Shorter prefixes are found all the same; so they are where there is no memory for one."""
        cache = llm.PrefixCache(tmp_path)
        session = cpu_model.session(**self.form(), prefix_cache=cache)
        expected = generate(session, LONG, 4)
        from_cache = cache._entries._paths(session, np.array(LONG, np.uint32))  # type: ignore[attr-defined]
        from_cache[-1][1].unlink()
        from_cache[-1][1].mkdir()
        again = cpu_model.session(**self.form(), prefix_cache=cache)
        assert generate(again, LONG, 4) == expected
        assert again.usage.reused_tokens == len(LONG) - 1

    def test_a_file_under_anothers_name(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        """Whose rows have another size."""
        cache = llm.PrefixCache(tmp_path)
        generate(cpu_model.session(**self.form(), prefix_cache=cache), LONG, 4)
        wrong = next(tmp_path.glob("*.prefix")).read_bytes()
        cache.clear()
        halves = cpu_model.session(context=256, prefix_cache=cache)
        expected = generate(halves, LONG, 4)
        for each in tmp_path.glob("*.prefix"):
            each.unlink()
            each.write_bytes(wrong)
        again = cpu_model.session(context=256, prefix_cache=cache)
        assert generate(again, LONG, 4) == expected
        assert again.usage.reused_tokens == 0

    def test_files_that_are_damaged_or_gone(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        cache = llm.PrefixCache(tmp_path)
        session = cpu_model.session(**self.form(), prefix_cache=cache)
        expected = generate(session, LONG, 4)
        files = sorted(tmp_path.glob("*.prefix"))
        assert len(files) == 3  # 64, 128, 150 tokens
        assert len({each.stat().st_ino for each in files}) == 1
        assert files[0].stat().st_mode & 0o077 == 0
        whole = files[0].read_bytes()
        for mine in ("notes.txt", "mine.prefix"):
            (tmp_path / mine).write_text("mine")
        for content in (b"", b"noise", whole[: len(whole) // 2], whole[:-1] + b"\0", None):
            for each in tmp_path.glob("?" * 64 + ".prefix"):
                each.unlink()
                if content is not None:
                    each.write_bytes(content)
            session = cpu_model.session(**self.form(), prefix_cache=cache)
            assert generate(session, LONG, 4) == expected
            assert session.usage.reused_tokens == 0
            again = cpu_model.session(**self.form(), prefix_cache=cache)
            assert generate(again, LONG, 4) == expected
            assert again.usage.reused_tokens == len(LONG) - 1
            assert len(list(tmp_path.glob("?" * 64 + ".prefix"))) == 3
        cache.clear()
        assert sorted(each.name for each in tmp_path.iterdir()) == ["mine.prefix", "notes.txt"]
        assert cache.used == 0

    def test_a_folder_that_takes_nothing(self, cpu_model: llm.Model, tmp_path: Path) -> None:
        cache = llm.PrefixCache(tmp_path / "cache")
        (tmp_path / "cache").rmdir()
        (tmp_path / "cache").write_bytes(b"")
        session = cpu_model.session(context=256, prefix_cache=cache)
        with pytest.warns(RuntimeWarning, match="a prompt is not kept in <zcwasm.llm.PrefixCache in"):
            found = generate(session, LONG, 3)
        assert found == generate(cpu_model.session(context=256), LONG, 3)

    def test_two_processes(self, cpu_model: llm.Model, path: Path, tmp_path: Path) -> None:
        """One after the other, then both at once, with room for two prompts of six."""
        expected = generate(cpu_model.session(**self.form()), LONG, 6)
        code = f"""
            import zcwasm
            from zcwasm import llm
            from test_llm_snapshot import LONG, TestPrefixCache, generate
            model = llm.Model.open({str(path)!r}, zcwasm.Device("cpu", threads=1), pack=False)
            cache = llm.PrefixCache({str(tmp_path / "cache")!r}, bytes=BYTES)
            for n in range(ROUNDS):
                session = model.session(**TestPrefixCache.form(), prefix_cache=cache)
                prompt = LONG if n == 0 else [n // 5 % 6, *LONG[:99]]
                print(generate(session, prompt, 6), session.usage.reused_tokens)
        """
        once = code.replace("BYTES", "1 << 30").replace("ROUNDS", "1")
        assert run_python(once) == f"{expected} 0\n"
        assert run_python(once) == f"{expected} {len(LONG) - 1}\n"
        used = llm.PrefixCache(tmp_path / "cache").used
        busy = code.replace("BYTES", str(2 * used)).replace("ROUNDS", "60")
        found: list[str] = []
        threads = [threading.Thread(target=lambda: found.append(run_python(busy))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        right = []
        for n in range(60):
            prompt = LONG if n == 0 else [n // 5 % 6, *LONG[:99]]
            right.append(str(generate(cpu_model.session(**self.form()), prompt, 6)))
        for text in found:
            lines = [line.rpartition(" ") for line in text.splitlines()]
            assert [line[0] for line in lines] == right
            assert any(int(line[2]) > 0 for line in lines[1:])
        assert len(found) == 2
        assert llm.PrefixCache(tmp_path / "cache").used <= 3 * used

    def test_on_threads(self, cpu_model: llm.Model, cache: llm.PrefixCache) -> None:
        prompts = [[n, *LONG[:99]] for n in range(3)]
        expected = [generate(cpu_model.session(**self.form()), prompt, 3) for prompt in prompts]
        found: list[bool] = []

        def work(first: int) -> None:
            for n in range(12):
                session = cpu_model.session(**self.form(), prefix_cache=cache)
                which = (first + n) % 3
                found.append(generate(session, prompts[which], 3) == expected[which])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True] * 48

    def test_wrong_arguments(self, tmp_path: Path) -> None:
        wrong: Any = "1"
        for options in ({"folder": 1}, {"bytes": wrong}, {"least": wrong}):
            with pytest.raises(TypeError, match=next(iter(options))):
                llm.PrefixCache(**options)  # type: ignore[arg-type]
        for options in ({"bytes": -1}, {"least": 0}):
            with pytest.raises(ValueError, match=next(iter(options))):
                llm.PrefixCache(**options)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(FileExistsError):
            llm.PrefixCache(tmp_path / "file")
