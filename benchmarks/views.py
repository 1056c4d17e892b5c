"""A NumPy view of a 64 by 64 float32 matrix in guest memory."""

from __future__ import annotations

import common
import numpy as np

import zcwasm

SHAPE = (64, 64)
COUNT = 64 * 64


def main() -> None:
    rounds = 10 if common.options().quick else 30
    memory = zcwasm.Instance(zcwasm.Module(common.ADD)).memory
    names = {"shape": SHAPE, "dtype": np.float32, "count": COUNT, "frombuffer": np.frombuffer}
    contenders = {"zcwasm": common.repeat("memory.array(1024, shape, dtype)", memory=memory, **names)}
    if guest := common.wasmtime_guest(common.ADD):
        store, exports = guest
        contenders["wasmtime-py"] = common.repeat(
            "frombuffer(memory.get_buffer_ptr(store, 4 * count, 1024), dtype).reshape(shape)",
            memory=exports["memory"],
            store=store,
            **names,
        )
    if runtime := common.wasm3_runtime(common.ADD):
        contenders["pywasm3"] = common.repeat(
            "frombuffer(runtime.get_memory(0), dtype, count, 1024).reshape(shape)", runtime=runtime, **names
        )
    times = common.interleave(contenders, rounds=rounds, seconds=0.02)
    ours = times.pop("zcwasm")
    rows = [common.below("memory.array", ours.median, "s", 1e-6, best=ours.best)]
    common.report(rows + common.compare("memory.array", ours, times))


if __name__ == "__main__":
    main()
