"""All benchmarks in one command, each in a process of its own, and a page of their results.

    python benchmarks/everything.py [--quick] [--only NAME ...] [--results FOLDER] [--limit SECONDS] [--list]

What a benchmark needs and is not here is said, and the next one goes on; so is one that fails, or takes
longer than its limit. A peer that is not installed is left out of the rows, and named. Each file NAME.json
has the rows (or what the script printed, where it makes a table of its own), the date, the machine, the
versions and what share of the CPUs other processes took meanwhile. page.py makes docs/project/results.md and
its plots of the files; this calls it at the end, unless --results names another folder. With --only the other
files stay what they were.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import page
import run

import zcwasm
from zcwasm._measure import blas_environment, usable_cpus

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "all"
CACHE = Path(tempfile.gettempdir()) / "zcwasm-benchmarks"  # where scripts put models that they make


@dataclass(frozen=True)
class Benchmark:
    """One script. `peers` and `needs` are modules of Python, programs, or "vulkan"."""

    name: str
    title: str
    peers: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    # Of a script that is no group of run.py: its arguments, and fewer for --quick.
    arguments: tuple[str, ...] | None = None
    quick: tuple[str, ...] = ()


WASM = ("wasmtime", "wasm3")
BENCHMARKS = (
    Benchmark("calls", "Calls from Python", WASM),
    Benchmark("views", "Views of guest memory", WASM),
    Benchmark("instances", "Instances", WASM),
    Benchmark("footprint", "Memory of instances and lifecycles", ("wasmtime",)),
    Benchmark("dispatch", "Dispatches from Python"),
    Benchmark("abi", "Guests that drive the device"),
    Benchmark("validation", "Validation", ("wasmtime",)),
    Benchmark("sandbox", "Guest code, with its checks and limits", ("wasm3",)),
    Benchmark("engines", "Guest code on each engine", ("wasmtime",)),
    Benchmark("elementwise", "Elementwise kernels", ("cc",)),
    Benchmark("matmul", "Matrix products (GEMM)"),
    Benchmark("linear", "Products with weights"),
    Benchmark("pool", "Pools and pipelines", ("wasmtime",)),
    Benchmark("row_kernels", "Kernels in WebAssembly"),
    Benchmark("vulkan", "The vulkan device", ("cc",), ("vulkan",)),
    Benchmark("llm", "A language model", ("llama_cpp",), ("tokenizers", "jinja2", "gguf")),
    Benchmark("snapshots", "Snapshots of sessions", ("llama_cpp",), ("tokenizers", "jinja2")),
    Benchmark(
        "batches",
        "Many sequences at once",
        ("llama-batched-bench",),
        ("tokenizers", "jinja2"),
        ("smollm2-135m", "--sequences", "1", "4", "16", "--new", "32", "--rounds", "3"),
        ("smollm2-135m", "--sequences", "1", "4", "--new", "16", "--rounds", "1"),
    ),
    Benchmark(
        "server",
        "The server under load",
        (),
        ("openai", "jsonschema", "starlette", "uvicorn", "llguidance", "tokenizers"),
        ("--clients", "1", "8", "--new", "32"),
        ("--clients", "1", "--new", "8", "--requests", "4", "--json-answers", "0"),
    ),
    Benchmark(
        "embedding",
        "Embeddings of sentences",
        ("onnxruntime", "sentence_transformers"),
        ("tokenizers",),
        (),
        ("--threads", "1", "--rounds", "1", "--sentences", "100"),
    ),
    Benchmark(
        "linear_rows",
        "Products with few rows",
        (),
        (),
        ("--types", "Q4_0", "Q8_0", "--rows", "1", "4", "16"),
        ("--types", "Q4_0", "--rows", "1", "4", "--rounds", "1", "--total", "64"),
    ),
    Benchmark("threads", "The cpu device's threads", (), (), ("--only", "empty", "kernels"), ("--quick",)),
    Benchmark("llm_kernels", "Kernels of a language model", (), (), (), ("--whole", "--repeat", "3")),
    Benchmark(
        "real_sizes",
        "Language models of real sizes",
        ("llama-bench",),
        ("tokenizers", "jinja2", "gguf"),
        ("--cache", str(CACHE), "--models", "smollm2-135m", "--contexts", "16", "512", "--rounds", "3"),
        ("--cache", str(CACHE), "--models", "smollm2-135m", "--contexts", "16", "--rounds", "1"),
    ),
    Benchmark(
        "cores",
        "Language models over threads",
        ("llama-bench",),
        ("tokenizers", "jinja2", "gguf"),
        ("--cache", str(CACHE), "--models", "smollm2-135m", "--rounds", "2"),
        ("--cache", str(CACHE), "--models", "smollm2-135m", "--rounds", "1", "--threads", "1"),
    ),
)
PACKAGES = {"wasm3": "pywasm3", "llama_cpp": "llama-cpp-python", "cc": "a C compiler"}


def here(name: str) -> bool:
    if name == "vulkan":
        return any(each["kind"] == "vulkan" and each["available"] for each in zcwasm.devices())
    if name == "cc" or "-" in name:  # a program
        return shutil.which(os.environ.get("CC", "cc") if name == "cc" else name) is not None
    return importlib.util.find_spec(name) is not None


def missing(names: tuple[str, ...]) -> list[str]:
    return [PACKAGES.get(name, name) for name in names if not here(name)]


def commands(benchmark: Benchmark, quick: bool) -> list[tuple[list[str], int]]:
    """What is run, with how many threads (0: the script's own business)."""
    start = [sys.executable, str(HERE / f"{benchmark.name}.py")]
    if benchmark.arguments is not None:
        return [([*start, *(benchmark.quick if quick else benchmark.arguments)], 0)]
    counts = [count for count in run.GROUPS[benchmark.name] if count <= usable_cpus()]
    return [([*start, "--threads", str(count), *["--quick"] * quick], count) for count in counts]


def last_lines(text: str, most: int = 3) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines()[-most:])[-400:]


def without_folders(text: str) -> str:
    """What a script printed, without the names of this machine's folders."""
    for folder, name in ((str(CACHE), "FOLDER"), (str(HERE.parent), "."), (str(Path.home()), "~")):
        text = text.replace(folder, name)
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def measure(benchmark: Benchmark, quick: bool, limit: float) -> dict[str, Any]:
    """The result of one benchmark, whatever became of it."""
    result: dict[str, Any] = {
        "name": benchmark.name,
        "title": benchmark.title,
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "quick": quick,
        "machine": run.machine(),
        "versions": run.versions(),
        "absent": missing(benchmark.peers),
        "rows": [],
        "text": "",
        "others": None,
    }
    if lacking := missing(benchmark.needs):
        return result | {"status": "left out", "why": f"needs {', '.join(lacking)}, not here"}
    began, others = time.monotonic(), run.Others()
    for command, threads in commands(benchmark, quick):
        try:
            done = subprocess.run(
                command,
                env=blas_environment(threads or None),
                capture_output=True,
                encoding="utf-8",
                timeout=max(1.0, limit - (time.monotonic() - began)),
            )
        except subprocess.TimeoutExpired:
            return result | {"status": "failed", "why": f"took more than {limit:.0f} s", "rows": []}
        if done.returncode:
            why = f"exit code {done.returncode}: {last_lines(without_folders(done.stderr))}"
            return result | {"status": "failed", "why": why, "rows": []}
        if done.stdout.startswith("[{"):  # as common.report hands them over; others make a table of their own
            result["rows"] += json.loads(done.stdout)
        else:
            result["text"] += without_folders(done.stdout)
    return result | {
        "status": "done",
        "why": "",
        "seconds": round(time.monotonic() - began, 1),
        "others": others.share(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    names = [each.name for each in BENCHMARKS]
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and less of everything")
    parser.add_argument("--only", choices=names, nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the files")
    parser.add_argument("--limit", type=float, default=1800, help="seconds for one benchmark")
    parser.add_argument("--list", action="store_true", help="measure nothing; say what each needs and lacks")
    options = parser.parse_args()
    chosen = [each for each in BENCHMARKS if not options.only or each.name in options.only]
    if options.list:
        for each in chosen:
            lacks = missing(each.needs), missing(each.peers)
            words = [f"needs {', '.join(lacks[0])}"] * bool(lacks[0])
            words += [f"without the peer {', '.join(lacks[1])}"] * bool(lacks[1])
            print(f"{each.name:<12} {each.title}{': ' * bool(words)}{'; '.join(words)}")
        return 0
    options.results.mkdir(parents=True, exist_ok=True)
    failed = []
    for each in chosen:
        result = measure(each, options.quick, options.limit)
        text = json.dumps(result, indent=1, ensure_ascii=False)
        (options.results / f"{each.name}.json").write_text(text + "\n", "utf-8")
        share = result["others"]
        words = [result["status"], result["why"]]
        words += [f"{result['seconds']:.0f} s" if "seconds" in result else ""]
        words += [f"others used {share:.0%} of the CPUs" if share is not None and share > run.QUIET else ""]
        words += [f"{', '.join(result['absent'])} not here" if result["absent"] else ""]
        print(f"{each.name}: {', '.join(filter(None, words))}", flush=True)
        failed += [each.name] * (result["status"] == "failed")
    if options.results == RESULTS:
        print(f"written: {page.write(RESULTS)}")
    print(f"{len(failed)} failed{': ' * bool(failed)}{', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
