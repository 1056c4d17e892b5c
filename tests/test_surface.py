"""The public surface as a whole: what holds for every name of it. Signatures, modules, reprs, weak
references, exceptions, words, what a missing extra says."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import pickle
import re
import subprocess
import sys
import typing
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tiny_model
from support import basics, guest_path

import zcwasm
import zcwasm.assemblyscript
import zcwasm.embed
import zcwasm.llm
from zcwasm import _types
from zcwasm._selftest.arena import Arena

MODULES = (zcwasm, zcwasm.llm, zcwasm.embed, zcwasm.assemblyscript)
ROOT = Path(__file__).resolve().parent.parent


def public(module: ModuleType) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__ if name != "__version__"}


CLASSES = [
    (f"{module.__name__}.{name}", value)
    for module in MODULES
    for name, value in public(module).items()
    if inspect.isclass(value)
]
each_class = pytest.mark.parametrize(("name", "value"), CLASSES, ids=[name for name, _ in CLASSES])


def callables() -> Iterator[tuple[str, Any]]:
    """Every public function, class that can be called, and method."""
    for module in MODULES:
        for name, value in public(module).items():
            if inspect.isroutine(value):
                yield f"{module.__name__}.{name}", value
    for name, value in CLASSES:
        if not (issubclass(value, (BaseException, dict)) or made_by_others(value)):
            yield name, value
        for attribute in () if issubclass(value, dict) else dir(value):
            own = next(
                (base.__dict__[attribute] for base in value.__mro__ if attribute in base.__dict__), None
            )
            foreign = any(attribute in vars(base) for base in (object, BaseException, tuple))
            if not foreign and (not attribute.startswith("_") or attribute in ("__enter__", "__exit__")):
                found = getattr(value, attribute)
                if callable(found) and not isinstance(own, property) and not inspect.isclass(found):
                    yield f"{name}.{attribute}", found


def made_by_others(value: type) -> bool:
    return bool(value.__flags__ & (1 << 7))  # Py_TPFLAGS_DISALLOW_INSTANTIATION


CALLABLES = dict(callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_every_callable_has_a_signature(name: str) -> None:
    signature = inspect.signature(CALLABLES[name])
    assert "(*args, **kw" not in str(signature), f"{name}{signature} says nothing"


def test_the_callables_are_found() -> None:
    names = {"zcwasm.devices", "zcwasm.Device", "zcwasm.Device.scratch", "zcwasm.Batch.clear"}
    names |= {"zcwasm.Memory.array", "zcwasm.llm.Session.generate", "zcwasm.embed.Model.encode"}
    names |= {"zcwasm.Instance.__exit__", "zcwasm.Limits", "zcwasm.Wasi", "zcwasm.Weights.load"}
    assert names <= set(CALLABLES)


def test_signatures_of_guest_functions() -> None:
    exports = basics().exports
    assert str(inspect.signature(exports.add)) == "(i32_0: int, i32_1: int, /) -> int"
    assert str(inspect.signature(exports.nothing)) == "() -> None"
    many = inspect.signature(exports.many)
    assert [p.annotation for p in many.parameters.values()] == [int, int, float, float]
    assert many.return_annotation == tuple[float, float, int, int]


@each_class
def test_classes_say_where_users_find_them(name: str, value: type) -> None:
    module, _, own = name.rpartition(".")
    assert (value.__module__, value.__name__) == (module, own)
    assert value.__doc__
    typing.get_type_hints(value)  # what dataclass tools read


def test_values_can_be_pickled() -> None:
    limits = zcwasm.Limits(fuel=5)
    assert pickle.loads(pickle.dumps(limits)) == limits
    with pytest.raises(zcwasm.CompileError) as raised:
        zcwasm.Module(b"\0asm\2\0\0\0")
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


# --- what the core parses is what it says ---

Parsed = tuple[
    list[str], int, set[str], set[str]
]  # by position, how many of them needed, by keyword, of them needed


def said(signature: str) -> Parsed:
    """Of a text signature such as "affine($self, /, x, scale, shift, *, out)"."""
    function = ast.parse(f"def {signature.replace('$', '')}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    assert [name.arg for name in given.posonlyargs] in ([], ["self"], ["self", "name"])
    named = [name.arg for name in given.args]
    keywords = dict(zip((name.arg for name in given.kwonlyargs), given.kw_defaults, strict=True))
    needed = {name for name, default in keywords.items() if default is None}
    return named, len(named) - len(given.defaults), set(keywords), needed


def parsed_by_zcwasm(numbers: tuple[str, ...], constants: dict[str, int], names: list[str]) -> Parsed:
    positional, required, total = (
        constants[number] if number in constants else int(number) for number in numbers
    )
    assert total == len(names)
    keywords = names[positional:]
    return names[:positional], min(required, positional), set(keywords), set(names[positional:required])


def parsed_by_python(units: str, names: list[str]) -> Parsed:
    """Of a format of PyArg_ParseTupleAndKeywords."""
    units = re.sub(r"[!*#&]", "", units)
    before, _, after = units.partition("$")
    positional = len(before.replace("|", ""))
    assert positional + len(after.replace("|", "")) == len(names)
    required = len(units.partition("|")[0]) if "$" not in units.partition("|")[0] else positional
    return names[:positional], required, set(names[positional:]), set()


def parsers() -> Iterator[Any]:
    """Each place of csrc/py that parses arguments: (name, what it parses, what its file says)."""
    for path in sorted((ROOT / "csrc" / "py").glob("py_*.c")):
        text = path.read_text("utf-8")
        joined = re.sub(r'"\s*\n\s*"', "", text)
        texts = dict(re.findall(r'"(\w+)(\([^"]*?\))\\n--', joined))
        found: dict[str, Parsed] = {}
        for method, *numbers, listed in re.findall(
            r'zc_py_arguments \w+ = \{\s*"(\w+)",\s*(\w+),\s*(\w+),\s*(\w+),\s*\{(.*?)\}\}', text, re.DOTALL
        ):
            names = re.findall(r'"(\w+)"', listed)
            found[method] = parsed_by_zcwasm(tuple(numbers), {"COUNT": len(names)}, names)
        for listed, units, name in re.findall(
            r'char \*names\[\] = \{(.*?), NULL\};.*?ParseTupleAndKeywords\([^"]*?"([^":]*):(\w+)"',
            text,
            re.DOTALL,
        ):
            found[name] = parsed_by_python(units, re.findall(r'"(\w+)"', listed))
        for name, parsed in found.items():
            signature = texts.get(name)
            yield pytest.param(parsed, signature and name + signature, id=f"{path.stem}:{name}")


ALL_PARSERS = list(parsers())


@pytest.mark.parametrize(("parsed", "signature"), ALL_PARSERS)
def test_signatures_are_what_is_parsed(parsed: Parsed, signature: str | None) -> None:
    if signature is not None:
        assert said(signature) == parsed


def test_every_parser_is_compared() -> None:
    """But for that of _Wasi, which zcwasm.Wasi calls; and none is written in a way that is not found."""
    silent = [each.id for each in ALL_PARSERS if each.values[1] is None]
    assert silent == ["py_wasi:_Wasi"]
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "csrc" / "py").glob("py_*.c"))
    calls = texts.count("PyArg_ParseTupleAndKeywords(") + len(re.findall(r"zc_py_arguments \w+ =", texts))
    assert len(ALL_PARSERS) == calls


# --- one object of every type of the core ---


def objects() -> dict[str, tuple[Any, str]]:
    """Each with its repr, a pattern."""
    guest = basics()
    device = zcwasm.Device("cpu", threads=1)
    memory = zcwasm.Memory(1)
    x = memory.array(0, 16, np.float32)
    batch = device.batch()
    batch.fill(x, 1)
    submission = batch.submit()
    submission.wait()
    one = device.batch()
    one.fill(x, 1)
    array = device.scratch((3, 4))
    made: dict[str, tuple[Any, str]] = {
        "Module": (
            guest.module,
            r"Module '.*basics\.wasm': \d+ functions, \d+ imports, \d+ exports",
        ),
        "Instance": (guest, r"Instance of <zcwasm\.Module .*>, memory of \d+ pages?"),
        "Exports": (guest.exports, r"Exports \['.*'\]"),
        "Function": (guest.exports.add, r"Function add\(i32, i32\) -> i32"),
        "Memory": (memory, r"Memory: 1 page \(65536 bytes\) at 0x[0-9a-f]+"),
        "Global": (zcwasm.Global("i64", 7), r"Global i64 = 7"),
        "Table": (tables(), r"Table: 1 element"),
        "Device": (device, r"Device cpu: .*, 1 thread"),
        "Batch": (one, r"Batch on cpu: 1 dispatch"),
        "Submission": (submission, r"Submission on cpu: done in [0-9.]+ ms"),
        "Kernel": (device.kernels["fill"], r"Kernel fill\(out: write; count: uint32, pattern: uint32\)"),
        "DeviceArray": (array, r"DeviceArray \(3, 4\) float32 on cpu"),
        "Wasi": (zcwasm.Wasi(args=["a"]), r"Wasi: 1 argument, 0 variables, 0 directories"),
    }
    return made


def tables() -> zcwasm.Table:
    """(table (export "t") 1 funcref)"""
    module = b"\0asm\1\0\0\0\x04\x04\x01\x70\x00\x01\x07\x05\x01\x01t\x01\x00"
    table = zcwasm.Instance(zcwasm.Module(module)).exports.t
    assert isinstance(table, zcwasm.Table)
    return table


def test_reprs() -> None:
    for name, (value, pattern) in objects().items():
        assert re.fullmatch(f"<zcwasm.{pattern}>", repr(value)), f"{name}: {value!r}"
        if name == "Batch":
            value.clear()


def test_reprs_of_python_classes(tmp_path: Path) -> None:
    assert repr(zcwasm.Limits(fuel=5, deadline=0.5)) == "Limits(fuel=5, deadline=0.5)"
    assert repr(zcwasm.Limits()) == "Limits()"
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    from tiny_model import write

    path = tmp_path / "tiny.gguf"
    write(path)
    model = zcwasm.llm.Model.open(path, zcwasm.Device("cpu"))
    numbers = r"llama, 2 layers of \d+, \d+ tokens"
    size = path.stat().st_size
    assert re.fullmatch(f"<zcwasm.Weights '{path}': [0-9]+ tensors, {size} bytes>", repr(model.weights))
    assert re.fullmatch(f"<zcwasm.llm.Model '{path}': {numbers}, on cpu>", repr(model))
    session = model.session(context=16)
    assert repr(session) == (
        f"<zcwasm.llm.Session of llama: 0 of 16 tokens cached, {session.cache_bytes:,} bytes as f16>"
    )
    session.close()
    model.close()
    assert repr(session) == "<zcwasm.llm.Session of llama, closed>"
    assert re.fullmatch(f"<zcwasm.llm.Model: {numbers}, closed>", repr(model))


def test_weak_references() -> None:
    made = objects()
    gone: list[str] = []
    references = [
        weakref.ref(value, lambda _, name=name: gone.append(name)) for name, (value, _) in made.items()
    ]
    assert all(reference() is made[name][0] for name, reference in zip(made, references, strict=True))
    made["Batch"][0].clear()
    names = set(made)
    made.clear()
    gc.collect()
    assert set(gone) == names
    table: weakref.WeakKeyDictionary[zcwasm.Memory, int] = weakref.WeakKeyDictionary()
    memory = zcwasm.Memory(1)
    table[memory] = 1
    del memory
    assert len(table) == 0


# --- exceptions ---


def test_closed_and_in_use() -> None:
    for own, python in ((zcwasm.ClosedError, ValueError), (zcwasm.InUseError, BufferError)):
        assert issubclass(own, zcwasm.Error)
        assert issubclass(own, python)


def test_submission_in_use() -> None:
    device = zcwasm.Device("cpu", threads=1)
    memory = zcwasm.Memory(1024)
    x = memory.array(0, (2048, 2048), np.float32)
    out = memory.array(x.nbytes, (2048, 2048), np.float32)
    batch = device.batch()
    for _ in range(8):
        batch.matmul(x, x, out=out)
    submission = batch.submit()
    with pytest.raises(zcwasm.InUseError, match="still in flight"):
        submission.gpu_seconds  # noqa: B018
    submission.wait()
    assert submission.gpu_seconds > 0


# --- arguments of the wrong kind ---

WRONG: dict[str, Callable[[Any, Any], object]] = {
    "growth must be an integer, not str": lambda guest, _: guest.memory.grow("1"),
    "ptr must be an integer, not str": lambda guest, _: guest.memory.read("0", 1),
    "size must be an integer, not float": lambda guest, _: guest.memory.read(0, 1.0),
    "shape must be an integer or a tuple of them, not float": lambda guest, _: guest.memory.array(
        0, 1.5, "u1"
    ),
    "a dimension of the shape must be an integer, not str": lambda guest, _: guest.memory.array(
        0, ("a",), "u1"
    ),
    "minimum must be an integer, not str": lambda *_: zcwasm.Memory("1"),
    "fuel must be an integer or None, not str": lambda guest, _: setattr(guest, "fuel", "5"),
    "limit fuel must be an integer, not str": lambda guest, _: limited(guest, fuel="5"),
    "limit deadline must be a number of seconds, not str": lambda guest, _: limited(guest, deadline="5"),
    "threads must be an integer, not str": lambda *_: zcwasm.Device("cpu", threads="2"),
    "index must be an integer, not str": lambda *_: zcwasm.Device("cpu", index="2"),
    "shape must be an integer or a tuple of them, not NoneType": lambda _, device: device.scratch(None),
    "a side of the shape must be an integer, not float": lambda _, device: device.scratch((1.5,)),
    "timeout must be a number of seconds or None, not str": lambda _, device: (
        device.batch().submit().wait("1")
    ),
    "value must be an integer, not float": lambda guest, device: device.fill(words(guest), 1.5),
    "fill: count must be an integer, not str": lambda guest, device: device.dispatch(
        "fill", [words(guest)], {"count": "4", "pattern": 0}
    ),
    "path must be a str or a path, not int": lambda *_: zcwasm.Weights(5),
    "args[0] must be a str, not int": lambda *_: zcwasm.Wasi(args=[1]),
    "env must be a mapping, not list": lambda *_: zcwasm.Wasi(env=["A=1"]),
    "env['A'] must be a str, not int": lambda *_: zcwasm.Wasi(env={"A": 1}),
    "dirs must be a mapping, not list": lambda *_: zcwasm.Wasi(dirs=["/tmp"]),
}


def limited(guest: zcwasm.Instance, **limits: Any) -> zcwasm.Instance:
    return zcwasm.Instance(guest.module, limits=zcwasm.Limits(**limits))


def words(guest: zcwasm.Instance) -> Any:
    return guest.memory.array(1024, 4, np.uint32)


@pytest.mark.parametrize("message", WRONG)
def test_arguments_of_the_wrong_kind_are_named(message: str, cpu: zcwasm.Device) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        WRONG[message](basics(), cpu)


def test_errors_about_files_show_the_path(tmp_path: Path) -> None:
    path = tmp_path / "nothing"
    for make in (zcwasm.Module, zcwasm.Weights):
        with pytest.raises(FileNotFoundError) as raised:
            make(path)
        assert str(raised.value) == f"[Errno 2] No such file or directory: '{path}'"
    named = tmp_path / "named.wasm"
    named.write_bytes(guest_path("basics").read_bytes())
    assert repr(zcwasm.Module(named)).startswith(f"<zcwasm.Module '{named}': ")


# --- batches that are forgotten ---


@pytest.fixture
def cpu() -> zcwasm.Device:
    return zcwasm.Device("cpu", threads=1)


def warned(action: Callable[[], object]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
        gc.collect()
    assert all(issubclass(each.category, ResourceWarning) for each in caught)
    return [str(each.message) for each in caught]


def test_a_batch_that_is_dropped_unsubmitted(cpu: zcwasm.Device) -> None:
    arena = Arena()
    x = arena.empty(4)

    def forget() -> None:
        with cpu.batch() as batch:
            batch.fill(x, 1)

    def submit() -> None:
        batch = cpu.batch()
        batch.fill(x, 1)
        batch.submit().wait()

    def clear() -> None:
        batch = cpu.batch()
        batch.fill(x, 1)
        batch.clear()
        assert len(batch) == 0

    def fail() -> None:
        try:
            with cpu.batch() as batch:
                batch.fill(x, 1)
                raise OSError
        except OSError:
            pass

    assert warned(forget) == ["<zcwasm.Batch on cpu: 1 dispatch> was dropped before submit()"]
    for quiet in (submit, clear, fail, cpu.batch):
        assert warned(quiet) == []


def test_a_warning_that_is_an_error_does_not_hurt(cpu: zcwasm.Device, monkeypatch: Any) -> None:
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    memory = zcwasm.Memory(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batch = cpu.batch()
        batch.fill(memory.array(0, 4, np.float32), 1)
        assert memory.pins > 0
        del batch
    assert [each.exc_type for each in unraisable] == [ResourceWarning]
    unraisable.clear()
    assert memory.pins == 0


# --- words ---


def test_words_are_those_of_the_core(cpu: zcwasm.Device) -> None:
    source = (ROOT / "csrc").rglob("zc_guest.h")
    traps = re.findall(r'^ *X\([A-Z_]+, "(\w+)", ".*"\)', next(source).read_text("utf-8"), re.M)
    assert set(typing.get_args(_types.TrapKind)) == set(traps)
    table = next((ROOT / "csrc").rglob("zc_weight_type.def")).read_text("utf-8")
    types = re.findall(r"^ZC_WEIGHT_TYPE\((\w+),", table, re.M)
    assert list(typing.get_args(_types.WeightType)) == types
    assert {info["kind"] for info in zcwasm.devices()} == set(typing.get_args(zcwasm.DeviceKind))
    bindings = {access for kernel in cpu.kernels.values() for _, access in kernel.bindings}
    assert bindings <= set(typing.get_args(_types.Access))
    params = {kind for kernel in cpu.kernels.values() for _, kind in kernel.params}
    assert params <= set(typing.get_args(_types.FieldType))


def test_bindings_are_what_compile_takes(cpu: zcwasm.Device) -> None:
    """The cpu compiles nothing; it gets as far as saying so."""
    for kernel in cpu.kernels.values():
        with pytest.raises(zcwasm.DeviceError):
            cpu.compile(
                spirv=b"\0\0\0\0", name="mine", bindings=kernel.bindings, workgroup=1, params=kernel.params
            )
    with pytest.raises(ValueError, match="binding x is 'written', must be 'read', 'write' or 'read_write'"):
        cpu.compile(spirv=b"", name="mine", bindings=[("x", "written")], workgroup=1)


# --- extras ---


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda name: monkeypatch.setitem(sys.modules, name, None)


def test_llm_without_its_extra(tmp_path: Path, without: Callable[[str], None]) -> None:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    from tiny_model import write

    path = tmp_path / "tiny.gguf"
    write(path)
    without("tokenizers")
    session = zcwasm.llm.Model.open(path, zcwasm.Device("cpu")).session(context=16)
    with pytest.raises(
        ModuleNotFoundError, match=r"needs the package tokenizers: pip install 'zcwasm\[llm\]'"
    ):
        session.generate("a")


def test_chat_without_its_extra(tmp_path: Path, without: Callable[[str], None]) -> None:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
    from tiny_model import write

    path = tmp_path / "tiny.gguf"
    write(path)
    without("jinja2")
    session = zcwasm.llm.Model.open(path, zcwasm.Device("cpu")).session(context=16)
    with pytest.raises(ModuleNotFoundError, match=r"needs the package jinja2: pip install 'zcwasm\[llm\]'"):
        session.chat([{"role": "user", "content": "a"}])


def test_embed_without_its_extra(tmp_path: Path, without: Callable[[str], None]) -> None:
    without("tokenizers")
    with pytest.raises(ModuleNotFoundError, match=r"zcwasm\.embed needs .*: pip install 'zcwasm\[llm\]'"):
        zcwasm.embed.Model.open(tmp_path)


def test_progress_without_its_extra(tmp_path: Path, without: Callable[[str], None]) -> None:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    from tiny_model import write

    path = tmp_path / "tiny.gguf"
    write(path)
    without("tqdm")
    with pytest.raises(ModuleNotFoundError, match=r"progress=True needs the package tqdm"):
        zcwasm.Weights(path, device=zcwasm.Device("cpu"), progress=True)


def test_import_needs_no_extra() -> None:
    for module in ("zcwasm.llm", "zcwasm.embed"):
        assert importlib.import_module(module)


def test_the_source_folder_says_that_it_is_no_package(tmp_path: Path) -> None:
    """Where Python starts in the repository, that is what `import zcwasm` finds."""
    package = tmp_path / "zcwasm"
    package.mkdir()
    package.joinpath("__init__.py").write_bytes((ROOT / "zcwasm" / "__init__.py").read_bytes())
    command = [sys.executable, "-S", "-c", "import zcwasm"]  # -S: also where an editable install adds to it
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert f"ImportError: {package} is the source of zcwasm" in done.stderr


# --- linking ---


def test_all_missing_imports_at_once() -> None:
    with pytest.raises(zcwasm.LinkError) as raised:
        zcwasm.Instance(
            zcwasm.Module(guest_path("imports")), imports={"env": {"seed": zcwasm.Global("i64", 7)}}
        )
    assert str(raised.value).splitlines() == [
        "the module cannot be linked:",
        "  import 'env'.'memory' is missing: the module needs this memory of 1 page, at most 100",
        "  import 'env'.'shared' is missing: the module needs this mutable global i32",
        "  import 'env'.'started' is missing: the module needs this function (i64) -> ()",
    ]
    with pytest.raises(zcwasm.LinkError) as raised:
        zcwasm.Instance(zcwasm.Module(guest_path("wasi")))
    assert str(raised.value).count("\n") == 0  # one grant, one line


def test_a_kind_in_place_of_a_device(tmp_path: Path) -> None:
    """Everywhere the same: what to give in its place."""
    pytest.importorskip("tokenizers", reason="needs tokenizers, which zcwasm[llm] brings")
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    module = zcwasm.Module(guest_path("command"))
    weights = zcwasm.Weights(path)
    calls: list[Callable[[Any], object]] = [
        lambda kind: zcwasm.Weights(path, device=kind),
        weights.load,
        lambda kind: weights.pack(kind, []),
        lambda kind: zcwasm.Instance(module, device=kind),
        lambda kind: zcwasm.llm.Model.open(path, kind),
        lambda kind: zcwasm.embed.Model.open(path, device=kind),
        lambda kind: zcwasm.embed.CrossEncoder.open(path, device=kind),
    ]
    for call in calls:
        with pytest.raises(TypeError) as caught:
            call("cpu")
        assert str(caught.value) == "device must be a zcwasm.Device, not str: give zcwasm.Device('cpu')"
        with pytest.raises(TypeError, match=r"device must be a zcwasm\.Device, not int$"):
            call(5)
