"""`zcwasm serve` under load, asked by the public package `openai`: time to first token and tokens per second
at 1, 8 and 64 clients, whether every greedy answer is the one that the same request gives alone, JSON under a
schema, and the server's memory.

    python benchmarks/server.py                                  # the server is started, and ended
    python benchmarks/server.py --device vulkan --new 128 --json-answers 1000 --flat 10000
    python benchmarks/server.py --peer http://127.0.0.1:9000/v1 --peer-model NAME    # another one, in turns

The clients are processes of their own (--processes), so that what the package does for each token (which is
more than the server does) is not the server's time. A peer is any server with this interface, such as
llama_cpp.server; it is asked for the same, in turns. Needs zcwasm[serve], openai and jsonschema.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zcwasm._measure import cpu_name, usable_cpus

_AT_ONCE = 64  # requests for JSON, and of those that show whether memory grows
TOPICS = ("the sea", "bread", "a lighthouse", "winter", "music", "maps", "rivers", "clocks", "bees", "trains")
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3},
        "kind": {"enum": ["cat", "dog", "bird"]},
    },
    "required": ["name", "age", "tags", "kind"],
    "additionalProperties": False,
}


@dataclass
class Answer:
    """What one request took, seen by its client."""

    number: int
    text: str
    finish: str
    tokens: int
    first: float  # seconds to the first text
    seconds: float


@dataclass
class Load:
    """So many clients at once, each with one request after the other."""

    server: str
    clients: int
    requests: int
    first_median: float
    first_worst: float
    tokens_per_second: float
    tokens_per_second_each: float  # behind the first, the median of the requests
    equal: int  # answers that are those of the request alone


def question(number: int) -> list[dict[str, str]]:
    topic = TOPICS[number % len(TOPICS)]
    return [{"role": "user", "content": f"Question {number}: tell me something about {topic}."}]


# --- clients, in their own processes ---


async def ask(client: Any, model: str, number: int, new: int) -> Answer:
    started = time.perf_counter()
    stream = await client.chat.completions.create(
        model=model,
        messages=question(number),
        temperature=0,
        max_tokens=new,
        stream=True,
        stream_options={"include_usage": True},
    )
    text, finish, tokens, first = "", "", 0, 0.0
    async for event in stream:
        if event.choices:
            said = event.choices[0].delta.content or ""
            if said and not first:
                first = time.perf_counter() - started
            text += said
            finish = event.choices[0].finish_reason or finish
        if event.usage:
            tokens = event.usage.completion_tokens
    return Answer(number, text, finish, tokens, first, time.perf_counter() - started)


def ask_all(url: str, key: str, model: str, numbers: Sequence[Sequence[int]], new: int) -> list[Answer]:
    """Each list is a client's, one after the other; the clients at once."""
    import openai

    async def one(client: Any, mine: Sequence[int]) -> list[Answer]:
        return [await ask(client, model, number, new) for number in mine]

    async def all_of_them() -> list[Answer]:
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=3600) as client:
            found = await asyncio.gather(*(one(client, mine) for mine in numbers))
        return [answer for each in found for answer in each]

    return asyncio.run(all_of_them())


def ask_json(url: str, key: str, model: str, numbers: Sequence[int], at_once: int) -> list[tuple[str, int]]:
    import openai

    wanted = {"type": "json_schema", "json_schema": {"name": "pet", "schema": SCHEMA}}

    async def one(client: Any, turn: asyncio.Semaphore, number: int) -> tuple[str, int]:
        async with turn:
            answer = await client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": f"Describe pet number {number}."}],
                response_format=wanted,
                max_tokens=300,
                seed=number,
            )
        return answer.choices[0].message.content, answer.usage.completion_tokens

    async def all_of_them() -> list[tuple[str, int]]:
        turn = asyncio.Semaphore(at_once)
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=3600) as client:
            return list(await asyncio.gather(*(one(client, turn, number) for number in numbers)))

    return asyncio.run(all_of_them())


def ask_flat(url: str, key: str, model: str, count: int, at_once: int) -> int:
    """Short requests, of which every tenth is left in the middle. How many were answered."""
    import openai

    async def worker(client: Any, mine: range) -> int:
        answered = 0
        for number in mine:
            stream = await client.chat.completions.create(
                model=model, messages=question(number), max_tokens=8, stream=True
            )
            async for _ in stream:
                if number % 10 == 0:
                    await stream.close()
                    break
            answered += 1
        return answered

    async def all_of_them() -> int:
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=3600) as client:
            return sum(
                await asyncio.gather(*(worker(client, range(at, count, at_once)) for at in range(at_once)))
            )

    return asyncio.run(all_of_them())


# --- the server ---


@contextmanager
def started(options: argparse.Namespace) -> Iterator[tuple[str, str, str, int]]:
    """Address, model, device and process of our server."""
    words = ["serve", "--model", options.model, "--port", "0", "--context", str(options.context)]
    words += ["--sequences", str(options.sequences), "--max-waiting", "1000"]
    if options.device:
        words += ["--device", options.device]
    if options.threads:
        words += ["--threads", str(options.threads)]
    process = subprocess.Popen([sys.executable, "-m", "zcwasm", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()  # "NAME on DEVICE: ADDRESS"
        if not line:
            sys.exit("the server did not start")
        name, _, rest = line.partition(" on ")
        device, _, url = rest.strip().partition(": ")
        yield url, name, device, process.pid
    finally:
        process.terminate()
        process.wait(60)


def resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    anonymous = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")]
    return int(anonymous[0]) * 1024 if anonymous else 0


class Server:
    """One that is asked, by clients in several processes."""

    def __init__(self, name: str, url: str, key: str, model: str, options: argparse.Namespace) -> None:
        self.name, self.url, self.key, self.model = name, url, key, model
        self.options = options
        self.alone: dict[int, str] = {}

    def ask(self, pool: ProcessPoolExecutor, clients: int, numbers: Sequence[int]) -> list[Answer]:
        mine = [list(numbers[at::clients]) for at in range(clients)]
        parts = min(self.options.processes, clients)
        tasks = [
            pool.submit(ask_all, self.url, self.key, self.model, mine[at::parts], self.options.new)
            for at in range(parts)
        ]
        return [answer for task in tasks for answer in task.result()]

    def load(self, pool: ProcessPoolExecutor, clients: int, numbers: Sequence[int]) -> Load:
        begin = time.perf_counter()
        answers = self.ask(pool, clients, numbers)
        seconds = time.perf_counter() - begin
        firsts = [answer.first for answer in answers]
        each = [
            (a.tokens - 1) / (a.seconds - a.first) for a in answers if a.tokens > 1 and a.seconds > a.first
        ]
        return Load(
            self.name,
            clients,
            len(answers),
            statistics.median(firsts),
            max(firsts),
            sum(answer.tokens for answer in answers) / seconds,
            statistics.median(each),
            sum(answer.text == self.alone[answer.number] for answer in answers),
        )


def show(loads: Sequence[Load]) -> None:
    print("| server | clients | requests | first token, median | worst | tokens/s | each | as alone |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for load in loads:
        print(
            f"| {load.server} | {load.clients} | {load.requests} | {1000 * load.first_median:.0f} ms | "
            f"{1000 * load.first_worst:.0f} ms | {load.tokens_per_second:.0f} | "
            f"{load.tokens_per_second_each:.1f} | {load.equal} of {load.requests} |"
        )


def json_answers(server: Server, pool: ProcessPoolExecutor, count: int) -> dict[str, Any]:
    import jsonschema

    parts = server.options.processes
    begin = time.perf_counter()
    tasks = [
        pool.submit(
            ask_json, server.url, server.key, server.model, range(at, count, parts), _AT_ONCE // parts
        )
        for at in range(parts)
    ]
    answers = [each for task in tasks for each in task.result()]
    seconds = time.perf_counter() - begin
    valid = 0
    for text, _ in answers:
        try:
            jsonschema.validate(json.loads(text), SCHEMA)
            valid += 1
        except (ValueError, jsonschema.ValidationError):
            print("not valid:", text[:200])
    speed = sum(tokens for _, tokens in answers) / seconds
    print(f"\nJSON under a schema: {valid} of {count} valid, {speed:.0f} tokens/s, {_AT_ONCE} at once")
    return {"valid": valid, "count": count, "tokens_per_second": speed}


def flat(server: Server, pool: ProcessPoolExecutor, count: int, pid: int) -> dict[str, Any]:
    parts = server.options.processes
    marks = []
    for _ in range(5):
        tasks = [
            pool.submit(
                ask_flat, server.url, server.key, server.model, count // 5 // parts, _AT_ONCE // parts
            )
            for _ in range(parts)
        ]
        done = sum(task.result() for task in tasks)
        marks.append(resident(pid))
        print(f"{done} requests more: {marks[-1] / 2**20:,.1f} MiB of the server's own memory", flush=True)
    return {"requests": count, "resident": marks}


def machine() -> str:
    return f"{cpu_name()}, {usable_cpus()} CPUs, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=os.environ.get("ZCWASM_TEST_MODEL", "smollm2-135m"))
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--sequences", type=int, default=64)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--requests", type=int, default=64, help="for each number of clients")
    parser.add_argument("--new", type=int, default=48, help="tokens of an answer")
    parser.add_argument("--rounds", type=int, default=1, help="of which the table has the median")
    parser.add_argument("--processes", type=int, default=min(4, os.cpu_count() or 1), help="of clients")
    parser.add_argument("--json-answers", type=int, default=64)
    parser.add_argument("--flat", type=int, default=0, metavar="REQUESTS", help="whether memory grows")
    parser.add_argument("--peer", metavar="URL")
    parser.add_argument("--peer-model", default="model")
    parser.add_argument("--peer-key", default="none")
    parser.add_argument("--out", type=Path, help="all numbers, as JSON")
    options = parser.parse_args()
    with started(options) as (url, name, device, pid), ProcessPoolExecutor(options.processes) as pool:
        print(f"{machine()}; {name} on {device}, {options.new} new tokens, {options.sequences} sequences\n")
        servers = [Server("zcwasm", url, "none", name, options)]
        if options.peer:
            servers.append(Server("peer", options.peer, options.peer_key, options.peer_model, options))
        numbers = range(options.requests)
        for server in servers:
            server.alone = {answer.number: answer.text for answer in server.ask(pool, 1, numbers)}
        loads = []
        for clients in options.clients:
            rounds: dict[str, list[Load]] = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    rounds[server.name].append(server.load(pool, clients, numbers))
            for found in rounds.values():
                middle = sorted(found, key=lambda load: load.tokens_per_second)[len(found) // 2]
                middle.equal = min(load.equal for load in found)
                loads.append(middle)
        show(loads)
        result: dict[str, Any] = {"machine": machine(), "device": device, "loads": [asdict(x) for x in loads]}
        if options.json_answers:
            result["json"] = json_answers(servers[0], pool, options.json_answers)
        if options.flat:
            result["flat"] = flat(servers[0], pool, options.flat, pid)
    if options.out:
        options.out.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
