"""`zcwasm serve` under load, asked by the public package `openai`: time to first token and tokens per second
at 1, 8 and 64 clients, whether every greedy answer is the one that the same request gives alone, JSON under a
schema, and the server's memory.

    python benchmarks/server.py                                  # the server is started, and ended
    python benchmarks/server.py --device vulkan --new 128 --json-answers 1000 --flat 10000
    python benchmarks/server.py --threads 2 --rounds 3 \\
        --peer "llama-cpp-python=python -m llama_cpp.server --model {file} --n_ctx {context} --port {port} \\
                --n_threads {threads} --n_threads_batch {threads} --interrupt_requests False" \\
        --peer "llama-server=llama-server -m {file} -c {tokens} -np {sequences} --port {port} \\
                -t {threads} -tb {threads}"

The clients are processes of their own (--processes), so that what the package does for each token (which is
more than the server does) is not the server's time. A peer is any server with this interface: a command that
is started, or the address of one that runs. All are asked for the same, in turns, in one run; those whose
turn it is not are there and idle. What is measured is new to all of them in every round: nobody's cache of
prompts has more of it than what questions have in common. Needs zcwasm[serve], openai and jsonschema.

llama-cpp-python's server computes one request at a time: with several clients each waits for those before
it, and only that one has the tokens per second of its own. llama.cpp's own llama-server computes as many at
once as it has slots (-np), as ours does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zcwasm._measure import cpu_name, usable_cpus
from zcwasm._models import fetch

_START = 120  # seconds in which a peer has to answer
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
    """So many clients at once, each with one request after the other; of several rounds the medians."""

    server: str
    clients: int
    requests: int
    tokens: int
    first_median: float
    first_worst: float
    tokens_per_second: float
    tokens_per_second_each: float  # behind the first, the median of the requests
    cpu_per_token: float  # seconds of the server's process; 0 where nobody says

    @classmethod
    def middle(cls, rounds: Sequence[Load]) -> Load:
        numbers = {
            name: statistics.median(getattr(each, name) for each in rounds)
            for name, kind in cls.__annotations__.items()
            if kind == "float"
        }
        first = rounds[0]
        return cls(first.server, first.clients, first.requests, first.tokens, **numbers)


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
            tokens += bool(said)  # until the server says how many, which not every one does
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
        # With its retries: some servers close a connection that is about to be used again.
        async with openai.AsyncOpenAI(base_url=url, api_key=key, timeout=3600) as client:
            try:
                found = await asyncio.gather(*(one(client, mine) for mine in numbers))
            except openai.APIError as error:  # which another process could not read
                raise RuntimeError(f"{url}: {error!r}, {error.__cause__!r}") from None
        return [answer for each in found for answer in each]

    return asyncio.run(all_of_them())


def ask_embeddings(url: str, key: str, model: str, numbers: Sequence[Sequence[int]]) -> list[float]:
    """The seconds of each request, of one text. Each list is a client's."""
    import openai

    async def one(client: Any, mine: Sequence[int]) -> list[float]:
        seconds = []
        for number in mine:
            begin = time.perf_counter()
            await client.embeddings.create(model=model, input=question(number)[0]["content"])
            seconds.append(time.perf_counter() - begin)
        return seconds

    async def all_of_them() -> list[float]:
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=3600) as client:
            found = await asyncio.gather(*(one(client, mine) for mine in numbers))
        return [each for some in found for each in some]

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
    if options.embed:
        words += ["--embed", options.embed]
    if options.threads:
        words += ["--threads", str(options.threads)]
    process = subprocess.Popen([sys.executable, "-m", "zcwasm", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()  # "NAME on DEVICE: ADDRESS"
        if not line:
            sys.exit("the server did not start")
        names, _, rest = line.partition(" on ")
        name = names.partition(", ")[0]
        device, _, url = rest.strip().partition(": ")
        yield url, name, device, process.pid
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def models_of(url: str, key: str) -> list[str]:
    request = urllib.request.Request(f"{url}/models", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return [each["id"] for each in json.load(answer)["data"]]


@contextmanager
def peer(said: str, options: argparse.Namespace) -> Iterator[Server]:
    """Of NAME=COMMAND, which is started, or NAME=URL."""
    name, _, how = said.partition("=")
    if how.startswith(("http://", "https://")):
        yield Server(name, how, options.peer_key, models_of(how, options.peer_key)[0], options)
        return
    port = free_port()
    known = {
        "file": fetch.resolve(options.model),
        "port": port,
        "threads": options.threads or usable_cpus(),
        "sequences": options.sequences,
        "context": options.context,
        "tokens": options.context * options.sequences,
    }
    words = [word.format(**known) for word in shlex.split(how)]
    url = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryFile() as log:
        # In this session, as ours is: some systems share the cores out among sessions.
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            end = time.monotonic() + _START
            while True:
                try:
                    model = models_of(url, options.peer_key)[0]
                    break
                except (OSError, IndexError):
                    if process.poll() is not None or time.monotonic() > end:
                        log.seek(0)
                        sys.exit(f"{name} did not start:\n{log.read().decode(errors='replace')[-4000:]}")
                    time.sleep(0.2)
            yield Server(name, url, options.peer_key, model, options, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_seconds(pid: int) -> float:
    """That a process has taken, where the system says so."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    anonymous = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")]
    return int(anonymous[0]) * 1024 if anonymous else 0


class Server:
    """One that is asked, by clients in several processes."""

    def __init__(
        self, name: str, url: str, key: str, model: str, options: argparse.Namespace, pid: int = 0
    ) -> None:
        self.name, self.url, self.key, self.model, self.pid = name, url, key, model, pid
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
        begin, cpu = time.perf_counter(), cpu_seconds(self.pid)
        answers = self.ask(pool, clients, numbers)
        seconds, cpu = time.perf_counter() - begin, cpu_seconds(self.pid) - cpu
        firsts = [answer.first for answer in answers]
        each = [
            (a.tokens - 1) / (a.seconds - a.first) for a in answers if a.tokens > 1 and a.seconds > a.first
        ]
        tokens = sum(answer.tokens for answer in answers)
        return Load(
            self.name,
            clients,
            len(answers),
            tokens,
            statistics.median(firsts),
            max(firsts),
            tokens / seconds,
            statistics.median(each) if each else 0.0,
            cpu / tokens,
        )

    def as_alone(self, pool: ProcessPoolExecutor, clients: int) -> int:
        """How many answers are the same among others."""
        answers = self.ask(pool, clients, list(self.alone))
        return sum(answer.text == self.alone[answer.number] for answer in answers)


def show(loads: Sequence[Load]) -> None:
    print("| clients | server | first token | worst | tokens/s | of each | CPU a token | requests, tokens |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for load in loads:
        print(
            f"| {load.clients} | {load.server} | {1000 * load.first_median:.0f} ms | "
            f"{1000 * load.first_worst:.0f} ms | {load.tokens_per_second:.0f} | "
            f"{load.tokens_per_second_each:.1f} | {1000 * load.cpu_per_token:.2f} ms | "
            f"{load.requests}, {load.tokens} |"
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


def embeddings(
    server: Server, pool: ProcessPoolExecutor, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Of one short text for each request."""
    found = []
    print("\n| clients | embeddings, median | worst | texts/s |\n| ---: | ---: | ---: | ---: |")
    for clients in options.clients:
        rounds = []
        for _ in range(options.rounds):
            begin = time.perf_counter()
            mine = [list(range(at, options.embeddings, clients)) for at in range(clients)]
            parts = min(options.processes, clients)
            tasks = [
                pool.submit(ask_embeddings, server.url, server.key, options.embed, mine[at::parts])
                for at in range(parts)
            ]
            seconds = [each for task in tasks for each in task.result()]
            rounds.append(
                (statistics.median(seconds), max(seconds), len(seconds) / (time.perf_counter() - begin))
            )
        median, worst, speed = map(statistics.median, zip(*rounds, strict=True))
        print(f"| {clients} | {1000 * median:.0f} ms | {1000 * worst:.0f} ms | {speed:.0f} |", flush=True)
        found.append({"clients": clients, "median": median, "worst": worst, "texts_per_second": speed})
    return found


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


def compared(
    servers: Sequence[Server], pool: ProcessPoolExecutor, options: argparse.Namespace
) -> dict[str, Any]:
    """All servers in turns."""
    alone = range(options.requests)
    coming = options.requests
    for server in servers:
        server.alone = {answer.number: answer.text for answer in server.ask(pool, 1, alone)}
    loads, busy = [], [os.getloadavg()[0]]
    for clients in options.clients:
        rounds: dict[str, list[Load]] = {server.name: [] for server in servers}
        for turn in range(options.rounds):
            numbers = range(coming, coming := coming + options.requests)
            for server in servers if turn % 2 == 0 else reversed(servers):
                rounds[server.name].append(server.load(pool, clients, numbers))
        loads += [Load.middle(found) for found in rounds.values()]
        busy.append(os.getloadavg()[0])
    show(loads)
    if len(servers) > 1:
        print(
            "\nA server that computes one request at a time, as llama-cpp-python's does, lets all others "
            "wait: their first tokens come late, and the tokens/s of each are of the one whose turn it is."
        )
    equal = {}
    for server in servers:
        equal[server.name] = server.as_alone(pool, max(options.clients))
        print(f"{server.name}: {equal[server.name]} of {len(alone)} answers are as alone", flush=True)
    print(f"load of the machine, itself included: {', '.join(f'{each:.1f}' for each in busy)}")
    return {"loads": [asdict(load) for load in loads], "as_alone": equal, "load_average": busy}


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
    parser.add_argument("--rounds", type=int, default=1, help="of which the table has the medians")
    parser.add_argument("--processes", type=int, default=min(4, os.cpu_count() or 1), help="of clients")
    parser.add_argument("--json-answers", type=int, default=64)
    parser.add_argument(
        "--embed", metavar="NAME", help="a model that gives embeddings, which are asked for, too"
    )
    parser.add_argument("--embeddings", type=int, default=256, help="requests for each number of clients")
    parser.add_argument("--flat", type=int, default=0, metavar="REQUESTS", help="whether memory grows")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="with {file}, {port}, {threads}, {sequences}, {context}, {tokens}; or NAME=URL",
    )
    parser.add_argument("--peer-key", default="none")
    parser.add_argument("--out", type=Path, help="all numbers, as JSON")
    options = parser.parse_args()
    with ExitStack() as stack:
        url, name, device, pid = stack.enter_context(started(options))
        servers = [Server("zcwasm", url, "none", name, options, pid)]
        servers += [stack.enter_context(peer(each, options)) for each in options.peer]
        pool = stack.enter_context(ProcessPoolExecutor(options.processes))
        about = f"{name} on {device}, {options.new} new tokens, {options.sequences} sequences"
        print(f"{machine()}; {about}\n", flush=True)
        result: dict[str, Any] = {"machine": machine(), "device": device, "about": about}
        if options.requests:
            result |= compared(servers, pool, options)
        if options.json_answers:
            result["json"] = json_answers(servers[0], pool, options.json_answers)
        if options.embed:
            result["embeddings"] = embeddings(servers[0], pool, options)
        if options.flat:
            result["flat"] = flat(servers[0], pool, options.flat, pid)
    if options.out:
        options.out.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
