"""Which engine runs a guest, what modules need, and compiled code in files (_engines.py, _code_cache.py)."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import guest_path, run_python

import zcwasm
from zcwasm import _cli, _code_cache, _core, _engines

wasmtime = pytest.importorskip("wasmtime", reason="the package wasmtime is not installed")
WHY = _engines.unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=str(WHY))


def wat(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(module {text})"))


ADD = '(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))'
SIMD = (
    '(func (export "f") (param i32) (result i32) '
    "(i32x4.extract_lane 2 (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))))"
)


def unique(number: int) -> bytes:
    """A module that no other test has."""
    return wat(f'(func (export "f") (result i32) (i32.const {number}))')


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of compiled code; not made yet."""
    monkeypatch.setenv("ZCWASM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ZCWASM_ENGINE", raising=False)
    return tmp_path / "cache" / "code"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What was compiled: with fuel or not."""
    seen: list[bool] = []
    compile_code = _core._code_compile

    def count(module: zcwasm.Module, fuel: bool) -> bytes:
        seen.append(fuel)
        return compile_code(module, fuel)

    monkeypatch.setattr(_core, "_code_compile", count)
    return seen


# --- the choice ---


def test_default_is_the_interpreter() -> None:
    assert zcwasm.Instance(zcwasm.Module(wat(ADD))).engine == "wasm3"


@pytest.mark.parametrize("name", ["wasm3", "wasmtime", "auto"])
def test_chosen_by_name_and_by_environment(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "wasmtime" if name == "auto" else name
    module = zcwasm.Module(wat(ADD))
    guest = zcwasm.Instance(module, engine=name)
    assert guest.engine == expected
    assert guest.exports.add(2, 3) == 5
    monkeypatch.setenv("ZCWASM_ENGINE", name)
    assert zcwasm.Instance(module).engine == expected
    assert zcwasm.Instance(module, engine="wasm3").engine == "wasm3"


def test_names_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = zcwasm.Module(wat(ADD))
    with pytest.raises(ValueError, match="engine must be 'wasm3', 'wasmtime' or 'auto', not 'v8'"):
        zcwasm.Instance(module, engine="v8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="engine must be a string or None, not int"):
        zcwasm.Instance(module, engine=3)  # type: ignore[arg-type]
    monkeypatch.setenv("ZCWASM_ENGINE", "v8")
    with pytest.raises(ValueError, match="ZCWASM_ENGINE must be"):
        zcwasm.Instance(module)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engines, "_loaded", [])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    module = zcwasm.Module(wat(ADD))
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'zcwasm\[jit\]'"):
        zcwasm.Instance(module, engine="wasmtime")
    assert zcwasm.Instance(module, engine="auto").engine == "wasm3"
    with pytest.raises(zcwasm.CompileError, match=r"or the engine wasmtime, .* pip install 'zcwasm\[jit\]'"):
        zcwasm.Module(wat(SIMD))
    assert [each.available for each in zcwasm.engines()] == [True, False]


def test_the_package_is_not_imported() -> None:
    assert run_python(
        """
        import sys, zcwasm
        assert [each.name for each in zcwasm.engines() if each.available] == ["wasm3", "wasmtime"]
        print("wasmtime" in sys.modules)
        """
    ).split() == ["False"]


def test_an_untested_version_is_tried_in_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = _engines.find()
    assert _engines.tested(library.version)
    assert not any(map(_engines.tested, ["47.0.0", "51.0.0", "dev", ""]))
    assert _engines._try_in_a_process(library) is None
    damaged = tmp_path / "library.so"
    damaged.write_bytes(Path(library.path).read_bytes()[:4096])
    why = _engines._try_in_a_process(_engines.Library(str(damaged), "99.0.0"))
    assert why is not None
    assert why.startswith("wasmtime 99.0.0 is not a tested version, and fails when it is tried out: ")
    monkeypatch.setattr(_engines, "_loaded", [])
    monkeypatch.setattr(_engines, "find", lambda: _engines.Library(str(damaged), "99.0.0"))
    with pytest.raises(ImportError, match="is not a tested version"):
        _engines.require()


# --- what modules need ---


def test_features() -> None:
    assert zcwasm.Module(wat(ADD)).features == ()
    module = zcwasm.Module(wat(SIMD))
    assert module.features == ("SIMD",)
    with pytest.raises(zcwasm.CompileError, match=r"needs SIMD, .*wasm3 does not have: engine='wasmtime'"):
        zcwasm.Instance(module)
    assert zcwasm.Instance(module, engine="wasmtime").exports.f(4) == 7
    assert zcwasm.Module.validate(wat(SIMD))


def test_bodies_of_wide_modules_are_validated() -> None:
    text = wat("(func (result v128) (v128.const i64x2 0 0))")
    at = text.index(b"\xfd\x0c")
    wrong = text[:at] + b"\xfd\x0f" + text[at + 2 :]  # i8x16.splat instead, of nothing
    with pytest.raises(zcwasm.CompileError) as caught:
        zcwasm.Module(wrong)
    assert caught.value.kind == "invalid"


def test_descriptions_of_wide_modules() -> None:
    module = zcwasm.Module(
        wat(
            '(import "a" "f" (func (param externref v128))) (table (export "t") 2 9 externref) '
            '(table (export "u") 3 funcref) (global (export "g") v128 (v128.const i64x2 0 0)) '
            '(tag (export "e"))'
        )
    )
    assert module.imports[0].params == ("externref", "v128")
    kinds = {entry.name: (entry.kind, entry.minimum, entry.maximum, entry.type) for entry in module.exports}
    assert kinds == {
        "t": ("table", 2, 9, None),
        "u": ("table", 3, None, None),
        "g": ("global", None, None, "v128"),
        "e": ("tag", None, None, None),
    }


def test_vectors_and_references_stay_in_guests() -> None:
    guest = zcwasm.Instance(
        zcwasm.Module(
            wat(
                '(func (export "takes") (param v128)) (func (export "gives") (result externref) '
                '(ref.null extern)) (global (export "g") v128 (v128.const i64x2 0 0)) '
                '(func (export "f") (result i32) (i32.const 6))'
            )
        ),
        engine="wasmtime",
    )
    with pytest.raises(TypeError, match=r"takes cannot be called from Python, .*\(v128\)"):
        guest.exports.takes(1)
    with pytest.raises(TypeError, match="gives cannot be called from Python"):
        guest.exports.gives()
    assert guest.exports.g.type == "v128"
    assert repr(guest.exports.g)
    with pytest.raises(TypeError, match="Python has no values of the global's type, v128"):
        _ = guest.exports.g.value
    assert guest.exports.f() == 6
    with pytest.raises(zcwasm.CompileError, match=r"import a\.f: .* numbers, not vectors"):
        zcwasm.Instance(
            zcwasm.Module(wat('(import "a" "f" (func (param v128)))')),
            engine="wasmtime",
            imports={"a": {"f": print}},
        )


def test_imports_with_references_are_refused_when_they_are_called() -> None:
    text = """(import "a" "n" (func $n (param i32) (result i32)))
        (import "a" "f" (func $f (param i32 externref) (result funcref)))
        (func (export "calls it") (drop (call $f (i32.const 1) (ref.null extern))))
        (func (export "calls none") (result i32) (call $n (i32.const 2)))"""
    calls: list[object] = []
    imports = {"a": {"n": lambda x: x + 1, "f": lambda *given: calls.append(given)}}
    guest = zcwasm.Instance(zcwasm.Module(wat(text)), imports=imports, engine="wasmtime")
    for _ in range(2):
        assert guest.exports["calls none"]() == 3
        with pytest.raises(zcwasm.CompileError, match=r"import a\.f was called: .* not references"):
            guest.exports["calls it"]()
    assert not calls
    started = f"{text} (start 2)"
    with pytest.raises(zcwasm.CompileError, match=r"import a\.f was called"):
        zcwasm.Instance(zcwasm.Module(wat(started)), imports=imports, engine="wasmtime")


# --- the cache ---


def test_code_is_found_again(compiled: list[bool], cache: Path) -> None:
    data = unique(1)
    assert zcwasm.Module(data).precompile() is True
    assert compiled == [False]
    module = zcwasm.Module(data)
    assert module.precompile() is False
    assert module.precompile() is False
    assert compiled == [False]
    assert zcwasm.Instance(module, engine="wasmtime").exports.f() == 1
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    (file,) = cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert zcwasm.Module(data).precompile(fuel=True) is True
    limited = zcwasm.Instance(zcwasm.Module(data), engine="wasmtime", limits=zcwasm.Limits(fuel=100))
    assert limited.exports.f() == 1
    assert compiled == [False, True]


def test_keys_differ() -> None:
    args = ("a" * 64, "50.0.1", "1", False)
    keys = {_code_cache.key_of(*args)}
    for i, other in enumerate(["b" * 64, "50.0.2", "2", True]):
        changed: Any = [*args[:i], other, *args[i + 1 :]]
        keys.add(_code_cache.key_of(*changed))
    assert len(keys) == 5


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def swap(file: Path) -> None:
    """The whole and right file of another module, by this one's name."""
    before = set(file.parent.iterdir())
    zcwasm.Module(unique(999)).precompile()
    (other,) = set(file.parent.iterdir()) - before
    other.rename(file)


def of_others(file: Path) -> None:
    file.chmod(0o640)


def linked(file: Path) -> None:
    file.rename(file.parent.parent / "elsewhere")
    file.symlink_to(file.parent.parent / "elsewhere")


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def open_folder(file: Path) -> None:
    file.parent.chmod(0o755)


def linked_folder(file: Path) -> None:
    file.parent.rename(file.parent.parent / "elsewhere")
    file.parent.symlink_to(file.parent.parent / "elsewhere")


@pytest.mark.parametrize(
    "harm", [cut, flip, empty, swap, of_others, linked, pipe, folder, open_folder, linked_folder]
)
def test_what_is_not_ours_is_never_run(
    harm: Callable[[Path], None], compiled: list[bool], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = unique(2)
    zcwasm.Module(data).precompile()
    (file,) = cache.iterdir()
    harm(file)
    taken: list[bytes] = []
    monkeypatch.setattr(_core, "_code_load", lambda module, fuel, code: taken.append(bytes(code)))
    module = zcwasm.Module(data)
    compiled.clear()
    assert module.precompile() is True
    assert compiled == [False]
    assert taken == []
    assert zcwasm.Instance(module, engine="wasmtime").exports.f() == 2


def test_code_that_the_library_refuses_is_compiled_anew(compiled: list[bool], cache: Path) -> None:
    """A right digest over something that is no code, as another version might have left it."""
    data = unique(3)
    module = zcwasm.Module(data)
    key = _code_cache.key_of(module.sha256, _engines.find().version, _core._wasmtime_configuration, False)
    assert _code_cache.store(key, b"no code")
    assert module.precompile() is True
    assert zcwasm.Module(data).precompile() is False
    assert compiled == [False]


def test_without_a_folder(compiled: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCWASM_CACHE", "/proc/nowhere")
    for _ in range(2):
        assert zcwasm.Module(unique(4)).precompile() is True
    assert compiled == [False, False]


def test_without_a_home(compiled: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ZCWASM_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    for _ in range(2):
        assert zcwasm.Module(unique(10)).precompile() is True
    assert compiled == [False, False]


def test_a_folder_that_cannot_be_listed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: int) -> list[str]:
        raise OSError("the disk")

    monkeypatch.setattr(os, "listdir", fail)
    assert _code_cache.store("a" * 64, b"code")
    assert _code_cache.load("a" * 64) == b"code"


def test_the_cache_is_bounded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_code_cache, "MOST_BYTES", 1000)
    assert not _code_cache.store("f" * 64, bytes(500))
    for i in range(5):
        assert _code_cache.store(f"{i:064}", bytes(200))
        os.utime(cache / f"{i:064}", (i, i))
        assert _code_cache.load(f"{0:064}") is not None  # is used all the time
    assert sorted(int(file.name) for file in cache.iterdir()) == [0, 2, 3, 4]
    left = cache / ".left"
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    _code_cache.store(f"{5:064}", b"")
    assert not left.exists()


def test_writers_at_once(cache: Path) -> None:
    """Readers see whole files only, whoever writes."""
    key, codes = "a" * 64, [bytes([i]) * 100_000 for i in range(4)]
    wrong: list[object] = []

    def write(code: bytes) -> None:
        for _ in range(10):
            if not _code_cache.store(key, code):
                wrong.append("not stored")
            found = _code_cache.load(key)
            if found is None or found not in codes:
                wrong.append(found)

    threads = [threading.Thread(target=write, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [file.name for file in cache.iterdir()] == [key]


# --- limits of compiling ---


def test_threads_share_one_compilation(compiled: list[bool]) -> None:
    data = unique(5)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(zcwasm.Module(data).precompile())) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert compiled == [False]


def test_who_comes_late_compiles_nothing(compiled: list[bool]) -> None:
    """Between the look at the cache and that for a job, another one's job began and ended."""
    data = unique(11)
    module = zcwasm.Module(data)
    key = _code_cache.key_of(module.sha256, _engines.find().version, _core._wasmtime_configuration, False)
    assert _code_cache.load(key) is None
    zcwasm.Module(data).precompile()
    job = _engines._start(module, False, key)
    assert job is not None
    assert job.wait(60)
    assert job.error is None
    assert compiled == [False]
    assert _core._code_has(module, False)


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    module = zcwasm.Module(unique(6))
    monkeypatch.setenv("ZCWASM_COMPILE_BYTES", "10")
    with pytest.raises(ValueError, match=f"has {module.size} bytes, and no more than 10 are compiled"):
        zcwasm.Instance(module, engine="wasmtime")
    monkeypatch.setenv("ZCWASM_COMPILE_BYTES", "much")
    with pytest.raises(ValueError, match="ZCWASM_COMPILE_BYTES must be a whole number, not 'much'"):
        module.precompile()


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    module = zcwasm.Module(unique(7))
    go_on = threading.Event()
    compile_code = _core._code_compile

    def slow(module: zcwasm.Module, fuel: bool) -> bytes:
        go_on.wait(60)
        return compile_code(module, fuel)

    monkeypatch.setattr(_core, "_code_compile", slow)
    seen: list[float] = []
    with pytest.raises(TimeoutError, match=r"is not compiled after 0\.2 s"):
        module.precompile(timeout=0.2, progress=seen.append)
    assert seen
    assert seen == sorted(seen)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.precompile(progress=interrupt)
    # As many as there may be: others wait for a place.
    for i in range(_engines.MOST_AT_ONCE - 1):
        with pytest.raises(TimeoutError):
            zcwasm.Module(unique(70 + i)).precompile(timeout=0)
    assert len(_engines._jobs) == _engines.MOST_AT_ONCE
    with pytest.raises(TimeoutError):
        zcwasm.Module(unique(79)).precompile(timeout=0.2)
    left = list(_engines._jobs.values())
    go_on.set()
    assert all(job.wait(60) for job in left)
    assert module.precompile(timeout=60) in (True, False)
    assert zcwasm.Instance(module, engine="wasmtime").exports.f() == 7


def test_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system gives none: nobody waits for what does not run."""

    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    module = zcwasm.Module(unique(12))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            module.precompile(timeout=5)
    assert _engines._jobs == {}
    assert module.precompile(timeout=60) is True


@pytest.mark.parametrize("same", [False, True])
def test_a_signal_handler_while_a_thread_is_started(monkeypatch: pytest.MonkeyPatch, same: bool) -> None:
    """It needs nothing that the thread which it interrupts has."""
    module, other = zcwasm.Module(unique(15)), zcwasm.Module(unique(16))
    start, seen = threading.Thread.start, []

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if not seen:
            seen.append(thread)
            (module if same else other).precompile(timeout=20)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    module.precompile(timeout=20)
    assert len(seen) == 1
    assert zcwasm.Instance(module, engine="wasmtime").exports.f() == 15


def test_a_signal_handler_in_the_middle_of_a_wait() -> None:
    """For a compilation that it waits for, too."""
    run_python(
        f"""
        import signal, threading, time, zcwasm
        from zcwasm import _core
        module, compile_code = zcwasm.Module({unique(17)!r}), _core._code_compile

        def slow(module, fuel):
            time.sleep(1)
            return compile_code(module, fuel)

        def handler(*_):
            if not _core._code_has(module, False):
                handled.append(module.precompile(timeout=20))

        zcwasm.engines()  # what it imports, and loads
        _core._code_compile, handled = slow, []
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        module.precompile(timeout=20)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert handled
        """
    )


def test_a_child_does_not_wait_for_its_parents_thread() -> None:
    run_python(
        f"""
        import os, signal, threading, zcwasm
        from zcwasm import _core
        module, go_on, compile_code = zcwasm.Module({unique(14)!r}), threading.Event(), _core._code_compile

        def slow(module, fuel):
            go_on.wait(60)
            return compile_code(module, fuel)

        _core._code_compile = slow
        child = None

        def fork(seconds):
            global child
            if child is None:
                child = os.fork()
                if child:
                    go_on.set()
                else:
                    signal.alarm(30)

        try:
            module.precompile(progress=fork)
        except RuntimeError as error:
            os._exit(0 if child == 0 and "was forked" in str(error) else 3)
        if child == 0:
            os._exit(4)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        """
    )


def test_code_is_refused_only_by_a_library() -> None:
    """Without one, as in some children of a fork, nothing is known of the code: it stays in its file."""
    assert run_python(
        f"""
        import zcwasm
        module = zcwasm.Module({unique(13)!r})
        try:
            zcwasm._core._code_load(module, False, b"code")
        except zcwasm.CompileError as error:
            print(error)
        """
    ).startswith("wasmtime: the library is not loaded")


def test_a_failure_is_every_waiters(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(module: zcwasm.Module, fuel: bool) -> bytes:
        raise MemoryError("not today")

    monkeypatch.setattr(_core, "_code_compile", fail)
    with pytest.raises(MemoryError, match="not today"):
        zcwasm.Module(unique(8)).precompile()
    assert all(job.done for job in _engines._jobs.values())


def test_arguments_of_precompile() -> None:
    module = zcwasm.Module(unique(9))
    with pytest.raises(TypeError):
        module.precompile(True)  # type: ignore[misc]
    with pytest.raises(TypeError):
        module.precompile(speed=1)  # type: ignore[call-arg]


# --- both engines ---


@pytest.mark.usefixtures("engine")
def test_a_guest_of_the_tests() -> None:
    guest = zcwasm.Instance(
        zcwasm.Module(guest_path("basics")), imports={"env": {"log": print, "pair": lambda a, b: (b, a)}}
    )
    assert guest.memory.pages >= 1


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "simd.wasm"
    file.write_bytes(wat(SIMD))
    assert _cli.main(["inspect", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "engines here that run it: wasmtime\nfeatures that wasm3 does not have: SIMD\n" in shown
    assert _cli.main(["inspect", "--json", str(file)]) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["features"], described["engines"]) == (["SIMD"], ["wasmtime"])
