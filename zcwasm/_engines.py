"""The engines that run guests: "wasm3", which is part of this package, and "wasmtime", whose library an
installed distribution `wasmtime` brings along (pip install 'zcwasm[jit]').

The package wasmtime is not imported: its library is found beside it, and opened by
csrc/engine/zc_wasmtime_load.c, once for a process, when it is first asked for.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from zcwasm import _code_cache, _core
from zcwasm._types import EngineKind

INSTALL = "pip install 'zcwasm[jit]'"
FIRST_MAJOR, END_MAJOR = 48, 51  # versions of wasmtime that the tests have run with
TRIAL_SECONDS = 60.0  # for an untested one to be tried out
COMPILE_BYTES = 64 << 20  # of a module that is compiled, unless $ZCWASM_COMPILE_BYTES says otherwise
COMPILE_SECONDS = 600  # that an instance waits, unless $ZCWASM_COMPILE_SECONDS says otherwise
MOST_AT_ONCE = 4  # compilations
STEP_SECONDS = 0.1  # between two looks for signals


class Library(NamedTuple):
    path: str
    version: str


def find() -> Library:
    """The library of the installed distribution; ModuleNotFoundError says what is missing."""
    import importlib.metadata  # it takes long, and few need it
    import importlib.util

    try:
        version = importlib.metadata.version("wasmtime")
        spec = importlib.util.find_spec("wasmtime")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        spec, version = None, ""
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise ModuleNotFoundError(f"the engine wasmtime is not installed: {INSTALL}", name="wasmtime")
    machine = platform.machine().lower()
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(machine, machine)
    name = "_libwasmtime.dylib" if sys.platform == "darwin" else "_libwasmtime.so"
    for folder in folders:
        path = Path(folder) / f"{sys.platform}-{machine}" / name
        if path.is_file():
            return Library(str(path), version)
    raise ModuleNotFoundError(
        f"wasmtime {version} in {folders[0]} has no library for {sys.platform} on {machine}", name="wasmtime"
    )


class EngineInfo(NamedTuple):
    """An engine that runs guests, as engines() lists it."""

    name: EngineKind
    available: bool
    version: str | None  # of wasmtime's library
    reason: str | None  # why it is not available
    features: tuple[str, ...]  # that it has and wasm3 does not


_lock = threading.RLock()
_loaded: list[str | None] = []  # empty before the library was asked for; then why it cannot be used, or None
_version = ""  # of the library that was loaded, whatever is installed since
_jobs: dict[tuple[str, bool], _Job] = {}  # compilations in progress, and what is just done


def _after_fork() -> None:
    """In the child of a fork, where the threads that compiled are not."""
    global _lock
    _lock = threading.RLock()
    for job in _jobs.values():
        job.lose()
    _jobs.clear()


os.register_at_fork(after_in_child=_after_fork)


def tested(version: str) -> bool:
    """Whether the version is one of those that this package was tested with."""
    major = version.partition(".")[0]
    return major.isdecimal() and FIRST_MAJOR <= int(major) < END_MAJOR


def _try_in_a_process(library: Library) -> str | None:
    """Whether another version does what is expected: where it does not, its panic ends the process."""
    import subprocess

    code = (
        "import sys; sys.path = [path for path in sys.path if path]\n"  # not what lies in the current folder
        "from zcwasm import _core; sys.exit(_core._wasmtime_load(*sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *library]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TRIAL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"wasmtime {library.version} could not be tried out: {error}"
    if done.returncode == 0:
        return None
    why = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
    return f"wasmtime {library.version} is not a tested version, and fails when it is tried out: {why}"


def unavailable() -> str | None:
    """Why wasmtime cannot be used in this process, or None where it can: it is loaded then."""
    global _version
    with _lock:
        if not _loaded:
            try:
                library = find()
            except ModuleNotFoundError as error:
                return str(error)  # it may be installed later
            reason = None if tested(library.version) else _try_in_a_process(library)
            reason = reason or _core._wasmtime_load(library.path, library.version)
            if reason is None:
                _version = library.version
            _loaded.append(reason)
        return _loaded[0]


def ready() -> bool:
    return unavailable() is None


def require() -> None:
    reason = unavailable()
    if reason is not None:
        kind = ImportError if _loaded else ModuleNotFoundError
        raise kind(reason, name="wasmtime")


def choose(engine: str | None) -> EngineKind:
    """What Instance(engine=...) stands for."""
    source = "engine" if engine is not None else "ZCWASM_ENGINE"
    wanted = engine if engine is not None else os.environ.get("ZCWASM_ENGINE") or "wasm3"
    if not isinstance(wanted, str):
        raise TypeError(f"{source} must be a string or None, not {type(wanted).__name__}")
    if wanted == "auto":
        return "wasmtime" if ready() else "wasm3"
    if wanted == "wasmtime":
        require()
        return "wasmtime"
    if wanted != "wasm3":
        raise ValueError(f"{source} must be 'wasm3', 'wasmtime' or 'auto', not {wanted!r}")
    return "wasm3"


def engines() -> list[EngineInfo]:
    """The engines that this package knows, and whether each can be used here."""
    reason = unavailable()
    try:
        version = find().version
    except ModuleNotFoundError:
        version = None
    return [
        EngineInfo("wasm3", True, None, None, ()),
        EngineInfo("wasmtime", reason is None, version, reason, tuple(_core._compiled_features)),
    ]


# --- compiling ---


def _take(module: _core.Module, fuel: bool, key: str) -> bool:
    """Whether the code was in the cache, and is the module's now."""
    code = _code_cache.load(key)
    if code is None:
        return False
    if _core._code_load(module, fuel, code):
        return True
    _code_cache.drop(key)
    return False


class _Job:
    """A compilation on a thread of its own, which cannot be stopped.

    A signal handler may wait for one at any moment. It may interrupt a wait for the same, so an Event will
    not do; and a thread that has _lock, so the job's thread does not need that to be done.
    """

    def __init__(self, module: _core.Module, fuel: bool, key: str) -> None:
        self.module, self.fuel, self.key = module, fuel, key
        self.done = False
        self._runs = threading.Lock()  # taken until it is done, and by whoever sees that for a moment
        self._runs.acquire()
        self.error: BaseException | None = None

    def wait(self, seconds: float) -> bool:
        """Whether it is done, at the latest then."""
        if not self.done and self._runs.acquire(timeout=seconds):
            self._runs.release()
        return self.done

    def lose(self) -> None:
        """In the child of a fork, which may wait for it: progress() may have forked."""
        self.error = RuntimeError("the process was forked while the module was compiled")
        self.done = True

    def run(self) -> None:
        try:
            # Another job may have ended since it was looked for: one for a module is enough.
            if not _take(self.module, self.fuel, self.key):
                code = _core._code_compile(self.module, self.fuel)
                _code_cache.store(self.key, code)
        except BaseException as error:
            self.error = error
        finally:
            self.done = True
            self._runs.release()
            with _lock:
                if _jobs.get((self.module.sha256, self.fuel)) is self:
                    del _jobs[self.module.sha256, self.fuel]


def _start(module: _core.Module, fuel: bool, key: str) -> _Job | None:
    """The compilation of this module; None when too many are in progress."""
    with _lock:
        job = _jobs.get((module.sha256, fuel))
        if job is not None and job.done:
            job = None
        if job is None and sum(not each.done for each in _jobs.values()) < MOST_AT_ONCE:
            job = _Job(module, fuel, key)
            # Not joined at exit: it may take minutes. It takes the lock before it forgets the job.
            threading.Thread(target=job.run, name="zcwasm-compile", daemon=True).start()
            _jobs[module.sha256, fuel] = job  # of a thread that there is: others wait for it
        return job


def _number(name: str, usual: int) -> int:
    text = os.environ.get(name)
    try:
        return int(text) if text else usual
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None


def precompile(
    module: _core.Module,
    *,
    fuel: bool = False,
    timeout: float | None = None,
    progress: Callable[[float], object] | None = None,
) -> bool:
    """Module.precompile(); its docstring is the core's."""
    require()
    fuel = bool(fuel)
    if _core._code_has(module, fuel):
        return False
    key = _code_cache.key_of(module.sha256, _version, _core._wasmtime_configuration, fuel)
    if _take(module, fuel, key):
        return False
    most = _number("ZCWASM_COMPILE_BYTES", COMPILE_BYTES)
    if module.size > most:
        raise ValueError(
            f"the module has {module.size} bytes, and no more than {most} are compiled (ZCWASM_COMPILE_BYTES)"
        )
    began = time.monotonic()
    while not _core._code_has(module, fuel):
        job = _start(module, fuel, key)
        while job is None or not job.wait(STEP_SECONDS):
            seconds = time.monotonic() - began
            if progress is not None:
                progress(seconds)
            if timeout is not None and seconds > timeout:
                raise TimeoutError(f"the module is not compiled after {timeout} s")
            if job is None:
                time.sleep(STEP_SECONDS)
                job = _start(module, fuel, key)
        if job.error is not None:
            raise job.error
        if job.module is not module:  # of the same bytes: if it is not in the cache, once more
            _take(module, fuel, key)
    return True


def prepare(module: _core.Module, fuel: bool) -> None:
    """Before an instance is made of it."""
    precompile(module, fuel=fuel, timeout=float(_number("ZCWASM_COMPILE_SECONDS", COMPILE_SECONDS)))
