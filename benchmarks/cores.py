"""Language models on the cpu device over 1 to N threads, beside llama.cpp with as many, and beside what the
machine can do: reading memory, and float32 products.

    python benchmarks/cores.py --cache FOLDER [--llama-bench PATH] [--models smollm2-135m 1b:q4_0]
        [--threads 1 2 4 8 16] [--context 16] [--prefill 512] [--rounds 3] [--output FILE]
    python benchmarks/cores.py --show FILE.json ...

ZCWASM_ISA=avx2 forces an instruction set on our side; llama-bench built with GGML_NATIVE=OFF and AVX2 on, or
with its other libggml-cpu-*.so put aside, does so on its side. The table names ours in every row.

Decoding is of greedy tokens after a short prompt, cache F16, flash attention on. Reading: the kernel `sum`
over as many bytes as a token reads of the model's weights, at least 256 MB, which no cache holds. The float
product: `matmul` of 512 x 2048 x 2048. "of need": decoding beside the target, which is 1.2 times llama.cpp,
or 85% of reading where that is less.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_bench
import numpy as np
import real_sizes
import run
from common import PAGE, three_digits

import zcwasm
from zcwasm.llm import Model

MODELS = ("smollm2-135m", "1b:q4_0", "1b:q4_1", "1b:q4_k_m", "1b:q8_0")
LEAST_READ = 256 << 20
PRODUCT = (512, 2048, 2048)
ABOVE_PEER, OF_READING = 1.2, 0.85


def median_rate(work: float, body: Any, rounds: int) -> float:
    body()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    return work / statistics.median(seconds)


def roofs(threads: int, size: int, rounds: int) -> tuple[float, float]:
    """Bytes/s of reading, floating-point operations/s of the product, with that many threads."""
    device = zcwasm.Device("cpu", threads=threads)
    lines = threads * 16
    count = max(size, LEAST_READ) // 4 // lines
    rows, depth, cols = PRODUCT
    memory = zcwasm.Memory(-(-4 * (lines * (count + 1) + rows * depth + depth * cols + rows * cols) // PAGE))
    x = memory.array(0, (lines, count), np.float32)
    x[:] = 1.0  # pages of its own, not the one of zeros
    at = x.nbytes
    out = memory.array(at, lines, np.float32)
    reading = median_rate(x.nbytes, lambda: device.sum(x, out=out), rounds)
    at += out.nbytes
    a, b, c = (
        memory.array(at + 4 * before, shape, np.float32)
        for before, shape in (
            (0, (rows, depth)),
            (rows * depth, (depth, cols)),
            ((rows + cols) * depth, (rows, cols)),
        )
    )
    a[:], b[:] = 1.0, 1.0
    product = median_rate(2.0 * rows * depth * cols, lambda: device.matmul(a, b, out=c), rounds)
    return reading, product


def ours(path: Path, threads: int, options: argparse.Namespace, rates: dict[str, list[float]]) -> int:
    """Adds half of the rounds' rates; gives the bytes of weights that a token reads."""
    with Model.open(path, zcwasm.Device("cpu", threads=threads), pack=options.pack) as model:
        vocab, limit = model.config.vocab, model.config.context
        size = real_sizes.token_bytes(model)
        context = min(limit, max(options.prefill, options.context + options.tokens) + 1)
        with model.session(context=context) as session:
            ids = real_sizes.prompt(options.context, 0, vocab)
            for turn in range(-1, (options.rounds + 1) // 2):
                rate = real_sizes.decode(session, ids, options.tokens)
                if turn >= 0:
                    rates["decode"].append(rate)
            for turn in range(-1, (options.rounds + 1) // 2):
                options.turn += 1
                rate = real_sizes.prefill(session, real_sizes.prompt(options.prefill, options.turn, vocab))
                if turn >= 0:
                    rates["prefill"].append(rate)
    return size


def measure(path: Path, title: str, threads: int, options: argparse.Namespace) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"decode": [], "prefill": []}
    size = ours(path, threads, options, rates)
    reading, product = roofs(threads, size, max(options.rounds, 9))
    row: dict[str, Any] = {
        "model": title,
        "threads": threads,
        "token_bytes": size,
        "reading": reading,
        "product": product,
    }
    if options.llama_bench:
        peer = llama_bench.measure(
            llama_bench.program(options.llama_bench),
            path,
            contexts=[options.context],
            prefills=[options.prefill],
            tokens=options.tokens,
            rounds=options.rounds,
            more=["-t", str(threads), *options.llama_options.split()],
        )
        row["peer"] = peer.version
        row["peer_decode"] = statistics.median(peer.decode[options.context])
        row["peer_prefill"] = statistics.median(peer.prefill[options.prefill])
    ours(path, threads, options, rates)
    row["rates"] = rates
    for kind, values in rates.items():
        row[kind] = statistics.median(values)
    return row


def need(row: dict[str, Any]) -> float | None:
    """tokens/s that decoding shall reach."""
    floor = OF_READING * row["reading"] / row["token_bytes"]
    peer = row.get("peer_decode")
    return None if peer is None else min(ABOVE_PEER * peer, floor)


def table(result: dict[str, Any]) -> str:
    lines = [
        "| model, ISA | threads | decode | llama.cpp | ratio | GB/s of weights | reading | of need "
        "| prefill | llama.cpp | ratio | speed-up: decode / reading | prefill / product |",
        "| --- " * 13 + "|",
    ]
    first: dict[str, dict[str, Any]] = {}

    def beside(row: dict[str, Any], kind: str) -> list[str]:
        peer = row.get("peer_" + kind)
        if peer is None:
            return [three_digits(row[kind]), "", ""]
        return [three_digits(row[kind]), three_digits(peer), f"{row[kind] / peer:.2f}"]

    for row in result["rows"]:
        one = first.setdefault(row["model"], row)
        needed = need(row)
        speed = {name: row[name] / one[name] for name in ("decode", "reading", "prefill", "product")}
        cells = [
            f"{row['model']}, {result['isa']}",
            str(row["threads"]),
            *beside(row, "decode"),
            three_digits(row["decode"] * row["token_bytes"] / 1e9),
            three_digits(row["reading"] / 1e9),
            "" if needed is None else f"{row['decode'] / needed:.2f}",
            *beside(row, "prefill"),
            f"{speed['decode']:.2f} / {speed['reading']:.2f}",
            f"{speed['prefill']:.2f} / {speed['product']:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def heading(result: dict[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    peers = {row["peer"] for row in result["rows"] if "peer" in row}
    said = f"{result['rounds']} rounds of {result['tokens']} tokens after {result['context']}"
    return (
        f"{result['date']}; {machine['cpu']}, {machine['cpus']} CPUs, {machine['system']}; {versions}; "
        f"tokens/s, medians of {said}, and of prompts of {result['prefill']}; "
        + ("" if result.get("pack") else "weights as in the file; ")
        + f"others used {result['others']:.0%} of the CPUs"
        + "".join(f"; llama.cpp {peer}" for peer in peers)
    )


def print_all(result: dict[str, Any], output: Path | None) -> None:
    print(heading(result) + "\n\n" + table(result), flush=True)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.with_suffix(".json").write_text(
            json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--threads", type=int, nargs="+", help="default: powers of two up to the CPUs here")
    parser.add_argument("--context", type=int, default=16)
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=64, help="to decode in a round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--pack",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="weights laid out anew, as Model.open does it",
    )
    parser.add_argument("--cache", type=Path, default=Path("models"), help="folder for models that are made")
    parser.add_argument("--llama-bench", type=Path, help="llama.cpp's program, or the folder that it is in")
    parser.add_argument("--llama-options", default="", help="more for it, in one argument")
    parser.add_argument("--output", type=Path, help="write FILE.json")
    parser.add_argument("--show", type=Path, nargs="+", metavar="FILE.json", help="measure nothing")
    options = parser.parse_args(given)
    options.turn = 0
    return options


def main() -> None:
    options = arguments()
    if options.show:
        for path in options.show:
            print_all(json.loads(path.read_text("utf-8")), None)
        return
    cpus = run.usable_cpus()
    threads = options.threads or [1 << n for n in range(7) if 1 << n <= cpus]
    others = run.Others()
    result: dict[str, Any] = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "machine": run.machine(),
        "isa": zcwasm.Device("cpu").info["name"].rpartition("(")[2].rstrip(")"),
        "versions": real_sizes.versions(),
        "environment": {name: os.environ[name] for name in ("ZCWASM_ISA",) if name in os.environ},
        "rounds": options.rounds,
        "tokens": options.tokens,
        "context": options.context,
        "pack": options.pack,
        "prefill": options.prefill,
        "rows": [],
    }
    for name in options.models:
        path, title = real_sizes.find(name, options.cache)
        for count in threads:
            result["rows"].append(measure(path, title, count, options))
            print(f"{name}, {count} threads", file=sys.stderr, flush=True)
    result["others"] = others.share()
    print_all(result, options.output)


if __name__ == "__main__":
    main()
