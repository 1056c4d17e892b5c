"""The command line: what it prints, and what it says about input that makes no sense."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import guest_path

import zcwasm
from zcwasm import _cli, _demo

DEMO = Path(zcwasm.__file__).parent / "guests" / "demo.wasm"
TRAPS = str(guest_path("command"))


class TestDemo:
    @pytest.fixture(params=[info["kind"] for info in zcwasm.devices() if info["available"]])
    def kind(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_json(self, zcwasm_command: Any, kind: str) -> None:
        ran = zcwasm_command("demo", "--size", "65", "--device", kind, "--json")
        result = ran.json
        assert result["size"] == 65
        assert result["elements"] == 65 * 65
        assert result["device"]["kind"] == kind
        for row in result["pointers"].values():
            assert row["guest"] == result["guest_base"] + row["guest_offset"] == row["numpy"]
            if result["device"]["unified_memory"]:
                assert row["device"] == row["guest"]
        direct, copying = result["in_place"], result["copying"]
        assert direct["copied_bytes"] == 0
        assert copying["copied_bytes"] == 3 * 4 * 65 * 65
        assert direct["errors"] == copying["errors"] == 0
        assert direct["checksum"] == copying["checksum"]
        assert direct["seconds"]["copy_out"] is direct["seconds"]["copy_back"] is None
        assert all(value > 0 for value in copying["seconds"].values())

    @pytest.mark.footprint
    def test_dispatch_in_place_needs_no_memory(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("demo", "--size", "512", "--device", "cpu", "--threads", "1", "--json")
        assert ran.status == 0
        assert ran.json["holds"] is True
        assert ran.json["device"]["threads"] == 1
        assert ran.json["in_place"]["resident_growth"] < 200_000
        assert ran.json["copying"]["resident_growth"] > 2 * 4 * 512 * 512

    @pytest.mark.parametrize("size", ["1", "7"])
    def test_small_sizes(self, zcwasm_command: Any, size: str) -> None:
        result = zcwasm_command("demo", "--size", size, "--device", "cpu", "--json").json
        assert result["pointers_equal"]
        assert result["in_place"]["errors"] == 0

    def test_table_says_what_was_found(self) -> None:
        result = _demo.run(16, "cpu")
        result["failed"] = []
        text = _demo.table(result)
        assert f"{result['pointers']['C']['numpy']:#x}" in text
        assert "0 of 256" in text
        assert text.endswith("One pointer, nothing copied, no errors.")
        result["failed"] = ["the pointers differ"]
        assert _demo.table(result).endswith("FAILED: the pointers differ")

    def test_every_claim_can_fail(self) -> None:
        result = _demo.run(8, "cpu")
        result["in_place"]["resident_growth"] = 0
        assert _demo.failures(result) == []
        result["pointers_equal"] = False
        result["in_place"].update(copied_bytes=1, resident_growth=10**6, errors=2, checksum="")
        result["copying"]["errors"] = 3
        assert len(_demo.failures(result)) == 6

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--size", "0"],
            ["--size", "-1"],
            ["--size", "18919"],
            ["--size", "many"],
            ["--device", "abacus"],
            ["--threads", "0"],
        ],
    )
    def test_arguments_that_make_no_sense(self, zcwasm_command: Any, arguments: list[str]) -> None:
        ran = zcwasm_command("demo", *arguments)
        assert ran.status == 2
        assert arguments[1] in ran.err.splitlines()[-1]

    @pytest.mark.parametrize("size", [0, -1, 18919])
    def test_guest_refuses_sizes_that_do_not_fit(self, size: int) -> None:
        with pytest.raises(ValueError, match=f"size {size}: .* 1 to 18918"):
            _demo.Guest(size)

    def test_absent_device(self, zcwasm_command: Any) -> None:
        absent = [info for info in zcwasm.devices() if not info["available"]]
        if not absent:
            pytest.skip("every device is here")
        ran = zcwasm_command("demo", "--device", absent[0]["kind"])
        assert ran.status == 1
        assert absent[0]["reason"] in ran.err


class TestDevices:
    def test_lists_all_with_reasons(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("devices")
        lines = ran.out.splitlines()
        assert ran.status == 0
        devices, engines = zcwasm.devices(), zcwasm.engines()
        assert len(lines) == len(devices) + len(engines)
        for line, info in zip(lines, devices, strict=False):
            assert line.startswith(info["kind"])
            assert (info["name"] if info["available"] else info["reason"]) in line
        for line, engine in zip(lines[len(devices) :], engines, strict=True):
            assert line.startswith("engine ")
            assert (engine.name if engine.available else str(engine.reason)) in line

    def test_json(self, zcwasm_command: Any) -> None:
        assert zcwasm_command("devices", "--json").json == zcwasm.devices()


class TestInspect:
    def test_text(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("inspect", str(guest_path("imports")))
        assert ran.status == 0
        for line in (
            "  env.memory: memory, 1 page of 64 KiB, at most 100",
            "  env.seed: global i64",
            "  env.shared: global mutable i32",
            "  env.started(i64) -> ()",
            "  poke(i32, i32) -> ()",
        ):
            assert line in ran.out.splitlines()

    def test_json(self, zcwasm_command: Any) -> None:
        result = zcwasm_command("inspect", str(DEMO), "--json").json
        assert result["size"] == DEMO.stat().st_size
        assert {"name": "fill", "kind": "func", "params": ["i32"], "results": ["i32"]} in result["exports"]
        assert result["imports"] == []
        assert "custom 'name'" in [section["name"] for section in result["sections"]]
        content = sum(section["size"] for section in result["sections"])
        assert DEMO.stat().st_size - 8 - 6 * len(result["sections"]) <= content < DEMO.stat().st_size

    @pytest.mark.parametrize(("length", "byte"), [(0, 0), (6, 4), (60, None)])
    def test_broken_module_is_one_line_with_the_byte(
        self, zcwasm_command: Any, tmp_path: Path, length: int, byte: int | None
    ) -> None:
        path = tmp_path / "broken.wasm"
        path.write_bytes(DEMO.read_bytes()[:length])
        ran = zcwasm_command("inspect", str(path))
        assert ran.status == 1
        assert ran.out == ""
        assert ran.err.count("\n") == 1
        assert "broken.wasm: " in ran.err
        assert (", at byte " if byte is None else f", at byte {byte}\n") in ran.err

    def test_snapshot(self, zcwasm_command: Any, tmp_path: Path) -> None:
        path = tmp_path / "guest.snapshot"
        module = zcwasm.Module(DEMO)
        guest = zcwasm.Instance(module)
        guest.snapshot(path, notes={"to\33do": b"secret"})
        ran = zcwasm_command("inspect", str(path))
        assert ran.status == 0
        assert f"  module      {DEMO.name}, SHA-256 {module.sha256}" in ran.out.splitlines()
        assert f"{guest.memory.size:,} bytes" in ran.out
        assert r"note 'to\x1bdo'" in ran.out
        assert "secret" not in ran.out
        result = zcwasm_command("inspect", str(path), "--json").json
        assert result["size"] == path.stat().st_size
        assert result["memory"] == guest.memory.size
        assert result["notes"] == {"to\33do": {"size": 6}}
        path.write_bytes(path.read_bytes()[:-1])
        ran = zcwasm_command("inspect", str(path))
        assert ran.status == 1
        assert "a damaged snapshot: the file is cut short" in ran.out.splitlines()[0]
        assert module.sha256 in ran.out

    def test_missing_file(self, zcwasm_command: Any, tmp_path: Path) -> None:
        ran = zcwasm_command("inspect", str(tmp_path / "nothing.wasm"))
        assert ran.status == 1
        assert "nothing.wasm" in ran.err


class TestRun:
    def test_prints_each_result(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("run", TRAPS, "swap", "3", "--", "-0x10")
        assert (ran.status, ran.out) == (0, "-16\n3.0\n")
        assert zcwasm_command("run", str(DEMO), "setup", "0").out == "0\n"

    def test_trap_names_functions(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("run", TRAPS, "boom")
        assert ran.status == 1
        assert ran.out == ""
        first, *trace = ran.err.splitlines()
        assert "trap: unreachable" in first
        assert trace == ["  in bad", "  in boom"]

    @pytest.mark.parametrize(
        ("option", "kind"), [(("--fuel", "1000"), "fuel"), (("--deadline", "0.05"), "deadline")]
    )
    def test_limits_stop_a_guest(self, zcwasm_command: Any, option: tuple[str, str], kind: str) -> None:
        ran = zcwasm_command("run", TRAPS, "spin", *option)
        assert ran.status == 1
        assert kind in ran.err

    def test_memory_limit(self, zcwasm_command: Any) -> None:
        assert zcwasm_command("run", str(DEMO), "setup", "256", "--memory", "64K").out == "0\n"
        assert zcwasm_command("run", str(DEMO), "setup", "256", "--memory", "1M").out == "1\n"
        assert zcwasm_command("run", str(DEMO), "setup", "256", "--memory", "1").status == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["swap", "1"], "swap(i64, i64) -> (i64, f32) takes 2 arguments, got 1"),
            (["swap", "1", "1.5"], "'1.5' is not a number of type i64"),
            (["swap", "1", str(2**64)], "does not fit"),
        ],
    )
    def test_bad_calls(self, zcwasm_command: Any, arguments: list[str], message: str) -> None:
        ran = zcwasm_command("run", TRAPS, *arguments)
        assert ran.status == 1
        assert message in ran.err

    @pytest.mark.parametrize(
        "option",
        [("--fuel", "-1"), ("--fuel", "x"), ("--deadline", "0"), ("--deadline", "nan"), ("--memory", "1X")],
    )
    def test_bad_limits(self, zcwasm_command: Any, option: tuple[str, str]) -> None:
        assert zcwasm_command("run", TRAPS, "boom", *option).status == 2

    def test_missing_imports(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("run", str(guest_path("basics")), "add", "1", "2")
        assert ran.status == 1
        assert ran.err.splitlines() == [
            "zcwasm run: the module cannot be linked:",
            "  import 'env'.'log' is missing: the module needs this function (i32) -> ()",
            "  import 'env'.'pair' is missing: the module needs this function (i32, i64) -> (i64, i32)",
            "This command grants WASI only; zcwasm.Instance gives a guest the rest, from Python.",
        ]

    @pytest.mark.parametrize(
        ("arguments", "first"),
        [
            ([], f"{TRAPS} is no program (it does not export _start): which function?"),
            (["nothing"], f"{TRAPS} exports no function 'nothing'"),
        ],
    )
    def test_no_such_function_lists_them(self, zcwasm_command: Any, arguments: list[str], first: str) -> None:
        ran = zcwasm_command("run", TRAPS, *arguments)
        assert ran.status == 2
        assert ran.out == ""
        assert ran.err.splitlines() == [
            f"zcwasm run: {first}",
            "it exports:",
            "  boom() -> ()",
            "  swap(i64, i64) -> (i64, f32)",
            "  spin() -> ()",
        ]

    def test_help_of_a_module_lists_its_functions(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("run", TRAPS, "--help")
        assert ran.status == 0
        assert "  swap(i64, i64) -> (i64, f32)\n" in ran.out

    def test_module_without_functions(self, zcwasm_command: Any, tmp_path: Path) -> None:
        path = tmp_path / "empty.wasm"
        path.write_bytes(b"\0asm\1\0\0\0")
        ran = zcwasm_command("run", str(path))
        assert ran.status == 2
        assert ran.err.endswith("which function?\nit exports no functions\n")

    def test_what_only_python_can_grant(self, zcwasm_command: Any) -> None:
        ran = zcwasm_command("run", str(guest_path("abi")), "memory_at")
        assert ran.status == 1
        assert "is not granted: the guest needs device=" in ran.err
        assert ran.err.endswith("zcwasm.Instance gives a guest the rest, from Python.\n")

    def test_variables_that_are_not_set_stay_unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZCWASM_TEST_SET", "here")
        monkeypatch.setenv("ZCWASM_TEST_EMPTY", "")
        monkeypatch.delenv("ZCWASM_TEST_UNSET", raising=False)
        assert _cli.variable("ZCWASM_TEST_SET") == [("ZCWASM_TEST_SET", "here")]
        assert _cli.variable("ZCWASM_TEST_EMPTY") == [("ZCWASM_TEST_EMPTY", "")]
        assert _cli.variable("ZCWASM_TEST_UNSET") == []
        assert _cli.variable("ZCWASM_TEST_UNSET=") == [("ZCWASM_TEST_UNSET", "")]
        assert _cli.variable("ZCWASM_TEST_SET=a=b") == [("ZCWASM_TEST_SET", "a=b")]


def test_module_can_be_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zcwasm", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"zcwasm {zcwasm.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [((), "COMMAND is missing"), (("run",), "FILE is missing"), (("inspect",), "FILE is missing")],
)
def test_what_is_missing_shows_the_help(zcwasm_command: Any, arguments: tuple[str, ...], text: str) -> None:
    ran = zcwasm_command(*arguments)
    assert ran.status == 2
    assert ran.err.startswith("usage: zcwasm")
    assert ran.err.endswith(f"{text}\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["devices"], ["inspect", str(DEMO)], ["run", TRAPS, "swap", "1", "2"]])
def test_stdout_that_takes_nothing(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zcwasm", *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"zcwasm {arguments[0]}: [Errno 28] No space left on device\n"


def test_stdout_that_nobody_reads(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "zcwasm", "inspect", str(DEMO)]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    os.close(writes)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["devices"], 0), (["run", TRAPS, "swap", "1", "2"], 0), (["run", TRAPS, "nothing like it"], 2)],
)
def test_streams_that_are_closed(closed: str, arguments: list[str], status: int, tmp_path: Path) -> None:
    """What has nowhere to go is dropped."""
    words = shlex.join([sys.executable, "-m", "zcwasm", *arguments])
    done = subprocess.run(["sh", "-c", f"{words} {closed}"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if ">" not in closed and status == 0:
        assert done.stdout


def test_an_unknown_option_shows_the_usage_of_its_command(zcwasm_command: Any) -> None:
    ran = zcwasm_command("generate", "--model", "a", "--prompt", "b", "--max-tokens", "8")
    assert ran.status == 2
    assert ran.err.startswith("usage: zcwasm generate ")
    assert ran.err.endswith("zcwasm generate: error: unrecognized arguments: --max-tokens 8\n")


@pytest.mark.slow
def test_bench(zcwasm_command: Any) -> None:
    result = zcwasm_command("bench", "--device", "cpu", "--json").json
    assert all(value > 0 for value in result["seconds"].values())
    assert result["matmul"]["gflops"] > 0
    assert result["affine"]["gbytes_per_second"] > 0


class TestGenerate:
    """On a tiny random model, whose words mean nothing."""

    @pytest.fixture
    def model(self, tmp_path: Path) -> str:
        pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
        pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
        from tiny_model import write

        path = tmp_path / "tiny.gguf"
        write(path)
        return str(path)

    def test_goes_on_with_a_prompt(self, zcwasm_command: Any, model: str) -> None:
        words = ("generate", "--model", model, "--prompt", "ab", "--raw", "--max-new-tokens", "8")
        ran = zcwasm_command(*words, "--device", "cpu", "--stats")
        assert ran.status == 0, ran.err
        assert ran.out.endswith("\n")
        assert "bytes of weights opened in" in ran.err
        assert "new ones" in ran.err
        assert "tokens/s" in ran.err
        assert zcwasm_command(*words, "--device", "cpu").out == ran.out

    def test_a_seed_repeats_what_was_drawn(self, zcwasm_command: Any, model: str) -> None:
        words = ("generate", "--model", model, "--prompt", "ab", "--raw", "--max-new-tokens", "16")
        words += ("--device", "cpu", "--temperature", "2", "--seed")
        outs = {seed: zcwasm_command(*words, seed).out for seed in ("1", "2", "3")}
        assert zcwasm_command(*words, "1").out == outs["1"]
        assert len(set(outs.values())) > 1

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (("--temperature", "-1"), "temperature is -1.0"),
            (("--system", "be brief"), "a system message needs --chat"),
            (("--top-p", "2"), "top_p is 2.0"),
        ],
    )
    def test_says_what_makes_no_sense(
        self, zcwasm_command: Any, model: str, change: tuple[str, ...], message: str
    ) -> None:
        ran = zcwasm_command(
            "generate", "--model", model, "--prompt", "a", "--raw", "--device", "cpu", *change
        )
        assert ran.status == 1
        assert message in ran.err
        assert ran.out == ""

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    def test_stdout_that_takes_nothing(self, model: str, tmp_path: Path) -> None:
        words = ["generate", "--model", model, "--prompt", "ab", "--raw", "--device", "cpu"]
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "zcwasm", *words],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
            )
        assert done.returncode == 1
        assert done.stderr == "zcwasm generate: [Errno 28] No space left on device\n"

    @staticmethod
    def text(out: str) -> str:
        """Without what stands for characters that are cut."""
        return out.removesuffix("\n").replace("\N{REPLACEMENT CHARACTER}", "")

    def test_a_session_in_a_file(self, zcwasm_command: Any, model: str, tmp_path: Path) -> None:
        """Text: cut in two it is the same; and a prompt goes on with it."""
        import zcwasm

        file = tmp_path / "session.snap"
        words = ("generate", "--model", model, "--device", "cpu", "--raw")
        draw = ("--temperature", "1.5", "--seed", "4", "--repetition-penalty", "1.2")
        whole = zcwasm_command(*words, "--prompt", "ab", *draw, "--max-new-tokens", "20").out
        first = zcwasm_command(
            *words, "--prompt", "ab", *draw, "--max-new-tokens", "8", "--session", str(file)
        )
        assert first.status == 0, first.err
        rest = zcwasm_command(*words, "--max-new-tokens", "12", "--session", str(file), "--stats")
        assert rest.status == 0, rest.err
        assert self.text(first.out) + self.text(rest.out) == self.text(whole)
        file.write_bytes(file.read_bytes()[:70000])
        more = zcwasm_command(*words, "--temperature", "0", "--max-new-tokens", "1", "--session", str(file))
        assert more.status == 0, more.err
        assert "its tokens were computed again" in more.err
        sampling = json.loads(zcwasm.snapshot_info(file)["notes"]["zcwasm.session"])["sampling"]
        assert (sampling["temperature"], sampling["seed"]) == (0, 4)
        more = zcwasm_command(*words, "--prompt", " the world", "--session", str(file), "--stats")
        assert more.status == 0, more.err
        assert "2 tokens of the prompt" not in more.err
        failed = zcwasm_command(*words, "--prompt", "x", "--system", "y", "--session", str(file))
        assert (failed.status, failed.out) == (1, "")
        assert "a system message needs --chat" in failed.err
        failed = zcwasm_command(*words[:-1], "--chat", "--prompt", "x", "--session", str(file))
        assert (failed.status, failed.out) == (1, "")
        assert "holds no conversation: --raw goes on with its text" in failed.err

    def test_a_conversation_in_a_file(self, zcwasm_command: Any, model: str, tmp_path: Path) -> None:
        import zcwasm

        file = tmp_path / "chat.snap"
        words = (
            "generate",
            "--model",
            model,
            "--device",
            "cpu",
            "--session",
            str(file),
            "--max-new-tokens",
            "6",
        )
        ran = zcwasm_command(*words, "--prompt", "Hello world", "--system", "be brief")
        assert ran.status == 0, ran.err
        said = [ran.out.removesuffix("\n")]
        ran = zcwasm_command(*words, "--prompt", "and the world", "--stats")
        assert ran.status == 0, ran.err
        said.append(ran.out.removesuffix("\n"))
        ran = zcwasm_command(*words)  # goes on with the answer
        assert ran.status == 0, ran.err
        said[1] += ran.out.removesuffix("\n")
        messages = json.loads(zcwasm.snapshot_info(file)["notes"]["messages"])
        assert [each["role"] for each in messages] == ["system", *["user", "assistant"] * 2]
        assert [each["content"] for each in messages[::2]] == ["be brief", said[0], said[1]]
        assert [each["content"] for each in messages[1::2]] == ["Hello world", "and the world"]
        before = file.read_bytes()
        for more, message in (
            (("--prompt", "a", "--system", "b"), "has begun: it takes no system message"),
            (
                (
                    "--prompt",
                    "word " * 300,
                ),
                "tokens, the session's context has room for 256",
            ),
        ):
            ran = zcwasm_command(*words, *more)
            assert (ran.status, ran.out) == (1, "")
            assert message in ran.err
        assert file.read_bytes() == before

    def test_sessions_that_are_none(self, zcwasm_command: Any, model: str, tmp_path: Path) -> None:
        file = tmp_path / "session.snap"
        words = ("generate", "--model", model, "--device", "cpu", "--session", str(file))
        for missing in (words, words[:-2]):
            ran = zcwasm_command(*missing)
            assert ran.status == 2
            assert "--prompt is missing: there is no session to go on with" in ran.err
        file.write_bytes(b"noise")
        ran = zcwasm_command(*words, "--prompt", "a")
        assert (ran.status, ran.out) == (1, "")
        assert str(file) in ran.err
        assert file.read_bytes() == b"noise"
        words = (*words[:-1], str(tmp_path / "none" / "session.snap"))
        ran = zcwasm_command(*words, "--prompt", "a")
        assert (ran.status, ran.out) == (1, "")
        assert "there is no folder for it" in ran.err

    def test_a_conversation_with_nothing_to_go_on_from(
        self, zcwasm_command: Any, model: str, tmp_path: Path
    ) -> None:
        """Notes that are no conversation, and an answer that the model has ended."""
        import zcwasm
        from zcwasm import llm

        file = tmp_path / "chat.snap"
        words = ("generate", "--model", model, "--device", "cpu", "--session", str(file))
        opened = llm.Model.open(model, zcwasm.Device("cpu"), pack=False)
        session = opened.session()
        for _ in session.generate("ab", max_new_tokens=1):
            pass
        session._guest.state["token"] = min(opened.tokenizer.stop_ids)
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]
        for said, message in (
            (json.dumps(messages).encode(), "the answer in"),
            (b"[" * 200000, "is no conversation"),
            (b"[1]", "is no conversation"),
        ):
            session.save(file, notes={"messages": said})
            before = file.read_bytes()
            ran = zcwasm_command(*words)
            assert (ran.status, ran.out) == (1, "")
            assert message in ran.err
            assert file.read_bytes() == before

    def test_a_session_whose_stdout_nobody_reads(self, model: str, tmp_path: Path) -> None:
        """What came so far is in the file."""
        file = tmp_path / "session.snap"
        words = [
            "generate",
            "--model",
            model,
            "--prompt",
            "ab",
            "--raw",
            "--device",
            "cpu",
            "--session",
            file,
        ]
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "zcwasm", *words], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path
            )
        assert done.returncode == 1
        assert file.exists(), done.stderr

    def test_embedding_models_write_no_text(self, zcwasm_command: Any, tmp_path: Path) -> None:
        words = ("--prompt", "a", "--device", "cpu")
        ran = zcwasm_command("generate", "--model", "all-minilm-l6-v2", *words)
        assert ran.status == 1
        assert "all-minilm-l6-v2 is an embedding model, which writes no text" in ran.err
        ran = zcwasm_command("generate", "--model", str(tmp_path), *words)
        assert ran.status == 1
        assert "is a folder that has no config.json" in ran.err

    def test_without_the_extra(
        self, zcwasm_command: Any, model: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "tokenizers", None)
        ran = zcwasm_command("generate", "--model", model, "--prompt", "a", "--device", "cpu")
        assert ran.status == 1
        assert "the package tokenizers: pip install 'zcwasm[llm]'" in ran.err

    def test_no_such_model(self, zcwasm_command: Any, tmp_path: Path) -> None:
        pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
        missing = tmp_path / "missing.gguf"
        ran = zcwasm_command("generate", "--model", str(missing), "--prompt", "a")
        assert ran.status == 1
        assert str(missing) in ran.err
