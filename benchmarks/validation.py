"""How fast modules are validated and loaded: a synthetic one of about 10 MB."""

from __future__ import annotations

import common

import zcwasm

FUNCTIONS = 50_000


def number(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def section(identifier: int, content: bytes) -> bytes:
    return bytes([identifier]) + number(len(content)) + content


def synthetic(functions: int) -> bytes:
    """That many functions (i32, i32) -> i32, each with locals, a loop, a branch, loads, stores and a call."""
    step = bytes.fromhex("20002001280200 41d209 6c6a 2100 2001 20002002 1000 360200 200041e3004822030d00")
    body = bytes.fromhex("01027f 0340") + step * 5 + bytes.fromhex("0b 2003 20006a 0b")
    code = number(len(body)) + body
    return (
        bytes.fromhex("0061736d01000000")
        + section(1, bytes.fromhex("0160027f7f017f"))
        + section(3, number(functions) + b"\0" * functions)
        + section(5, bytes.fromhex("010001"))
        + section(10, number(functions) + code * functions)
    )


def main() -> None:
    data = synthetic(FUNCTIONS // 5 if common.options().quick else FUNCTIONS)
    size = len(data) / 1e6
    assert zcwasm.Module.validate(data)
    contenders = {
        "validate": common.repeat("validate(data)", validate=zcwasm.Module.validate, data=data),
        "load": common.repeat("load(data)", load=zcwasm.Module, data=data),
    }
    try:
        import wasmtime

        contenders["wasmtime-py"] = common.repeat(
            "validate(engine, data)", validate=wasmtime.Module.validate, engine=wasmtime.Engine(), data=data
        )
    except ImportError:
        pass
    times = common.interleave(contenders, rounds=5, seconds=0.05)
    ours, load = times.pop("validate"), times.pop("load")
    rows = common.compare(f"validation of {size:.0f} MB", ours, times, work=size, unit="MB/s")
    if not rows:
        rows = [common.Row(f"validation of {size:.0f} MB", size / ours.median, "MB/s")]
    rows.append(
        common.Row(
            f"loading of {size:.0f} MB (validate, parse)", size / load.median, "MB/s", best=size / load.best
        )
    )
    common.report(rows)


if __name__ == "__main__":
    main()
