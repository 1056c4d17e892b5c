"""Decoding many sequences at once: tokens per second of a batcher with 1 to 128 requests, beside one session
and, where it is given, llama.cpp's program llama-batched-bench on the same file.

    python benchmarks/batches.py MODEL [--sequences 1 8 32 128] [--prompt 128] [--new 128] [--threads 2]
                                 [--device cpu] [--rounds 3] [--llama PROGRAM] [--one-by-one] [--json FILE]

Each request has a prompt of its own of random tokens. What is measured is what comes from when the last of
them has its first token until the first one ends, so that all rows decode; and the prompts' tokens per second
until then. llama-batched-bench is built as llama_bench.py says (target llama-batched-bench), and measured in
the same rounds."""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import run

import zcwasm
from zcwasm import llm
from zcwasm._models import fetch


def prompts(model: llm.Model, count: int, length: int, seed: int) -> list[list[int]]:
    draw, vocab = np.random.default_rng(seed), model.config.vocab
    least = min(1000, vocab // 8)
    made: list[list[int]] = draw.integers(least, vocab - 1, (count, length)).tolist()
    return made


def batched(
    model: llm.Model, count: int, length: int, new: int, seed: int, ahead: bool | None
) -> tuple[float, float, float]:
    """Tokens per second: of decoding, of prompts; and the part of the steps that were started ahead."""
    tokens = count * (length + new)
    with model.batcher(
        sequences=count, context=length + new, context_tokens=tokens + 64 * count, rows=max(512, count)
    ) as batcher:
        worker = batcher._worker
        if ahead is not None:
            worker.engine.ahead = ahead
        batcher.submit([1, 2, 3], max_new_tokens=4, ignore_eos=True).result()  # pipelines, buffers
        start = time.perf_counter()
        streams = [
            batcher.submit(each, max_new_tokens=new, ignore_eos=True)
            for each in prompts(model, count, length, seed)
        ]
        iterators = [iter(each) for each in streams]
        for each in iterators:
            next(each)
        began, first = time.perf_counter(), batcher.stats().generated_tokens
        streams[0].result()
        took, last = time.perf_counter() - began, batcher.stats().generated_tokens
        for each in streams:
            each.result()
        part = worker.steps_ahead / batcher.stats().steps
        return (last - first) / took, count * length / (began - start), part


def alone(model: llm.Model, length: int, new: int, seed: int) -> float:
    with model.session(context=length + new) as session:
        for _ in session.generate(prompts(model, 1, length, seed)[0], max_new_tokens=new, ignore_eos=True):
            pass
        return session.usage.decode_tokens_per_second


def llama(program: Path, model: Path, count: int, length: int, new: int, threads: int, cpu: bool) -> float:
    """Tokens per second of decoding."""
    command = [program, "-m", model, "-npp", length, "-ntg", new, "-npl", count, "-t", threads, "-fa", "on"]
    command += ["-c", count * (length + new) + 256, "-b", 2048, "-ub", 512, "-ngl", 0 if cpu else 99]
    done = subprocess.run(
        [*map(str, command), "--output-format", "jsonl"], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return float(rows[-1]["speed_tg"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--threads", type=int, default=0, help="of the cpu device (its default)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--llama", type=Path, help="llama-batched-bench")
    parser.add_argument("--device", choices=["cpu", "vulkan", "metal"])
    parser.add_argument("--one-by-one", action="store_true", help="a batcher's steps never go ahead")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    device = zcwasm.Device(options.device, threads=options.threads)
    model = llm.Model.open(options.model, device)
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": run.machine(),
        "device": {"name": device.name, **device.info},
        "zcwasm": zcwasm.__version__,
        "model": options.model,
        "threads": device.threads,
        "prompt": options.prompt,
        "new": options.new,
        "rounds": options.rounds,
    }
    print(about["date"], about["machine"], device, model, f"{device.threads} threads", sep="\n", flush=True)
    rows: list[dict[str, Any]] = []
    for count in options.sequences:
        found: dict[str, list[float]] = {
            name: [] for name in ("decode", "prompts", "ahead", "session", "llama")
        }
        for round_ in range(options.rounds):
            ahead = False if options.one_by_one else None
            decode, prefill, part = batched(model, count, options.prompt, options.new, round_, ahead)
            found["decode"].append(decode)
            found["prompts"].append(prefill)
            found["ahead"].append(part)
            if count == 1:
                found["session"].append(alone(model, options.prompt, options.new, round_))
            if options.llama:
                path = fetch.resolve(options.model)
                cpu = device.kind == "cpu"
                rate = llama(options.llama, path, count, options.prompt, options.new, device.threads, cpu)
                found["llama"].append(rate)
        row: dict[str, Any] = {"sequences": count, **{k: statistics.median(v) for k, v in found.items() if v}}
        rows.append(row)
        words = ", ".join(f"{k} {v:.1f}" for k, v in row.items() if k not in ("sequences", "ahead"))
        ratio = f", ratio {row['decode'] / row['llama']:.2f}" if "llama" in row else ""
        print(f"{count:4} sequences, tokens/s: {words}{ratio}; {row['ahead']:.0%} of steps ahead", flush=True)
    if options.json:
        options.json.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
