"""What type checkers make of the public surface; nothing runs this file. CI's step types takes it as of
Python 3.10. An ignore that is not needed is an error there, so what is marked here is sure to be refused."""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from typing_extensions import Unpack, assert_type

import zcwasm
from zcwasm import assemblyscript, embed, llm


def buffers(memory: zcwasm.Memory, guest: zcwasm.Instance) -> None:
    assert_type(memoryview(memory)[0], int)
    np.frombuffer(memoryview(guest.memory), np.uint8)
    bytes(memory)
    memory.write(0, memory)
    zcwasm.Module(memory)
    zcwasm.Memory(1)
    array = np.zeros(3)
    memory.write(0, array)
    zcwasm.Instance(guest.module, inputs={"bytes": b"a", "array": array, "memory": memory})
    zcwasm.Memory("1")  # type: ignore[arg-type]


def snapshots(guest: zcwasm.Instance, weights: zcwasm.Weights, arrays: list[tuple[int, int]]) -> None:
    guest.snapshot("a", notes={"a": b"", "b": np.zeros(3)}, dead=arrays, compress="zstd", durable=False)
    guest.snapshot(io.BytesIO(), compress="gzip")  # type: ignore[arg-type]
    guest.snapshot(io.StringIO())  # type: ignore[arg-type]
    again = zcwasm.Instance.restore(guest.module, Path("a"), weights=weights, mapped=True)
    assert_type(again, zcwasm.Instance)
    assert_type(again.fork(3), list[zcwasm.Instance])
    assert_type(weights.sha256, str)
    assert_type(guest.module.sha256, str)
    assert_type(zcwasm.snapshot_info("a"), dict[str, Any])


def words(device: zcwasm.Device, kernel: zcwasm.Kernel) -> None:
    assert_type(device.kind, Literal["metal", "vulkan", "cpu"])
    zcwasm.Device(device.kind)
    zcwasm.Device("cuda")  # type: ignore[arg-type]
    kind: zcwasm.DeviceKind = "cpu"
    zcwasm.Device(kind, threads=2)
    device.compile(name="again", bindings=kernel.bindings, params=kernel.params, workgroup=64)
    device.compile(name="no", bindings=[("x", "written")], workgroup=64)  # type: ignore[list-item]
    device.scratch((3, 4))
    device.scratch(3, None)
    zcwasm.Global("i16", 1)  # type: ignore[arg-type]


def guest_memory(guest: zcwasm.Instance) -> None:
    array = guest.new((3, 4), np.int32, fill=1)
    assert_type(guest.exports.f(array), Any)
    assert_type(guest.call("f", array, 1, deadline=0.5), Any)
    guest.call("f", "text")  # type: ignore[arg-type]
    assert_type(guest.memory.pointer(array), int)
    assert_type(guest.memory.string(0, encoding="utf-16"), str)
    assert_type(guest.allocator, str | None)
    guest.free(guest.new_string("text"))
    guest.new_string(b"text")  # type: ignore[arg-type]

    @zcwasm.pass_instance
    def log(instance: zcwasm.Instance, ptr: int) -> int:
        return ptr

    log(guest, "1")  # type: ignore[arg-type]
    zcwasm.Instance(guest.module, imports={"env": {"log": log}})
    zcwasm.Instance(guest.module, imports=assemblyscript.imports(seed=1))
    assert_type(assemblyscript.string(guest, 8), str)
    guest.exports.f(assemblyscript.new_string(guest, "text"))


def errors() -> None:
    try:
        zcwasm.Instance(zcwasm.Module("guest.wasm")).close()
    except zcwasm.InUseError as error:
        as_buffer_error: BufferError = error
        raise as_buffer_error from None
    except zcwasm.ClosedError as error:
        as_value_error: ValueError = error
        raise as_value_error from None
    except zcwasm.Trap as trap:
        if trap.kind == "unreachable":
            raise
        if trap.kind == "unreachible":  # type: ignore[comparison-overlap]
            raise


def generation(model: llm.Model, **options: Unpack[llm.GenerateOptions]) -> None:
    with model.session(context=64, kv_dtype="f32") as session:
        assert_type(session, llm.Session)
        assert_type(session.generate("a", stop=None, special=True), Generator[llm.Token, None, None])
        messages = [{"role": "user", "content": "a"}]
        assert_type(session.chat(messages, temperature=1.0, top_k=5), Generator[llm.Token, None, None])
        session.chat(messages, **options)
        session.generate("a", **options)
        session.save("file", notes={"mine": b""}, durable=False)
        assert_type(model.load_session("file", recompute=True), llm.Session)
        assert_type(session.fork(2), list[llm.Session])
        assert_type(session.resume(max_new_tokens=1), Generator[llm.Token, None, None])
        assert_type(session.tokens, list[int])
        model.session(prefix_cache=llm.PrefixCache(None, bytes=1 << 20))
        warm = llm.Sampling(temperature=0.8, top_p=0.95)
        assert_type(warm.top_k, int | None)
        session.generate("a", sampling=warm, top_k=5, max_new_tokens=8)
        session.chat(messages, sampling=warm, min_p=None)
        session.generate("a", sampling=0.8)  # type: ignore[arg-type]
        session.generate("a", temperature="hot")  # type: ignore[arg-type]
        llm.Sampling(temprature=1.0)  # type: ignore[call-arg]
        session.chat(messages, temprature=1.0)  # type: ignore[call-arg]
        session.chat(messages, stop=5)  # type: ignore[arg-type]
        assert_type(session.usage.finish, Literal["stop", "length", "cancelled", "deadline"] | None)
    model.session(kv_dtype="f8")  # type: ignore[arg-type]
    with model.batcher(sequences=4, kv_dtype="f32") as batcher:
        assert_type(batcher, llm.Batcher)
        stream = batcher.submit("a", priority=1, deadline=2.0, temperature=1.0, logprobs=3, max_new_tokens=2)
        assert_type(stream, llm.Stream)
        assert_type(list(stream), list[llm.Token])
        assert_type(stream.result(), llm.Completion)
        assert_type(batcher.stats(), llm.BatcherStats)
        batcher.chat(messages, **options)
        batcher.submit("a", priority=1.5)  # type: ignore[arg-type]
        batcher.submit("a", temprature=1.0)  # type: ignore[call-arg]
    assert_type(list(model.generate_many(["a", [1, 2]], as_completed=True, seed=1)), list[llm.Completion])
    model.generate_many([messages], chat=True, progress=lambda done, total: None)
    model.generate_many(["a"], progress="yes")  # type: ignore[arg-type]
    model.detokenize(token.id for token in session.generate("a"))
    model.detokenize(["7"])  # type: ignore[list-item]


def embeddings(texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    with embed.Model.open("all-minilm-l6-v2") as model:
        return model.encode(texts)


def batches(device: zcwasm.Device, x: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    with device.batch() as batch:
        batch.fill(x, 1)
    assert_type(batch.submit(), zcwasm.Submission)
    batch.clear()
