"""Guest code on each engine: the compiler (`zcwasm[jit]`) beside the interpreter, and beside wasmtime-py.

wasmtime-py is configured alike (epochs, no signals: what zcwasm needs for deadlines and interrupts), and by
default, which has neither."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import common

import zcwasm

ROOT = Path(__file__).parent.parent
FORMS = ("filter", "filter_simd")  # of one source
LOOPS = (Path(__file__).parent.parent / "tests" / "guests" / "loops.wasm").read_bytes()
DEMO = (files("zcwasm") / "guests" / "demo.wasm").read_bytes()
# Primes below n, by a byte each; a product of two matrices of n x n float32, which lie one behind the other.
TEXT = """(module (memory (export "memory") 64)
    (func (export "sieve") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $primes i32)
        (memory.fill (i32.const 0) (i32.const 1) (local.get $n))
        (local.set $i (i32.const 2))
        (loop $next
            (if (i32.load8_u (local.get $i)) (then
                (local.set $primes (i32.add (local.get $primes) (i32.const 1)))
                (local.set $j (i32.shl (local.get $i) (i32.const 1)))
                (block $done (loop $strike
                    (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
                    (i32.store8 (local.get $j) (i32.const 0))
                    (local.set $j (i32.add (local.get $j) (local.get $i)))
                    (br $strike)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $primes))
    (func (export "matmul") (param $n i32) (result i32)
        (local $row i32) (local $i i32) (local $k i32) (local $j i32) (local $x f32)
        (local $b i32) (local $c i32)
        (local.set $row (i32.shl (local.get $n) (i32.const 2)))
        (loop $rows
            (local.set $k (i32.const 0))
            (loop $columns
                (local.set $x (f32.load (i32.add (i32.mul (local.get $i) (local.get $row))
                    (i32.shl (local.get $k) (i32.const 2)))))
                (local.set $b (i32.mul (i32.add (local.get $n) (local.get $k)) (local.get $row)))
                (local.set $c (i32.mul (i32.add (i32.shl (local.get $n) (i32.const 1)) (local.get $i))
                    (local.get $row)))
                (local.set $j (local.get $n))
                (loop $add
                    (f32.store (local.get $c) (f32.add (f32.load (local.get $c))
                        (f32.mul (local.get $x) (f32.load (local.get $b)))))
                    (local.set $b (i32.add (local.get $b) (i32.const 4)))
                    (local.set $c (i32.add (local.get $c) (i32.const 4)))
                    (br_if $add (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
                (local.set $k (i32.add (local.get $k) (i32.const 1)))
                (br_if $columns (i32.lt_u (local.get $k) (local.get $n))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $rows (i32.lt_u (local.get $i) (local.get $n))))
        (i32.const 0)))"""
# Of each module: its exports, with their argument.
CALLS = {
    "loops": {"fib": 24, "fill": 1 << 18, "dot": 1 << 18},
    "text": {"sieve": 1 << 20, "matmul": 128},
    "demo": {"fill": 1024},
    "add": {"add": 1},
}
TARGET = {"interpreter": 3.0, "wasmtime-py, alike": 1 / 1.2}


def peer(wasmtime: Any, code: bytes, *, alike: bool) -> tuple[Any, Any]:
    """A store and the exports of an instance of wasmtime-py."""
    config = wasmtime.Config()
    if alike:
        config.epoch_interruption = True
        config.signals_based_traps = False
        config.memory_init_cow = False
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    if alike:
        store.set_epoch_deadline(1 << 40)
    return store, wasmtime.Instance(store, wasmtime.Module(engine, code), []).exports(store)


def main() -> None:
    quick = common.options().quick
    here = {engine.name: engine.available for engine in zcwasm.engines()}
    if not here["wasmtime"]:
        common.report([])
        return
    import wasmtime

    codes = {"loops": LOOPS, "text": bytes(wasmtime.wat2wasm(TEXT)), "demo": DEMO, "add": common.ADD}
    rows = []
    for name, code in codes.items():
        module = zcwasm.Module(code)
        compiled = zcwasm.Instance(module, engine="wasmtime").exports
        interpreted = zcwasm.Instance(module, engine="wasm3").exports
        alike, free = (peer(wasmtime, code, alike=each) for each in (True, False))
        if name == "demo":
            for each in (compiled, interpreted):
                each.setup(1024)
            for store, exports in (alike, free):
                exports["setup"](store, 1024)
        for export, n in CALLS[name].items():
            arguments = (n, 2) if export == "add" else (n,)
            contenders = {
                "zcwasm": common.repeat("call(*n)", call=compiled[export], n=arguments),
                "interpreter": common.repeat("call(*n)", call=interpreted[export], n=arguments),
            }
            for title, (store, exports) in {"alike": alike, "by default": free}.items():
                contenders[f"wasmtime-py, {title}"] = common.repeat(
                    "call(store, *n)", call=exports[export], store=store, n=arguments
                )
            results = [call[export](*arguments) for call in (compiled, interpreted)]
            results += [exports[export](store, *arguments) for store, exports in (alike, free)]
            assert len(set(results)) == 1, results
            times = common.interleave(contenders, rounds=5 if quick else 15, seconds=0.05)
            ours = times.pop("zcwasm")
            is_call = export == "add"
            rows += common.compare(
                "a call of add" if is_call else f"compiled code: {name}'s {export}({n})",
                ours,
                times,
                target={"interpreter": 1.0} if is_call else TARGET,
            )
    common.report(rows + forms(quick))


def forms(quick: bool) -> list[common.Row]:
    """A guest with SIMD beside the same one without."""
    modules = {form: zcwasm.Module(ROOT / "examples" / f"{form}.wasm") for form in FORMS}
    guests = {
        "with SIMD": zcwasm.Instance(modules["filter_simd"], engine="wasmtime"),
        "without SIMD": zcwasm.Instance(modules["filter"], engine="wasmtime"),
        "interpreter": zcwasm.Instance(modules["filter"], engine="wasm3"),
    }
    rows: list[common.Row] = []
    for export in ("filter", "energy"):
        n, results = 1 << 16, set()
        for guest in guests.values():
            guest.memory.array(guest.exports.input_at(), n, "<f4")[:] = range(n)
            results.add(guest.exports[export](n))
        assert len(results) == 1, results
        contenders = {
            name: common.repeat("call(n)", call=guest.exports[export], n=n) for name, guest in guests.items()
        }
        times = common.interleave(contenders, rounds=5 if quick else 15, seconds=0.05)
        ours = times.pop("with SIMD")
        rows += common.compare(f"compiled code with SIMD: {export}({n})", ours, times, target={})
    return rows


if __name__ == "__main__":
    main()
