"""The command line: demo, devices, inspect, run, generate, chat, serve, bench, selftest. Each command is one
function that prints and returns the exit code: 0; 1 when what was asked for failed, with one line on stderr;
2 when the arguments make no sense."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import zcwasm
from zcwasm import (
    _bench,
    _chat_command,
    _demo,
    _generate,
    _inspect_model,
    _selftest,
    _serve_command,
    _snapshot,
)
from zcwasm._inspect_model import shown
from zcwasm._types import DeviceKind

SUMMARY = "WebAssembly guests whose memory is GPU memory."
KINDS = get_args(DeviceKind)


class Usage(Exception):
    """Arguments that make no sense: what is wrong, and what would be right. Exit code 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    open_streams()
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")  # with the command's own usage
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        drop_stdout()  # nobody reads on
    except Usage as error:
        complain(options, str(error))
        return 2
    except zcwasm.Trap as trap:
        complain(options, f"trap: {str(trap).splitlines()[0]}")
        for name in trap.backtrace:
            print(f"  in {name}", file=sys.stderr)
    except zcwasm.CompileError as error:
        at = "" if error.offset is None else f", at byte {error.offset}"
        complain(options, f"{options.file}: {error}{at}")
    except (zcwasm.Error, OSError, ValueError, OverflowError, MemoryError, ModuleNotFoundError) as error:
        complain(options, str(error) or type(error).__name__)
        if isinstance(error, OSError):
            drop_stdout()  # where that is what failed: Python flushes it once more at its end
    except KeyboardInterrupt:
        return 130
    return 1


def complain(options: argparse.Namespace, message: str) -> None:
    """On stderr."""
    first, *more = message.strip().splitlines()
    print("\n".join([f"zcwasm {options.name}: {first}", *more]), file=sys.stderr)


def open_streams() -> None:
    """A standard stream that was closed before the start (`>&-`) drops what it is given, and no file that is
    opened later gets its descriptor."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))


def drop_stdout() -> None:
    """What stdout cannot take is dropped, without a word at exit. A stdout that works stays as it is."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except ValueError:  # closed
        pass


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zcwasm", description="WebAssembly guests whose memory is GPU memory."
    )
    parser.add_argument("--version", action="version", version=f"zcwasm {zcwasm.__version__}")
    parser.set_defaults(command=lambda options: show_help(parser, "COMMAND"), parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(command: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        name = command.__name__
        child = commands.add_parser(name, help=summary, description=summary)
        child.set_defaults(command=command, name=name, parser=child)
        return child

    child = add(demo, "Show that guest, device and NumPy share one memory: fill, multiply in place, verify.")
    child.add_argument(
        "--size", type=whole("size", 1, _demo.LARGEST_SIZE), default=1024, help="rows of the matrices (1024)"
    )
    add_device(child)
    add_json(child)

    child = add(devices, "List the devices and engines that are here, and why others are not.")
    add_json(child)

    child = add(
        inspect,
        "Show what a module imports, exports and consists of; what a snapshot was taken of and holds; or "
        "what a model is, and whether it can be run here.",
    )
    child.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a .wasm file, a snapshot, a GGUF or safetensors file, or a model's folder",
    )
    child.add_argument(
        "--context",
        type=whole("context", 1, 2**31 - 1),
        help="of a language model: for how many tokens memory is estimated (its own, at most 4096)",
    )
    add_json(child)

    child = add(run, "Run a WASI program, or call an exported function and print its results, one per line.")
    add_limits(child)
    add_engine(child)
    child.add_argument(
        "--dir",
        action="append",
        default=[],
        metavar="HOST[::GUEST]",
        help="a directory that a WASI program may read",
    )
    child.add_argument(
        "--writable-dir", action="append", default=[], metavar="HOST[::GUEST]", help="and one it may change"
    )
    child.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a variable of its environment; without a value this process's own, if it is set",
    )
    child.add_argument("file", metavar="FILE", nargs="?", help="a .wasm file; of imports it may need WASI's")
    child.add_argument(
        "rest",
        metavar="...",
        nargs=argparse.REMAINDER,
        help="of a WASI program, which exports _start, its arguments; else FUNCTION and numbers, integers "
        "also as 0x…, after -- anything",
    )

    child = add(generate, "Let a language model go on with a prompt, or answer it, streaming to stdout.")
    _generate.add_arguments(child, whole)
    add_device(child)

    child = add(chat, "Talk with a language model in the terminal.")
    _chat_command.add_arguments(child, whole)
    add_device(child)

    child = add(serve, "Serve models over HTTP with OpenAI's interface, until SIGTERM or Ctrl-C.")
    _serve_command.add_arguments(child, whole, seconds, size_in_bytes)
    add_device(child)

    child = add(bench, "Time calls, views, dispatches and kernels on this machine, in a few seconds.")
    add_device(child)
    add_json(child)

    child = add(selftest, "Check every device here and print a short report, to paste into an issue.")
    child.add_argument("--no-costs", action="store_true", help="only whether all holds, not what it costs")
    return parser


def show_help(parser: argparse.ArgumentParser, missing: str) -> int:
    """In place of a usage error, where the first thing that is needed is missing."""
    parser.print_help(sys.stderr)
    print(f"\n{parser.prog}: {missing} is missing", file=sys.stderr)
    return 2


def add_limits(child: argparse.ArgumentParser) -> None:
    child.add_argument("--fuel", type=whole("fuel", 0), help="how much the guest may compute")
    child.add_argument("--deadline", type=seconds, metavar="SECONDS", help="how long the call may take")
    child.add_argument(
        "--memory",
        type=size_in_bytes,
        metavar="BYTES",
        help="what its memory may grow to: 65536, 64K, 1G",
    )


def add_engine(child: argparse.ArgumentParser) -> None:
    child.add_argument(
        "--engine",
        choices=("wasm3", "wasmtime", "auto"),
        help="what runs the guest (default: $ZCWASM_ENGINE, or wasm3), see zcwasm devices",
    )


def add_device(child: argparse.ArgumentParser) -> None:
    child.add_argument("--device", choices=KINDS, help="default: the best one here, see zcwasm devices")
    child.add_argument(
        "--threads", type=whole("threads", 1, 2**31 - 1), default=0, help="for cpu (default: all)"
    )


def add_json(child: argparse.ArgumentParser) -> None:
    child.add_argument("--json", action="store_true", help="print JSON instead of text")


# --- argument types ---


def whole(name: str, least: int, most: int = 2**63 - 1) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{name} is {value}, but may be {least} to {most}")
        return value

    return parse


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a time above 0")
    return value


def size_in_bytes(text: str) -> int:
    shift = {"K": 10, "M": 20, "G": 30}.get(text[-1:].upper(), 0)
    return whole("memory", 0)(text[:-1] if shift else text) << shift


# --- commands ---


def demo(options: argparse.Namespace) -> int:
    result = _demo.run(options.size, options.device, options.threads)
    print(json.dumps(result, indent=2) if options.json else _demo.table(result))
    return 0 if result["holds"] else 1


def devices(options: argparse.Namespace) -> int:
    found = zcwasm.devices()
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    for info in found:
        about = info["name"] if info["available"] else f"not here: {info['reason']}"
        details = []
        if info["available"]:
            if info["threads"]:
                details.append(f"{info['threads']} threads")
            details.append("unified memory" if info["unified_memory"] else "memory of its own")
            if info["software"]:
                details.append("software")
        print(f"{info['kind']:<8}{about}" + (f" ({', '.join(details)})" if details else ""))
    for engine in zcwasm.engines():
        about = f"not here: {engine.reason}"
        if engine.available:
            about = f"{engine.name} {engine.version}" if engine.version else engine.name
        print(f"{'engine':<8}{about}")
    return 0


def bench(options: argparse.Namespace) -> int:
    result = _bench.run(options.device, options.threads)
    print(json.dumps(result, indent=2) if options.json else _bench.table(result))
    return 0


def generate(options: argparse.Namespace) -> int:
    return _generate.run(options, zcwasm.Device(options.device, threads=options.threads))


def chat(options: argparse.Namespace) -> int:
    return _chat_command.run(options, zcwasm.Device(options.device, threads=options.threads))


def serve(options: argparse.Namespace) -> int:
    return _serve_command.run(options, zcwasm.Device(options.device, threads=options.threads))


def selftest(options: argparse.Namespace) -> int:
    return 0 if _selftest.run(with_costs=not options.no_costs) else 1


def inspect(options: argparse.Namespace) -> int:
    if options.file is None:
        return show_help(options.parser, "FILE")
    if _inspect_model.is_model(options.file):
        return inspect_model(options)
    if options.context is not None:
        raise Usage("--context is for models")
    if _snapshot.is_snapshot(options.file):
        return inspect_snapshot(options)
    module = zcwasm.Module(options.file)
    sections = list(read_sections(Path(options.file).read_bytes()))
    if options.json:
        result = {
            "file": options.file,
            "size": module.size,
            "imports": [describe(entry) for entry in module.imports],
            "exports": [describe(entry) for entry in module.exports],
            "sections": [{"name": name, "size": size} for name, size in sections],
            "features": list(module.features),
            "engines": runs_on(module),
        }
        print(json.dumps(result, indent=2))
        return 0
    print(f"{options.file}: {module.size:,} bytes, valid")
    print(f"engines here that run it: {', '.join(runs_on(module))}")
    if module.features:
        print(f"features that wasm3 does not have: {', '.join(module.features)}")
    print("imports" if module.imports else "no imports")
    for entry in module.imports:
        print(f"  {entry.module}.{type_of(entry)}")
    print("exports" if module.exports else "no exports")
    for exported in module.exports:
        print(f"  {type_of(exported)}")
    print("sections")
    for name, size in sections:
        print(f"  {name:<24}{size:>12,} bytes")
    return 0


def inspect_model(options: argparse.Namespace) -> int:
    """1 when it cannot be run."""
    found = _inspect_model.look(options.file, options.context)
    print(json.dumps(found, indent=2) if options.json else "\n".join(_inspect_model.lines(found)))
    return 1 if found["refused"] else 0


def runs_on(module: zcwasm.Module) -> list[str]:
    """The engines here that have what the module needs."""
    here = (engine for engine in zcwasm.engines() if engine.available)
    return [engine.name for engine in here if set(module.features) <= set(engine.features)]


def inspect_snapshot(options: argparse.Namespace) -> int:
    """1 when it is damaged. What notes hold is not printed: it may be a secret."""
    info = zcwasm.snapshot_info(options.file)
    size = os.path.getsize(options.file)
    if options.json:
        notes = {name: {"size": len(data)} for name, data in info.pop("notes").items()}
        sections = [{"name": name, "size": length} for name, length in info.pop("sections")]
        print(
            json.dumps(
                {"file": options.file, "size": size, **info, "notes": notes, "sections": sections}, indent=2
            )
        )
        return 1 if info["damaged"] else 0
    if info["damaged"]:
        print(f"{options.file}: {size:,} bytes, a damaged snapshot: {shown(info['damaged'])}")
    else:
        print(f"{options.file}: {size:,} bytes, a snapshot")
    for name, value in snapshot_rows(info):
        print(f"  {name:<12}{value}")
    print("sections")
    for name, length in info["sections"]:
        print(f"  {name:<24}{length:>12,} bytes")
    return 1 if info["damaged"] else 0


def snapshot_rows(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if info["module"]:
        yield "module", f"{shown(info['module']['name'] or 'from bytes')}, SHA-256 {info['module']['sha256']}"
        if info["weights"]:
            yield "weights", f"{shown(info['weights']['name'])}, SHA-256 {info['weights']['sha256']}"
        for name, each in info["inputs"].items():
            yield "input", f"{name!r}, {each['size']:,} bytes, SHA-256 {each['sha256']}"
        yield "device", shown(info["device"] or "none")
        version, engine, unit = (shown(info[name]) for name in ("version", "engine", "fuel_unit"))
        yield "made by", f"zcwasm {version}, engine {engine}, fuel in {unit}"
    if not info["damaged"]:
        codec = f", {info['compress']}" if info["compress"] else ""
        yield "memory", f"{info['memory']:,} bytes, of which {info['stored']:,} are stored{codec}"


def type_of(entry: zcwasm.ImportType | zcwasm.ExportType) -> str:
    """An import's or export's type on one line."""
    if entry.kind == "func":
        results = ", ".join(entry.results or ())
        if len(entry.results or ()) != 1:
            results = f"({results})"
        return f"{entry.name}({', '.join(entry.params or ())}) -> {results}"
    if entry.kind == "global":
        return f"{entry.name}: global {'mutable ' if entry.mutable else ''}{entry.type}"
    if entry.kind == "tag":
        return f"{entry.name}: tag of an exception"
    s = "" if entry.minimum == 1 else "s"
    unit = f"page{s} of 64 KiB" if entry.kind == "memory" else f"element{s}"
    most = "no maximum" if entry.maximum is None else f"at most {entry.maximum}"
    return f"{entry.name}: {entry.kind}, {entry.minimum} {unit}, {most}"


def describe(entry: zcwasm.ImportType | zcwasm.ExportType) -> dict[str, Any]:
    names = ("module", "name", "kind", "params", "results", "minimum", "maximum", "type", "mutable")
    values = {name: getattr(entry, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


SECTIONS = (
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data count",
)


def read_sections(data: bytes) -> Iterator[tuple[str, int]]:
    """Name and size of the sections of a module that is known to be valid."""

    def number(at: int) -> tuple[int, int]:  # LEB128
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at += 1
            shift += 7
            if byte < 128:
                return value, at

    at = 8
    while at < len(data):
        name = SECTIONS[data[at]]
        size, start = number(at + 1)
        if name == "custom":
            length, text = number(start)
            name = f"custom {data[text : text + length].decode()!r}"
        yield name, size
        at = start + size


def run(options: argparse.Namespace) -> int:
    if options.file is None:
        return show_help(options.parser, "FILE")
    module = zcwasm.Module(options.file)
    functions = {entry.name: entry for entry in module.exports if entry.kind == "func"}
    arguments = options.rest[1:] if options.rest[:1] == ["--"] else options.rest
    program = "_start" in functions
    if not program:
        call = argparse.ArgumentParser(prog=f"zcwasm run {options.file}", epilog=listing(functions))
        call.formatter_class = argparse.RawDescriptionHelpFormatter
        call.add_argument("function", metavar="FUNCTION", nargs="?", help="the name of an exported function")
        call.add_argument("arguments", metavar="ARG", nargs="*", help="its arguments")
        add_limits(call)
        add_engine(call)
        call.parse_args(arguments, options)
        if options.function not in functions:
            wanted = options.function
            raise Usage(
                (
                    f"{options.file} is no program (it does not export _start): which function?"
                    if wanted is None
                    else f"{options.file} exports no function {wanted!r}"
                )
                + f"\n{listing(functions)}"
            )
    limits = zcwasm.Limits(memory=options.memory, fuel=options.fuel, deadline=options.deadline)
    wasi = zcwasm.Wasi(
        args=[Path(options.file).name, *(arguments if program else [])],
        env=dict(pair for text in options.env for pair in variable(text)),
        stdin="inherit",
        stdout="inherit",
        stderr="inherit",
        dirs=dict(directory(text) for text in options.dir),
        writable_dirs=dict(directory(text) for text in options.writable_dir),
    )
    try:
        if program:
            zcwasm.Instance(module, limits=limits, wasi=wasi, engine=options.engine).exports["_start"]()
            return 0
        return call_function(module, functions, options, limits, wasi)
    except zcwasm.Exit as end:
        return end.code if end.code < 256 else 1
    except zcwasm.LinkError as error:
        if all(entry.module.startswith("wasi_") for entry in module.imports):
            raise
        raise zcwasm.LinkError(
            f"{error}\nThis command grants WASI only; zcwasm.Instance gives a guest the rest, from Python."
        ) from None


def listing(functions: dict[str, zcwasm.ExportType]) -> str:
    if not functions:
        return "it exports no functions"
    return "\n".join(["it exports:", *(f"  {type_of(entry)}" for entry in functions.values())])


def variable(text: str) -> list[tuple[str, str]]:
    """What --env grants: none where it names a variable that is not set."""
    name, given, value = text.partition("=")
    if not given and name not in os.environ:
        return []
    return [(name, value if given else os.environ[name])]


def directory(text: str) -> tuple[str, str]:
    host, _, guest = text.partition("::")
    return guest or host, host


def call_function(
    module: zcwasm.Module,
    functions: dict[str, zcwasm.ExportType],
    options: argparse.Namespace,
    limits: zcwasm.Limits,
    wasi: zcwasm.Wasi,
) -> int:
    params = functions[options.function].params or ()
    if len(params) != len(options.arguments):
        raise ValueError(
            f"{type_of(functions[options.function])} takes {len(params)} argument"
            f"{'' if len(params) == 1 else 's'}, got {len(options.arguments)}"
        )
    values = [parse_argument(kind, text) for kind, text in zip(params, options.arguments, strict=True)]
    exports = zcwasm.Instance(module, limits=limits, wasi=wasi, engine=options.engine).exports
    if "_initialize" in functions and options.function != "_initialize":
        exports["_initialize"]()
    results = exports[options.function](*values)
    if results is not None:
        for value in results if isinstance(results, tuple) else (results,):
            print(value)
    return 0


def parse_argument(kind: str, text: str) -> float:
    try:
        return int(text, 0) if kind.startswith("i") else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number of type {kind}") from None
