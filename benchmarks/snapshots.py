"""Sessions of SmolLM2-135M that are saved, thawed and forked, beside computing the prompt again, beside plain
writes of as many bytes, and beside llama.cpp's own files of its state.

    python benchmarks/snapshots.py --table [--threads 2] [--device cpu] [--lengths 24 128 512 1024 2048 4096]
        [--rounds 9] [--folder FOLDER] [--busy] [--output FILE]
    python benchmarks/snapshots.py --show FILE.json

Without --table it is a group of run.py and measures 24 and 512 tokens.

Of each length the contenders take turns: Session.save, with and without waiting for the disk (durable);
writing as many bytes as were stored, from memory, in one call, synced or not; Model.load_session, which reads
and verifies, and the same with mapped=True; the prompt, computed from nothing; and of llama.cpp
llama_state_save_file, llama_state_load_file and the prompt. Files lie in the page cache when they are read:
both sides' do. Thawing ends when the session could go on; the step that follows is in none of the numbers.
Shares of memory are growth of the proportional set (Pss), where Linux tells it, and of what no other
mapping has (private): before the forks have touched anything, and after each has read all of its cache.

Numbers are medians of the clock. With --busy, for a machine that does other work, they are minima of the CPU
time of all threads; waiting for the disk is not in that.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import common
import llm
import plot
import run

import zcwasm
from zcwasm._models import fetch
from zcwasm.llm import Model, Session

LENGTHS = (24, 128, 512, 1024, 2048, 4096)
CONTEXT = 4096
FORKED = 512  # tokens of the session that is forked
FORKS = 16
SMALL_FORKS = 1000
# What the issue of snapshots asks for.
THAW_TARGET, SAVE_TARGET, FORK_TARGET, SHARE_TARGET, SMALL_TARGET = 50, 0.7, 5e-3, 0.2, 50e-6

# (module (memory (export "memory") 1) (global (mut i32) (i32.const 7)))
SMALL = bytes.fromhex("0061736d01000000 0503010001 0606017f0141070b 070a01066d656d6f72790200")

Seconds = dict[str, list[float]]


Clock = Callable[[], float]


def timed(run: Callable[[], object], clock: Clock) -> float:
    start = clock()
    run()
    return clock() - start


def prompt(model: Model) -> list[int]:
    text = "The quick brown fox jumps over the lazy dog, and then it runs away from what it has done. "
    ids = model.tokenize(text * 300)
    assert len(ids) >= CONTEXT
    return ids[:CONTEXT]


class Peer:
    """llama.cpp, where llama-cpp-python is installed."""

    def __init__(self, path: str, threads: int) -> None:
        import llama_cpp

        self.api = llama_cpp
        self.version = f"llama-cpp-python {llama_cpp.__version__}"
        llama_cpp.llama_log_set(llm.QUIET, None)
        self.llama = llama_cpp.Llama(
            path, n_ctx=CONTEXT, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self.context = self.llama._ctx.ctx

    def prefill(self, ids: list[int]) -> None:
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)
        for start in range(0, len(ids), 512):
            part = ids[start : start + 512]
            array = (self.api.llama_token * len(part))(*part)
            if self.api.llama_decode(self.context, self.api.llama_batch_get_one(array, len(part))):
                raise RuntimeError("llama_decode failed")

    def save(self, path: str, ids: list[int]) -> None:
        tokens = (self.api.llama_token * len(ids))(*ids)
        if not self.api.llama_state_save_file(self.context, path.encode(), tokens, len(ids)):
            raise RuntimeError("llama_state_save_file failed")

    def load(self, path: str) -> None:
        import ctypes

        tokens, count = (self.api.llama_token * CONTEXT)(), ctypes.c_size_t()
        loaded = self.api.llama_state_load_file(
            self.context, path.encode(), tokens, CONTEXT, ctypes.byref(count)
        )
        if not loaded:
            raise RuntimeError("llama_state_load_file failed")


def peer(path: str, threads: int, device: zcwasm.Device) -> Peer | None:
    try:
        return Peer(path, threads) if device.kind == "cpu" else None
    except ImportError:
        return None


def plain_write(path: Path, data: bytes, durable: bool) -> None:
    """As a program that writes a file in place of another one: aside, and renamed."""
    aside = path.with_suffix(".aside")
    with open(aside, "wb", buffering=0) as file:
        file.write(data)
        if durable:
            os.fsync(file.fileno())
    aside.rename(path)


def measure_length(
    model: Model,
    session: Session,
    other: Peer | None,
    ids: list[int],
    folder: Path,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Seconds of every round, and sizes."""
    path, plain, state = folder / "session", folder / "plain", str(folder / "state")
    rounds, clock = options.rounds, clock_of(options)
    prefills = max(1, min(rounds, 3 * FORKED // len(ids)))
    seconds: Seconds = {}

    def note(name: str, run: Callable[[], object]) -> None:
        seconds.setdefault(name, []).append(timed(run, clock))

    def prefill() -> None:
        session._instance.exports.truncate(0)
        session.logits(ids)

    def thaw(mapped: bool) -> None:
        thawed.append(model.load_session(path, mapped=mapped))

    for turn in range(prefills + 1):
        note("prefill", prefill)
        if other:
            note("peer_prefill", lambda: other.prefill(ids))
        if turn == 0 and prefills > 1:  # the first one warms up
            seconds.clear()
    session.save(path)
    stored = os.urandom(zcwasm.snapshot_info(path)["stored"])
    thawed: list[Session] = []
    for turn in range(rounds + 1):
        if turn == 1:
            seconds = {name: each for name, each in seconds.items() if name.endswith("prefill")}
        note("write", lambda: plain_write(plain, stored, False))
        note("save", lambda: session.save(path, durable=False))
        note("write_durable", lambda: plain_write(plain, stored, True))
        note("save_durable", lambda: session.save(path))
        for name, mapped in (("thaw", False), ("thaw_mapped", True)):
            note(name, lambda mapped=mapped: thaw(mapped))
            thawed.pop().close()
        if other:
            note("peer_save", lambda: other.save(state, ids))
            note("peer_load", lambda: other.load(state))
    info = os.stat(path)
    return {
        "tokens": len(ids),
        "seconds": seconds,
        "size": info.st_size,
        "allocated": info.st_blocks * 512,
        "stored": len(stored),
        "peer_size": os.stat(state).st_size if other else None,
        **{name: middle_of(options)(each) for name, each in seconds.items()},
    }


def clock_of(options: argparse.Namespace) -> Clock:
    return time.process_time if options.busy else time.perf_counter


def middle_of(options: argparse.Namespace) -> Callable[[list[float]], float]:
    return min if options.busy else statistics.median


def resident() -> tuple[int, int]:
    """Bytes of the proportional set, and of what no other mapping has. OSError where nobody tells."""
    kept = {"Pss:": 0, "Private_Clean:": 0, "Private_Dirty:": 0}
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        for name, number, *_ in map(str.split, file):
            if name in kept:
                kept[name] = int(number) * 1024
    return kept["Pss:"], kept["Private_Clean:"] + kept["Private_Dirty:"]


def measure_memory(session: Session) -> dict[str, float | None]:
    """What each of FORKS takes, as Pss and private: untouched, and when all have read their cache."""
    names = ("bytes_each", "private_each", "bytes_each_read", "private_each_read")
    try:
        before = resident()
    except OSError:
        return dict.fromkeys(names)
    forks = session.fork(FORKS)
    untouched = resident()
    for each in forks:
        each._cache_rows()[:, : each.cached_tokens].max()
    read = resident()
    for each in forks:
        each.close()
    grown = [now - then for after in (untouched, read) for now, then in zip(after, before, strict=True)]
    return {name: max(0, grew) / FORKS for name, grew in zip(names, grown, strict=True)}


def measure_forks(model: Model, ids: list[int], options: argparse.Namespace) -> dict[str, Any]:
    """Of one session in FORKS, which has changed before each round; and of a small guest, one by one."""
    with model.session(context=CONTEXT) as session:
        session.logits(ids)
        seconds = []
        for _ in range(options.rounds):
            for _ in session.resume(max_new_tokens=1, ignore_eos=True):
                pass
            forks: list[Session] = []
            seconds.append(timed(lambda forks=forks: forks.extend(session.fork(FORKS)), clock_of(options)))
            for each in forks:
                each.close()
        for _ in session.resume(max_new_tokens=1, ignore_eos=True):
            pass
        used = zcwasm.copy_stats()["forked"]
        session.fork()[0].close()  # pages that it alone had are the image's from now on
        used = zcwasm.copy_stats()["forked"] - used
        memory = measure_memory(session)
    return {
        "tokens": len(ids),
        "forks": FORKS,
        "seconds": seconds,
        "median": middle_of(options)(seconds),
        "bytes_of_parent": used,
        **memory,
        **measure_small_forks(options),
    }


def measure_small_forks(options: argparse.Namespace) -> dict[str, Any]:
    guest = zcwasm.Instance(zcwasm.Module(SMALL))
    guest.memory.write(0, b"small")
    one_by_one, at_once = [], []
    clock, middle = clock_of(options), middle_of(options)
    for _ in range(options.rounds):
        kept: list[Any] = []
        start = clock()
        for _ in range(SMALL_FORKS):
            kept += guest.fork()
        one_by_one.append((clock() - start) / SMALL_FORKS)
        kept.clear()
        at_once.append(timed(lambda kept=kept: kept.extend(guest.fork(SMALL_FORKS)), clock) / SMALL_FORKS)
        assert kept[-1].memory.read(0, 5) == b"small"
    return {"small": middle(one_by_one), "small_at_once": middle(at_once)}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    device = zcwasm.Device(options.device, threads=options.threads if options.device == "cpu" else 0)
    model = Model.open(str(fetch.resolve("smollm2-135m")), device, pack=device.kind == "cpu")
    ids, others = prompt(model), run.Others()
    other = peer(os.path.abspath(model.weights.path), options.threads or run.usable_cpus(), device)
    result: dict[str, Any] = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "machine": run.machine(),
        "device": repr(device),
        "threads": options.threads,
        "versions": {"zcwasm": zcwasm.__version__, "peer": other.version if other else None},
        "rounds": options.rounds,
        "busy": options.busy,
        "rows": [],
    }
    with tempfile.TemporaryDirectory(dir=options.folder) as name, model.session(context=CONTEXT) as session:
        for length in options.lengths:
            row = measure_length(model, session, other, ids[:length], Path(name), options)
            result["rows"].append(row)
            print(f"{length} tokens", file=sys.stderr, flush=True)
    result["fork"] = measure_forks(model, ids[:FORKED], options)
    result["others"] = others.share()
    return result


# --- what is shown ---


def heading(result: dict[str, Any]) -> str:
    machine, peer = result["machine"], result["versions"]["peer"]
    share = result["others"]
    return (
        f"{result['date']}; {machine['cpu']}, {machine['cpus']} CPUs, {machine['system']}; "
        f"{result['device']}; SmolLM2-135M Q4_1, cache F16, context {CONTEXT}; "
        f"zcwasm {result['versions']['zcwasm']}"
        + (f", {peer}" if peer else "")
        + f"; {'minima of the CPU time' if result.get('busy') else 'medians'} of {result['rounds']} rounds; "
        + "others used "
        + ("an unknown share" if share is None else f"{share:.0%}")
        + " of the CPUs"
    )


def table(result: dict[str, Any]) -> str:
    columns = (
        "tokens, prefill, thaw, mapped, times faster, save, durable, of a plain write, of one with fsync, "
    )
    columns += "stored, llama.cpp: prefill, load, save, file"
    names = columns.split(", ")
    lines = ["| " + " | ".join(names) + " |", "| --- " * len(names) + "|"]
    for row in result["rows"]:
        cells = [str(row["tokens"])]
        cells += [common.show(row[name], "s") for name in ("prefill", "thaw", "thaw_mapped")]
        cells += [f"{row['prefill'] / row['thaw']:,.0f}×"]
        cells += [common.show(row[name], "s") for name in ("save", "save_durable")]
        cells += [
            f"{row['write'] / row['save']:.0%}",
            f"{row['write_durable'] / row['save_durable']:.0%}",
            common.show(row["stored"], "B"),
        ]
        peers = [row.get(name) for name in ("peer_prefill", "peer_load", "peer_save")]
        cells += ["" if each is None else common.show(each, "s") for each in peers]
        cells += ["" if row["peer_size"] is None else common.show(row["peer_size"], "B")]
        lines.append("| " + " | ".join(cells) + " |")
    fork = result["fork"]
    each = "" if fork["bytes_each"] is None else f", {common.show(fork['bytes_each'], 'B')} each"
    if fork.get("bytes_each_read") is not None:
        shown = [
            common.show(fork[name], "B") for name in ("private_each", "bytes_each_read", "private_each_read")
        ]
        each += f" ({shown[0]} private; {shown[1]} when all have read it, {shown[2]} private)"
    return "\n".join(lines) + (
        f"\n\n{fork['forks']} forks of {fork['tokens']} tokens: {common.show(fork['median'], 's')} in total"
        f"{each}, of {common.show(fork['bytes_of_parent'], 'B')}. A small guest: "
        f"{common.show(fork['small'], 's')} a fork one by one, {common.show(fork['small_at_once'], 's')} of "
        f"{SMALL_FORKS:,} at once."
    )


def svg(result: dict[str, Any]) -> str:
    lines = [
        ("prefill", "prompt computed again", 0, False),
        ("save_durable", "save, on the disk", 1, True),
        ("save", "save", 1, False),
        ("thaw", "thaw", 2, False),
        ("thaw_mapped", "thaw, mapped", 2, True),
        ("peer_prefill", "llama.cpp: prompt", 5, False),
        ("peer_save", "llama.cpp: save", 3, False),
        ("peer_load", "llama.cpp: load", 4, False),
    ]
    drawn = [
        plot.Line(
            title, colour, [(row["tokens"], 1e3 * row[name]) for row in result["rows"] if name in row], dashed
        )
        for name, title, colour, dashed in lines
    ]
    title = f"Milliseconds by tokens: SmolLM2-135M Q4_1, {result['machine']['cpu']}, {result['date'][:10]}"
    return plot.curves(title, [line for line in drawn if line.points])


def rows(result: dict[str, Any]) -> list[common.Row]:
    """For run.py."""
    found = []
    for row in result["rows"]:
        tokens = row["tokens"]
        for name, what in (("thaw", "thawed"), ("thaw_mapped", "thawed, mapped")):
            ratio = row["prefill"] / row[name]
            judged = tokens >= FORKED and name == "thaw"
            found.append(
                common.Row(
                    f"{tokens} tokens {what}",
                    row[name],
                    "s",
                    best=min(row["seconds"][name]),
                    peer="prefill",
                    peer_value=row["prefill"],
                    peer_best=min(row["seconds"]["prefill"]),
                    ratio=ratio,
                    best_ratio=min(row["seconds"]["prefill"]) / min(row["seconds"][name]),
                    target=f"≥ {THAW_TARGET}× prefill" if judged else None,
                    met=ratio >= THAW_TARGET if judged else None,
                )
            )
            if "peer_load" in row:
                found.append(beside(row, f"{tokens} tokens {what}", name, "llama.cpp", "peer_load"))
        for name, other in (("save", "write"), ("save_durable", "write_durable")):
            what = f"{tokens} tokens saved" + ", on the disk" * (name == "save_durable")
            one = beside(row, what, name, "plain write", other)
            if tokens >= FORKED:
                one.target, one.met = f"≥ {SAVE_TARGET}× plain write", (one.ratio or 0) >= SAVE_TARGET
            found.append(one)
        if "peer_save" in row:
            found.append(beside(row, f"{tokens} tokens saved", "save", "llama.cpp", "peer_save"))
    fork = result["fork"]
    found.append(common.below(f"{FORKS} forks of {fork['tokens']} tokens", fork["median"], "s", FORK_TARGET))
    if fork["bytes_each"] is not None:
        limit = SHARE_TARGET * fork["bytes_of_parent"]
        found.append(common.below("memory of each before it writes", fork["bytes_each"], "B", limit))
    found.append(common.below("a fork of a small guest, of 1,000", fork["small"], "s", SMALL_TARGET))
    return found


def beside(row: dict[str, Any], what: str, name: str, peer: str, other: str) -> common.Row:
    ours, theirs = common.Times(row["seconds"][name]), common.Times(row["seconds"][other])
    (one,) = common.compare(what, ours, {peer: theirs})
    return one


def show(result: dict[str, Any]) -> None:
    print(heading(result) + "\n\n" + table(result), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--table", action="store_true", help="for people")
    parser.add_argument("--lengths", type=int, nargs="+")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--folder", type=Path, help="where files are written (default: the temporary one)")
    parser.add_argument("--busy", action="store_true", help="minima of CPU time, not medians of the clock")
    parser.add_argument("--output", type=Path, help="write FILE.json and FILE.svg")
    parser.add_argument("--show", type=Path, metavar="FILE.json", help="measure nothing")
    options = parser.parse_args()
    if options.show:
        show(json.loads(options.show.read_text("utf-8")))
        return
    options.lengths = options.lengths or (LENGTHS if options.table else (24, FORKED))
    options.rounds = options.rounds or (3 if options.quick else 9)
    result = measure(options)
    if not options.table:
        common.report(rows(result))
        return
    show(result)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        options.output.with_suffix(".svg").write_text(svg(result), "utf-8")


if __name__ == "__main__":
    main()
