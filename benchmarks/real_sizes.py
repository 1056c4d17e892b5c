"""Language models of real sizes on a device, at short and long contexts, beside llama.cpp.

    python benchmarks/real_sizes.py --cache FOLDER [--llama-bench PATH]
        [--models smollm2-135m 1b:q4_0 8b:q4_k_m] [--contexts 16 2048] [--prefills 512] [--rounds 3]
    python benchmarks/real_sizes.py --show FILE.json ...

A model is a GGUF file, a name that zcwasm fetches, or SHAPE:TYPES, which synthetic.py makes in the folder.

Measured is what a user of Session gets, with the clock on the wall: tokens of a `for` loop over generate(),
greedy and sampled, after so many tokens; a prompt until its first token; Model.open with the upload.
llama.cpp's llama-bench (llama_bench.py says how it is built) runs the same files between two halves of our
rounds; it neither chooses tokens nor makes text of them.

Prints a table of medians. --output FILE writes FILE.json and FILE.svg, the tokens/s over the position.
--show prints the table of such files again, joined.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_bench
import numpy as np
import plot
import run
import synthetic
from common import show, three_digits

import zcwasm
from zcwasm.llm import Model, Session

MODELS = ("smollm2-135m", "1b:q4_0", "1b:q4_k_m", "1b:q8_0", "8b:q4_k_m")
TITLES = {"smollm2-135m": "SmolLM2 135M Q4_1"}
SAMPLED = {"temperature": 0.8, "top_k": 40, "top_p": 0.95}
HERE = Path(__file__).resolve().parent


def prompt(count: int, turn: int, vocab: int) -> list[int]:
    """Ids of which no two turns share a beginning, so that no cache helps. A turn's prompts are beginnings of
    its longer ones."""
    rng = np.random.default_rng(turn)
    return [turn % (vocab - 300) + 290, *map(int, rng.integers(260, vocab, count - 1))]


def decode(session: Session, ids: Sequence[int], tokens: int, **sampling: Any) -> float:
    """tokens/s after these; what the cache holds of them is not computed again."""
    stream = session.generate(ids, max_new_tokens=tokens + 1, ignore_eos=True, **sampling)
    next(stream)
    start = time.perf_counter()
    count = sum(1 for _ in stream)
    return count / (time.perf_counter() - start)


def prefill(session: Session, ids: Sequence[int]) -> float:
    """tokens/s until the first token is there."""
    start = time.perf_counter()
    for _ in session.generate(ids, max_new_tokens=1, ignore_eos=True):
        pass
    return len(ids) / (time.perf_counter() - start)


def device_memory(device: zcwasm.Device) -> int | None:
    """Bytes in use on that GPU, by whomever; None where nvidia-smi does not know it."""
    if not device.info["uuid"]:
        return None
    command = ["nvidia-smi", f"--id=GPU-{uuid.UUID(device.info['uuid'])}", "--query-gpu=memory.used"]
    try:
        done = subprocess.run([*command, "--format=csv,noheader,nounits"], capture_output=True, text=True)
        return int(done.stdout) << 20
    except (OSError, ValueError):
        return None


class Ours:
    """One model with two sessions, one for prompts that no cache helps with, and the measured rounds."""

    def __init__(self, path: Path, device: zcwasm.Device, options: argparse.Namespace) -> None:
        before = device_memory(device)
        start = time.perf_counter()
        self.model = Model.open(path, device)
        self.load_seconds = time.perf_counter() - start
        limit, self.vocab, self.tokens = self.model.config.context, self.model.config.vocab, options.tokens
        # The longest first: those that follow are its beginnings, which the cache holds.
        self.contexts = sorted((at for at in options.contexts if at + self.tokens < limit), reverse=True)
        self.prefills = sorted(count for count in options.prefills if count < limit)
        self.sampled = [count for count in options.sampled if count in self.contexts]
        self.turn = 0
        self.rates: dict[tuple[str, int], list[float]] = {}
        self.copied: dict[str, int] = {}
        self.session = self.model.session(context=max([*self.contexts, 1]) + self.tokens + 1)
        self.decodes(1)
        after = device_memory(device)
        self.memory = None if before is None or after is None else after - before
        self.cold = self.model.session(context=max([*self.prefills, 1]) + 1)
        self.prompts(1)
        self.rates.clear()  # untimed so far: pipelines were made, pages touched

    def note(self, kind: str, count: int, rate: float) -> None:
        self.rates.setdefault((kind, count), []).append(rate)

    def prompts(self, rounds: int) -> None:
        for _ in range(rounds):
            for count in self.prefills:
                self.turn += 1
                self.note("prefill", count, prefill(self.cold, prompt(count, self.turn, self.vocab)))

    def decodes(self, rounds: int) -> None:
        ids = prompt(max([*self.contexts, 1]), 0, self.vocab)
        for count in self.contexts:
            prefill(self.session, ids[:count])
            for _ in range(rounds):
                before = zcwasm.copy_stats()
                self.note("decode", count, decode(self.session, ids[:count], self.tokens))
                copied = {name: size - before[name] for name, size in zcwasm.copy_stats().items()}
                self.copied = {name: size for name, size in copied.items() if size}
                if count in self.sampled:
                    sampled = decode(self.session, ids[:count], self.tokens, **SAMPLED, seed=1)
                    self.note("sampled", count, sampled)

    def rounds(self, count: int) -> None:
        self.prompts(count)
        self.decodes(count)

    def close(self) -> None:
        self.session.close()
        self.cold.close()
        self.model.close()


def token_bytes(model: Model) -> int:
    """Of weights that a token reads."""
    tensors = model.weights.tensors
    head = tensors["output.weight" if "output.weight" in tensors else "token_embd.weight"]
    return head.nbytes + sum(each.nbytes for name, each in tensors.items() if name.startswith("blk."))


def measure(name: str, device: zcwasm.Device, options: argparse.Namespace) -> dict[str, Any]:
    path, title = find(name, options.cache)
    ours = Ours(path, device, options)
    ours.rounds((options.rounds + 1) // 2)
    peer = llama_bench.Measured()
    if options.llama_bench:
        peer = llama_bench.measure(
            llama_bench.program(options.llama_bench),
            path,
            contexts=sorted(ours.contexts),
            prefills=ours.prefills,
            tokens=options.tokens,
            rounds=options.rounds,
            more=options.llama_options.split(),
        )
    ours.rounds(options.rounds // 2)
    rows = []
    for (kind, count), rates in sorted(ours.rates.items()):
        row: dict[str, Any] = {
            "kind": kind,
            "count": count,
            "value": statistics.median(rates),
            "rates": rates,
        }
        theirs = {"decode": peer.decode, "prefill": peer.prefill}.get(kind, {}).get(count)
        if theirs:
            row |= {"peer_value": statistics.median(theirs), "peer_rates": theirs}
            row["ratio"] = row["value"] / row["peer_value"]
        rows.append(row)
    result = {
        "model": title,
        "file_bytes": path.stat().st_size,
        "token_bytes": token_bytes(ours.model),
        "load_seconds": ours.load_seconds,
        "device_bytes": ours.memory,
        "cache_bytes": ours.session.cache_bytes,
        "copied_in_last_decode": ours.copied,
        "peer": peer.version,
        "rows": rows,
    }
    ours.close()
    return result


def find(name: str, cache: Path) -> tuple[Path, str]:
    """The file of a model, and what it is called in the table."""
    if name.endswith(".gguf"):
        return Path(name), TITLES.get(name, Path(name).stem)
    if ":" in name:
        return synthetic.make(name, cache), name.replace(":", " ").upper()
    with Model.open(name, zcwasm.Device("cpu")) as model:
        return Path(os.fspath(model.weights.path)), TITLES.get(name, name)


def grouped(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


LINES = {
    "decode": "decode after {} tokens",
    "sampled": "…sampled, after {}",
    "prefill": "prefill of {}",
}


def table(models: list[dict[str, Any]]) -> str:
    """As Markdown: the counts of a kind in one line."""
    lines = ["| tokens/s | zcwasm | llama.cpp | ratio |", "| --- | --- | --- | --- |"]

    def joined(values: list[Any], form: Any) -> str:
        if all(value is None for value in values):
            return ""
        return " / ".join("–" if value is None else form(value) for value in values)

    for model in models:
        for kind, text in LINES.items():
            rows = grouped(model["rows"], kind)
            if not rows:
                continue
            counts = joined([row["count"] for row in rows], lambda count: f"{count:,}")
            ours = joined([row["value"] for row in rows], three_digits)
            theirs = joined([row.get("peer_value") for row in rows], three_digits)
            ratio = joined([row.get("ratio") for row in rows], lambda value: f"{value:.2f}")
            if kind == "sampled":
                greedy = {row["count"]: row["value"] for row in grouped(model["rows"], "decode")}
                ratio = joined(
                    [row["value"] / greedy[row["count"]] for row in rows], "{:.2f} of greedy".format
                )
            name = model["model"] + ": " if kind == "decode" else ""
            lines.append(f"| {name}{text.format(counts)} | {ours} | {theirs} | {ratio} |")
        lines.append(f"| …{about(model)} | | | |")
    return "\n".join(lines)


def about(model: dict[str, Any]) -> str:
    size, seconds = model["file_bytes"], model["load_seconds"]
    parts = [f"opened in {show(seconds, 's')} ({show(size, 'B')}, {show(size / seconds / 1e9, 'GB/s')})"]
    if model["device_bytes"] is not None:
        parts.append(f"{show(model['device_bytes'], 'B')} of the device's memory")
    decoded = grouped(model["rows"], "decode")
    if decoded:
        rate = decoded[0]["value"] * model["token_bytes"] / 1e9
        parts.append(f"weights read at {show(rate, 'GB/s')} after {decoded[0]['count']:,}")
    copied = ", ".join(f"{name} {size:,} B" for name, size in model["copied_in_last_decode"].items())
    return "; ".join([*parts, f"copied in the last decode: {copied or 'nothing'}"])


def heading(result: dict[str, Any]) -> str:
    machine, device = result["machine"], result["device"]
    peers = {model["peer"] for model in result["models"] if model["peer"]}
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{result['date']}; {device['name']} ({device['driver']}); {machine['cpu']}, {machine['cpus']} CPUs, "
        f"{machine['system']}; {versions}; medians of {result['rounds']} rounds of {result['tokens']} tokens"
        + "".join(f"; llama.cpp {peer}" for peer in peers)
    )


def curves(result: dict[str, Any]) -> str:
    """tokens/s of decoding over the position, as an SVG."""
    lines = []
    for colour, model in enumerate(result["models"]):
        rows = grouped(model["rows"], "decode")
        lines.append(plot.Line(model["model"], colour, [(row["count"], row["value"]) for row in rows]))
        theirs = [(row["count"], row["peer_value"]) for row in rows if "peer_value" in row]
        if theirs:
            lines.append(plot.Line(f"{model['model']}, llama.cpp", colour, theirs, dashed=True))
    name = result["device"]["name"]
    return plot.curves(f"tokens/s of decoding after so many tokens, {name}, {result['date'][:10]}", lines)


def joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Several runs' models as one run's; a model that comes again replaces the one before."""
    models = {model["model"]: model for result in results for model in result["models"]}
    return {**results[-1], "models": list(models.values())}


def versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0], "zcwasm": zcwasm.__version__}
    return {**found, "numpy": importlib.metadata.version("numpy")}


def print_all(result: dict[str, Any], output: Path | None) -> None:
    print(heading(result) + "\n\n" + table(result["models"]), flush=True)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, indent=1, ensure_ascii=False)
        output.with_suffix(".json").write_text(text + "\n", "utf-8")
        output.with_suffix(".svg").write_text(curves(result), "utf-8")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--device", default="vulkan")
    parser.add_argument("--contexts", type=int, nargs="*", default=[16, 512, 2048, 7000])
    parser.add_argument("--sampled", type=int, nargs="*", default=[16], help="contexts to sample after, too")
    parser.add_argument("--prefills", type=int, nargs="*", default=[128, 512, 2048])
    parser.add_argument("--tokens", type=int, default=64, help="to decode in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path("models"), help="folder for models that are made")
    parser.add_argument("--llama-bench", type=Path, help="llama.cpp's program, or the folder that it is in")
    parser.add_argument("--llama-options", default="", help="more for it, in one argument")
    parser.add_argument("--output", type=Path, help="write FILE.json and FILE.svg")
    parser.add_argument("--show", type=Path, nargs="+", metavar="FILE.json", help="measure nothing")
    return parser.parse_args(given)


def main() -> None:
    options = arguments()
    if options.show:
        print_all(joined([json.loads(path.read_text("utf-8")) for path in options.show]), options.output)
        return
    started = time.perf_counter()
    device = zcwasm.Device(options.device)
    result: dict[str, Any] = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "machine": run.machine(),
        "device": {name: device.info[name] for name in ("kind", "name", "driver", "api")},
        "versions": versions(),
        "rounds": options.rounds,
        "tokens": options.tokens,
        "models": [],
    }
    for name in options.models:
        begun = time.perf_counter()
        result["models"].append(measure(name, device, options))
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    print_all(result, options.output)
    print(f"\n{time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
