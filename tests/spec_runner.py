"""Runs scripts of the official WebAssembly test suite through the public Python API.

The suite is the archive wasm-spec.tar.xz: scripts in the JSON format of wast2json, their modules, and
scope.json, which says of each module whether it is in scope, valid but using a later feature (out), or bad.
A script's outcome is a list of failures; everything else is counted: what passed, and by name what is
counted apart, because it needs something that zcwasm refuses by design.
"""

from __future__ import annotations

import json
import os
import struct
import tarfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zcwasm

ARCHIVE = "wasm-spec.tar.xz"
ROOT = Path(__file__).resolve().parent.parent
GUESTS = Path(__file__).resolve().parent / "guests"

TABLES = "the engine wasmtime imports no tables"
NUMBERS = {"i32", "i64", "f32", "f64"}
NO_NUMBERS = "the host takes and gives numbers, no vectors and references"
NO_VALUES = "cannot be called from Python"
# Labelled as out, as the labels are those of WebAssembly 1.0: what needs no later feature than bulk memory,
# as `wasm-tools validate --features` says. These must be accepted, and every assertion on them must hold.
BULK_MEMORY: dict[str, Iterable[int]] = {
    "bulk": (0, *range(4, 8), 12),
    "data": (0,),
    "elem": (25, 26, 29, 30, 75, 76),
    "memory_init": range(1000),
    "table_copy": range(41, 52),
    "token": (17, 29, *range(45, 56, 2)),
}
# Assertions on what another module did to a memory or table of the module at hand; that one has several
# memories, so it is refused.
DEPENDENT_REASON = "depends on a module that is out of scope"
DEPENDENT = {"linking0": {42}, "load1": {25, 26, 27, 28, 29}}
# The same of modules that import a table, where the engine refuses those.
TABLES_REASON = "depends on a module that imports a table"
DEPENDENT_ON_TABLES = {
    "elem": {959, 960, 972, 973, 974},
    "linking": {344, 345, 347, 350, 351, 353, 410, 423, 609, 610},
    "linking3": {82, 83},
}


def find_archive() -> Path | str:
    """The suite's archive, or why it cannot be read."""
    folder = os.environ.get("ZCWASM_SPEC")
    archive = Path(folder) / ARCHIVE if folder else ROOT.parent / "shared" / "spec" / ARCHIVE
    return archive if archive.is_file() else f"no {ARCHIVE} in ../shared/spec or the folder $ZCWASM_SPEC"


def script_names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        paths = [Path(name) for name in tar.getnames()]
    return sorted(path.stem for path in paths if path.suffix == ".json" and path.stem != "scope")


def unpack(archive: Path, folder: Path) -> Path:
    """The folder with scope.json."""
    with tarfile.open(archive) as tar:
        for member in tar:
            # As the filter "data" of newer versions of Python: plain files and folders below the target.
            if (member.isfile() or member.isdir()) and ".." not in Path(member.name).parts:
                tar.extract(member, folder, set_attrs=False)
    (scope,) = folder.rglob("scope.json")
    return scope.parent


# --- values: bit patterns as decimal strings ---


def float_from_bits(bits: int, kind: str) -> float:
    """The Python float that stands for these bits. A NaN keeps its payload: bits 0 to 22 of an f32 are
    bits 29 to 51 of the float. Made by hand, since the hardware would quieten signalling ones."""
    if kind == "f32":
        if bits & 0x7F800000 == 0x7F800000:
            bits = (bits & 0x80000000) << 32 | 0x7FF0000000000000 | (bits & 0x7FFFFF) << 29
        else:
            (narrow,) = struct.unpack("<f", struct.pack("<I", bits))
            return float(narrow)
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def bits_from_float(value: float, kind: str) -> int:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    if kind == "f64":
        return int(bits)
    if bits & 0x7FF0000000000000 == 0x7FF0000000000000:
        assert bits & 0x1FFFFFFF == 0, f"an f32 of bits {bits:#x}"
        return int(bits >> 32 & 0x80000000 | 0x7F800000 | bits >> 29 & 0x7FFFFF)
    (narrow,) = struct.unpack("<I", struct.pack("<f", value))
    assert struct.unpack("<f", struct.pack("<I", narrow))[0] == value, f"{value!r} is no f32"
    return int(narrow)


def to_python(value: dict[str, Any]) -> int | float:
    kind, bits = value["type"], int(value["value"])
    return bits if kind in ("i32", "i64") else float_from_bits(bits, kind)


def matches(result: Any, expected: dict[str, Any]) -> bool:
    kind, value = expected["type"], expected["value"]
    if kind in ("i32", "i64"):
        modulus = 2**32 if kind == "i32" else 2**64
        signed = -modulus // 2 <= result < modulus // 2 if isinstance(result, int) else False
        return signed and (result - int(value)) % modulus == 0
    if not isinstance(result, float):
        return False
    bits = bits_from_float(result, kind)
    quiet, sign = (0x7FC00000, 1 << 31) if kind == "f32" else (0x7FF8000000000000, 1 << 63)
    if value == "nan:canonical":
        return bits & ~sign == quiet
    if value == "nan:arithmetic":
        return bits & quiet == quiet
    return bits == int(value)


# --- running ---


@dataclass
class Counts:
    """Of one script, or of several."""

    modules: Counter[str] = field(default_factory=Counter)  # in, out, bad: that did what they must
    passed: Counter[str] = field(default_factory=Counter)  # commands by kind
    out: Counter[str] = field(default_factory=Counter)  # commands on modules that are out of scope
    text: int = 0  # modules in text form: they test another program's parser
    apart: dict[str, list[str]] = field(default_factory=dict)  # reason -> what is counted apart

    def add(self, other: Counts) -> None:
        self.modules += other.modules
        self.passed += other.passed
        self.out += other.out
        self.text += other.text
        for reason, names in other.apart.items():
            self.apart.setdefault(reason, []).extend(names)

    def lines(self) -> list[str]:
        order = ("in", "out", "bad")
        lines = ["modules: " + ", ".join(f"{self.modules[kind]} {kind}" for kind in order)]
        lines[0] += f" did what they must; {self.text} in text form are out of scope"
        lines += [f"{kind}: {self.passed[kind]} passed" for kind in sorted(self.passed)]
        lines += [f"{kind}: {self.out[kind]} on modules out of scope" for kind in sorted(self.out)]
        for reason, names in sorted(self.apart.items()):
            lines.append(f"apart, {len(names)}: {reason}: {', '.join(names)}")
        return lines


@dataclass
class Absent:
    """Stands for an instance that is not there, for a reason that is no failure."""

    reason: str | None  # None: the module is out of scope


class Failed(Exception):
    """A command did not do what the script says."""


class Script:
    """One script: run() fills failures and counts."""

    def __init__(self, suite: Path, name: str, scope: dict[str, str]) -> None:
        self.folder = suite
        self.name = name
        self.scope = scope
        self.counts = Counts()
        self.failures: list[str] = []
        spectest = zcwasm.Instance(zcwasm.Module(GUESTS / "spectest.wasm"))
        self.registered: dict[str, zcwasm.Instance | Absent] = {"spectest": spectest}
        self.named: dict[str, zcwasm.Instance | Absent] = {}
        self.definitions: dict[str, zcwasm.Module | Absent] = {}
        self.current: zcwasm.Instance | Absent = Absent(None)
        self.refused_tables = False  # of a module that this engine would not let import one
        self.skipped_calls = (
            False  # of the current one: what they would have changed is not as the script expects
        )

    def run(self) -> None:
        script = json.loads((self.folder / f"{self.name}.json").read_text())
        for command in script["commands"]:
            kind = command["type"]
            where = f"{self.name}:{command['line']}"
            try:
                absent = getattr(self, kind)(command)
            except Failed as error:
                if kind == "assert_return" and command["line"] in DEPENDENT.get(self.name, ()):
                    self.counts.apart.setdefault(DEPENDENT_REASON, []).append(where)
                    continue
                tables = DEPENDENT_ON_TABLES.get(self.name, ()) if self.refused_tables else ()
                if kind == "assert_return" and command["line"] in tables:
                    self.counts.apart.setdefault(TABLES_REASON, []).append(where)
                    continue
                if kind == "assert_return" and self.skipped_calls:
                    self.counts.apart.setdefault(NO_NUMBERS, []).append(where)
                    continue
                self.failures.append(f"{where}: {kind}: {error}")
                if kind == "module":
                    self.set_current(command, Absent("an earlier failure of this script"))
                continue
            if absent is None:
                self.counts.passed[kind] += 1
            elif absent.reason is None:
                self.counts.out[kind] += 1
            else:
                self.counts.apart.setdefault(absent.reason, []).append(where)

    # Modules

    def load(self, command: dict[str, Any]) -> zcwasm.Module | Absent:
        """Load a module and check that scope.json is right about it."""
        file = command.get("binary_filename", command["filename"])
        if not file.endswith(".wasm"):
            self.counts.text += 1
            return Absent(None)
        label = f"{self.name}/{file}"
        scope = self.scope[label]
        if scope == "out" and int(file.rsplit(".")[-2]) in BULK_MEMORY.get(self.name, ()):
            scope = "in"
        try:
            module = zcwasm.Module(self.folder / label)
        except zcwasm.CompileError as error:
            if scope == "in":
                raise Failed(f"{label} is refused: {error}") from None
            if scope == "out" and error.kind != "unsupported":
                raise Failed(f"{label} is refused as {error.kind}: {error}") from None
            self.counts.modules[scope] += 1
            return Absent(None)
        if scope == "out" and module.features:
            scope = "in"  # for this engine: it has the feature, so every assertion must hold
        if scope != "in":
            raise Failed(f"{label}, which is {scope}, is accepted")
        self.counts.modules[scope] += 1
        return module

    def instantiate(self, module: zcwasm.Module) -> zcwasm.Instance | Absent:
        """Raises what zcwasm raises, except where a reason to count it apart explains it."""
        for entry in module.imports:
            source = self.registered.get(entry.module)
            if isinstance(source, Absent):
                return source
        imports = {
            name: source.exports
            for name, source in self.registered.items()
            if isinstance(source, zcwasm.Instance)
        }
        try:
            return zcwasm.Instance(module, imports=imports)
        except zcwasm.LinkError as error:
            if TABLES in str(error) and any(entry.kind == "table" for entry in module.imports):
                self.refused_tables = True
                return Absent(TABLES)
            raise
        except zcwasm.CompileError as error:
            if module.features and error.kind == "unsupported" and "not vectors or references" in str(error):
                return Absent(NO_NUMBERS)
            raise

    def set_current(self, command: dict[str, Any], instance: zcwasm.Instance | Absent) -> None:
        self.current = instance
        self.skipped_calls = False
        if "name" in command:
            self.named[command["name"]] = instance

    def module(self, command: dict[str, Any]) -> Absent | None:
        loaded = self.load(command)
        try:
            instance = loaded if isinstance(loaded, Absent) else self.instantiate(loaded)
        except (zcwasm.Error, RuntimeError) as error:
            raise Failed(f"{command['filename']}: {error!r}") from None
        self.set_current(command, instance)
        return instance if isinstance(instance, Absent) else None

    def module_definition(self, command: dict[str, Any]) -> Absent | None:
        loaded = self.load(command)
        self.definitions[command.get("name", "")] = loaded
        return loaded if isinstance(loaded, Absent) else None

    def module_instance(self, command: dict[str, Any]) -> Absent | None:
        definition = self.definitions[command.get("module", "")]
        instance = definition if isinstance(definition, Absent) else self.instantiate(definition)
        self.set_current({"name": command["instance"]}, instance)
        return instance if isinstance(instance, Absent) else None

    def register(self, command: dict[str, Any]) -> Absent | None:
        instance = self.named[command["name"]] if "name" in command else self.current
        self.registered[command["as"]] = instance
        return instance if isinstance(instance, Absent) else None

    def refused(self, command: dict[str, Any]) -> Absent | None:
        loaded = self.load(command)  # which fails for a module that is accepted and must not be
        in_text = not command.get("binary_filename", command["filename"]).endswith(".wasm")
        return loaded if in_text and isinstance(loaded, Absent) else None

    assert_invalid = refused
    assert_malformed = refused

    def assert_unlinkable(self, command: dict[str, Any]) -> Absent | None:
        loaded = self.load(command)
        if isinstance(loaded, Absent):
            return loaded
        try:
            instance = self.instantiate(loaded)
        except zcwasm.LinkError as error:
            if ("missing" in str(error)) != (command["text"] == "unknown import"):
                raise Failed(f"{command['text']!r} is expected, not {error}") from None
            return None
        except zcwasm.Trap as error:
            raise Failed(f"LinkError is expected, not {error!r}") from None
        if isinstance(instance, Absent):
            return instance
        raise Failed(f"{command['filename']} is linked, expected: {command['text']}")

    def assert_uninstantiable(self, command: dict[str, Any]) -> Absent | None:
        loaded = self.load(command)
        if isinstance(loaded, Absent):
            return loaded
        try:
            instance = self.instantiate(loaded)
        except zcwasm.Trap as error:
            self.check_trap(command, error)
            return None
        except zcwasm.LinkError as error:
            raise Failed(f"Trap is expected, not {error!r}") from None
        if isinstance(instance, Absent):
            return instance
        raise Failed(f"{command['filename']} is instantiated, expected: {command['text']}")

    # Actions

    def act(self, action: dict[str, Any], expected: Iterable[dict[str, Any]] = ()) -> list[Any] | Absent:
        instance = self.named[action["module"]] if "module" in action else self.current
        if isinstance(instance, Absent):
            return instance
        if not {value["type"] for value in (*action.get("args", ()), *expected)} <= NUMBERS:
            self.skipped_calls = True
            return Absent(NO_NUMBERS)
        export = instance.exports[action["field"]]
        if action["type"] == "get":
            return [export.value]
        try:
            result = export(*(to_python(value) for value in action["args"]))
        except TypeError as error:
            if NO_VALUES in str(error):
                self.skipped_calls = True
                return Absent(NO_NUMBERS)
            raise
        return list(result) if isinstance(result, tuple) else [] if result is None else [result]

    def action(self, command: dict[str, Any]) -> Absent | None:
        try:
            results = self.act(command["action"])
        except zcwasm.Error as error:
            raise Failed(repr(error)) from None
        return results if isinstance(results, Absent) else None

    def assert_return(self, command: dict[str, Any]) -> Absent | None:
        action, expected = command["action"], command["expected"]
        try:
            results = self.act(action, expected)
        except zcwasm.Error as error:
            raise Failed(f"{action['field']}: {error!r}") from None
        if isinstance(results, Absent):
            return results
        if len(results) != len(expected) or not all(map(matches, results, expected)):
            raise Failed(f"{action['field']}({action.get('args', '')}): {expected} expected, not {results}")
        return None

    def check_trap(self, command: dict[str, Any], trap: zcwasm.Trap) -> None:
        message = str(trap).splitlines()[0]
        if not command["text"].startswith(message):
            raise Failed(f"{command['text']!r} is expected, not {message!r}")

    def assert_trap(self, command: dict[str, Any]) -> Absent | None:
        try:
            results = self.act(command["action"])
        except zcwasm.Trap as error:
            self.check_trap(command, error)
            return None
        if isinstance(results, Absent):
            return results
        raise Failed(f"{command['action']['field']}: {command['text']!r} expected, not {results}")

    assert_exhaustion = assert_trap


def load_scope(suite: Path) -> dict[str, str]:
    scope: dict[str, str] = json.loads((suite / "scope.json").read_text())
    return scope
