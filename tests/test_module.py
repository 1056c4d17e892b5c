"""Module: loading, what it says of itself, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import guest_path, run_python

import zcwasm

EMPTY = b"\0asm\1\0\0\0"


def test_from_path_bytes_and_buffer() -> None:
    data = guest_path("basics").read_bytes()
    from_path = zcwasm.Module(guest_path("basics"))
    from_text = zcwasm.Module(str(guest_path("basics")))
    assert from_path.name == guest_path("basics")
    assert from_text.name == str(guest_path("basics"))
    changing = bytearray(data)
    from_buffer = zcwasm.Module(changing)
    changing[:] = bytes(len(data))  # the module has its own copy
    assert from_buffer.name is None
    for module in (from_path, from_text, zcwasm.Module(data), from_buffer, zcwasm.Module(memoryview(data))):
        assert module.size == len(data)
        assert [export.name for export in module.exports][:3] == ["memory", "table", "counter"]
        assert zcwasm.Instance(module, imports={"env": {"log": print, "pair": print}}).exports.add(2, 3) == 5


def test_copy_of_bytes_is_counted() -> None:
    before = zcwasm.copy_stats()["module_bytes"]
    zcwasm.Module(guest_path("basics"))
    assert zcwasm.copy_stats()["module_bytes"] == before
    zcwasm.Module(EMPTY)
    assert zcwasm.copy_stats()["module_bytes"] == before + len(EMPTY)


def test_imports_and_exports() -> None:
    module = zcwasm.Module(guest_path("basics"))
    log, pair = module.imports
    assert (log.module, log.name, log.kind, log.params, log.results) == ("env", "log", "func", ("i32",), ())
    assert pair.params == ("i32", "i64")
    assert pair.results == ("i64", "i32")
    exports = {export.name: export for export in module.exports}
    memory = exports["memory"]
    assert (memory.kind, memory.minimum, memory.maximum, memory.params) == ("memory", 2, 40, None)
    assert (exports["table"].kind, exports["table"].minimum) == ("table", 4)
    assert (exports["counter"].type, exports["counter"].mutable) == ("i32", True)
    assert (exports["answer"].type, exports["answer"].mutable) == ("i64", False)
    assert exports["many"].results == ("f64", "f32", "i64", "i32")
    assert exports["call log!"].kind == "func"
    imported = zcwasm.Module(guest_path("imports")).imports
    assert [entry.kind for entry in imported] == ["memory", "global", "global", "func"]
    assert (imported[0].minimum, imported[0].maximum) == (1, 100)
    assert "basics.wasm" in repr(module)
    assert repr(zcwasm.Module(EMPTY)) == "<zcwasm.Module from bytes: 0 functions, 0 imports, 0 exports>"


@pytest.mark.parametrize(
    ("data", "kind", "offset", "text"),
    [
        (b"", "malformed", 0, "magic"),
        (b"\0as", "malformed", None, "magic"),
        (b"hello, this is text\n", "malformed", 0, "magic header not detected"),
        (b"(module)", "malformed", 0, "text (.wat) has to be assembled first"),
        (b"\0asm\2\0\0\0", "malformed", 4, "version"),
        (EMPTY + b"\x01\x05\x01\x60", "malformed", None, ""),
        (EMPTY + b"\x01\x04\x01\x60\x01\x7f", "malformed", None, ""),
        (EMPTY + b"\x01\x05\x01\x60\x01\x7b\x00", "unsupported", None, "SIMD"),
        (EMPTY + b"\x03\x02\x01\x00", "invalid", None, "type"),
    ],
    ids=["empty", "short", "text", "as text", "version", "truncated", "section end", "simd", "type index"],
)
@pytest.mark.usefixtures("interpreter_only")
def test_refused(data: bytes, kind: str, offset: int | None, text: str) -> None:
    with pytest.raises(zcwasm.CompileError) as caught:
        zcwasm.Module(data)
    assert text.lower() in str(caught.value).lower()
    assert caught.value.offset is not None
    if offset is not None:
        assert caught.value.offset == offset
    assert caught.value.kind == kind
    assert isinstance(caught.value, zcwasm.Error)
    assert not zcwasm.Module.validate(data)


def code(instructions: bytes) -> bytes:
    """A module whose one function, () -> (), has these instructions; they may be wrong."""
    body = b"\0" + instructions + b"\x0b"
    sections = b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\7\5\1\1f\0\0"
    return EMPTY + sections + b"\x0a" + bytes([len(body) + 2, 1, len(body)]) + body


# What the validator calls a feature: a module that needs it, and of what its error must say how to avoid it.
LATER_FEATURES = {
    "SIMD": (EMPTY + b"\1\5\1\x60\1\x7b\0", "-mno-simd128"),
    "threads": (EMPTY + b"\5\4\1\3\1\1", "-pthread"),
    "reference types": (EMPTY + b"\1\5\1\x60\1\x6f\0", "-mno-reference-types"),
    "exception handling": (EMPTY + b"\x0d\3\1\0\0", "-fno-exceptions"),
    "tail calls": (code(b"\x12\0"), "-mno-tail-call"),
    "extended constant expressions": (
        EMPTY + b"\6\x09\1\x7f\0\x41\1\x41\1\x6a\x0b",
        "-mno-extended-const",
    ),
    "wide arithmetic": (code(b"\xfc\x13"), "-mno-wide-arithmetic"),
    "multiple memories": (EMPTY + b"\5\5\2\0\1\0\1", "-mno-multimemory"),
    "memory64 (64-bit addresses)": (EMPTY + b"\5\3\1\4\1", "wasm32, not wasm64"),
    "custom page sizes": (EMPTY + b"\5\4\1\x08\1\0", "--page-size"),
    "memory control": (code(b"\xfc\x12\0"), "memory.discard"),
    "typed function references": (code(b"\x14\0"), "garbage collection"),
    "garbage collection": (EMPTY + b"\1\4\1\x5f\0\0", "Kotlin"),
    "stack switching": (code(b"\xe0\0"), "--asyncify"),
    "compact import sections": (EMPTY + b"\2\5\1\0\0\x7f\0", "one by one"),
    "the component model": (b"\0asm\x0d\0\1\0", "wasm32-wasip1"),
}


@pytest.mark.usefixtures("interpreter_only")
@pytest.mark.parametrize("feature", LATER_FEATURES)
def test_later_feature_and_the_flag_against_it(feature: str) -> None:
    data, flag = LATER_FEATURES[feature]
    with pytest.raises(zcwasm.CompileError) as caught:
        zcwasm.Module(data)
    assert caught.value.kind == "unsupported"
    message, _, advice = str(caught.value).partition(" (without it: ")
    assert re.search(f'needs an unsupported feature: {re.escape(feature)}( in function 0 "f")?$', message)
    assert flag in advice
    assert advice.endswith(")")


def test_every_feature_of_the_table_is_tried() -> None:
    table = Path(__file__).resolve().parent.parent / "csrc" / "validate" / "zc_validate_features.def"
    names = re.findall(r'^ZC_FEATURE\(\w+, "([^"]+)"', table.read_text("utf-8"), re.MULTILINE)
    assert sorted(names) == sorted(LATER_FEATURES)


def test_every_truncation_is_refused() -> None:
    data = guest_path("basics").read_bytes()
    boundaries = {8}
    at = 8
    while at < len(data):
        size = shift = 0
        while True:
            at += 1
            size |= (data[at] & 0x7F) << shift
            shift += 7
            if data[at] < 0x80:
                break
        at += 1 + size
        boundaries.add(at)
    accepted = {size for size in range(len(data) + 1) if zcwasm.Module.validate(data[:size])}
    # A prefix that ends between two sections can be a module of its own.
    assert accepted <= boundaries
    assert len(data) in accepted


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.wasm"):
        zcwasm.Module(tmp_path / "missing.wasm")
    with pytest.raises(IsADirectoryError):
        zcwasm.Module(tmp_path)
    empty = tmp_path / "empty.wasm"
    empty.touch()
    with pytest.raises(zcwasm.CompileError):
        zcwasm.Module(empty)
    with pytest.raises(ValueError, match="null"):
        zcwasm.Module("a\0b.wasm")


def test_wrong_types() -> None:
    for value in (None, 5, 1.5, ["guest.wasm"]):
        with pytest.raises(TypeError, match=r"path or as bytes"):
            zcwasm.Module(value)  # type: ignore[arg-type]


def test_the_module_says_that_it_needs_the_gil() -> None:
    """A free-threaded interpreter reads this when it imports the module, and turns the GIL on."""
    source = """
        import sys, warnings
        warnings.simplefilter("ignore")
        import zcwasm
        print(getattr(sys, "_is_gil_enabled", lambda: True)())
    """
    assert run_python(source) == "True\n"
