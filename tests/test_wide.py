"""Modules for an engine with more features: tests/c/test_wide.c prints what the validator says of them."""

from __future__ import annotations

import os
from pathlib import Path

import c_programs
import pytest
from c_programs import sources

wasmtime = pytest.importorskip("wasmtime", reason="wasmtime, which assembles text, is not installed")

# Text, and the features that the module needs; the engine wasmtime has all of them.
ACCEPTED = {
    "1.0": ('(memory 1) (func (export "f") (drop (i32.load (i32.const 0))))', ""),
    "simd": ("(func (result v128) (v128.const i64x2 1 2))", "SIMD;"),
    "simd lanes": (
        "(memory 1) (func (param v128) (result v128) (v128.load8_lane 3 (i32.const 0) (local.get 0)) "
        "(i8x16.extract_lane_u 3) (i8x16.splat) (local.get 0) "
        "(i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31))",
        "SIMD;",
    ),
    "simd global": ("(global v128 (v128.const i64x2 1 2))", "SIMD;"),
    "simd local": ("(func (local v128))", "SIMD;"),
    "references": ('(table 1 externref) (func (export "f") (param externref))', "reference types;"),
    "reference instructions": (
        "(table 2 funcref) (elem declare func $f) (func $f (table.set (i32.const 0) (ref.func $f)) "
        "(drop (table.grow (ref.null func) (i32.const 1))) (drop (ref.is_null (table.get (i32.const 1)))) "
        "(drop (select (result funcref) (ref.null func) (ref.func $f) (i32.const 0))))",
        "reference types;",
    ),
    "second table": (
        "(table 1 funcref) (table 1 funcref) (elem (table 1) (i32.const 0) func)",
        "reference types;",
    ),
    "second table called": (
        "(table 1 funcref) (table 1 funcref) (type $t (func)) "
        "(func (call_indirect 1 (type $t) (i32.const 0)))",
        "reference types;",
    ),
    "elements": ("(table 1 funcref) (elem (i32.const 0) funcref (ref.null func))", "reference types;"),
    "tail calls": ("(func $f (return_call $f))", "tail calls;"),
    "indirect tail calls": (
        "(table 1 funcref) (type $t (func)) (func (return_call_indirect (type $t) (i32.const 0)))",
        "tail calls;",
    ),
    "constants": (
        '(import "a" "g" (global $g i32)) (global i32 (i32.add (global.get $g) (i32.const 1)))',
        "extended constant expressions;",
    ),
    "exceptions": (
        '(tag $e (export "e") (param i32)) (func (result i32) '
        "(block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 1))) (i32.const 0)))",
        "exception handling;",
    ),
    "several": (
        "(table 1 externref) (func $f (local v128) (drop (i32x4.add (local.get 0) (local.get 0))) "
        "(return_call $f))",
        "SIMD; reference types; tail calls;",
    ),
}
# What no engine has here, by its name.
REFUSED = {
    "threads": ("(memory 1 1 shared)", "threads"),
    "atomics": ("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", "threads"),
    "atomics beside": (
        "(memory 1) (func (local v128)) (func (drop (i32.atomic.load (i32.const 0))))",
        "threads",
    ),
    "memory64": ("(memory i64 1)", "memory64"),
    "memory64 beside": ('(import "a" "v" (func (param v128))) (memory i64 1)', "memory64"),
    "second memory": ("(memory 1) (memory 1)", "multiple memories"),
    "second memory beside": (
        '(import "a" "v" (func (param v128))) (memory 1) (memory 1)',
        "multiple memories",
    ),
    "collector": (
        "(type (struct)) (type (func (param i32 i32))) (func (drop (struct.new 0)))",
        "garbage collection",
    ),
    "function references": (
        "(type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))",
        "typed function",
    ),
    "page sizes": ("(memory 1 (pagesize 1))", "custom page sizes"),
    "wide arithmetic": (
        "(func (local v128)) (func (drop (drop (i64.mul_wide_s (i64.const 0) (i64.const 1)))))",
        "wide arithmetic",
    ),
    "tag import": ('(import "a" "e" (tag))', "the import of an exception's tag is not supported"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = sources.in_folders("base", "validate")
    sanitize = os.environ.get("ZCWASM_SANITIZE") or None
    return c_programs.build("test_wide", tmp_path_factory.mktemp("wide"), files, sanitize=sanitize)


def described(program: Path, folder: Path, text: str) -> str:
    (folder / "module.wasm").write_bytes(wasmtime.wat2wasm(f"(module {text})"))
    return c_programs.run(program, folder / "module.wasm").strip()


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(program: Path, tmp_path: Path, name: str) -> None:
    text, needs = ACCEPTED[name]
    narrow, wide, rest = described(program, tmp_path, text).split(" ", 2)
    assert (narrow, wide) == ("ZC_UNSUPPORTED" if needs else "ZC_OK", "ZC_OK")
    assert rest.partition(":")[2].strip() == needs
    assert f"tables {text.count('(table ') - text.count('(elem (table')} " in rest
    assert f"tags {text.count('(tag')} exports {text.count('(export')}:" in rest


@pytest.mark.parametrize("name", REFUSED)
def test_refused(program: Path, tmp_path: Path, name: str) -> None:
    text, feature = REFUSED[name]
    narrow, wide, message = described(program, tmp_path, text).split(" ", 2)
    assert (narrow, wide) == ("ZC_UNSUPPORTED", "ZC_UNSUPPORTED")
    assert feature in message
    assert "the engine wasmtime" not in message
