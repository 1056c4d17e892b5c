"""A call of add(i32, i32) from Python."""

from __future__ import annotations

import common

import zcwasm


def main() -> None:
    rounds = 10 if common.options().quick else 40
    add = zcwasm.Instance(zcwasm.Module(common.ADD)).exports.add
    assert add(2, -3) == -1
    contenders = {"zcwasm": common.repeat("add(1, 2)", add=add)}
    if runtime := common.wasm3_runtime(common.ADD):
        contenders["pywasm3"] = common.repeat("add(1, 2)", add=runtime.find_function("add"))
    if guest := common.wasmtime_guest(common.ADD):
        store, exports = guest
        contenders["wasmtime-py"] = common.repeat("add(store, 1, 2)", add=exports["add"], store=store)
    times = common.interleave(contenders, rounds=rounds, seconds=0.02)
    ours = times.pop("zcwasm")
    target = {"pywasm3": 1.0, "wasmtime-py": 100.0}
    common.report(common.compare("call add(i32, i32)", ours, times, target=target))


if __name__ == "__main__":
    main()
