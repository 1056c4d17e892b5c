"""Steps of many sequences (zcwasm/llm/_engine.py, zcwasm/guests/llama_many.c) over a tiny random model,
beside sessions that compute the same ones by themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which quantizes the model, is not installed")

import tiny_model
from models import real_model

import zcwasm
from zcwasm import llm
from zcwasm.guests import layouts
from zcwasm.llm import _engine, _placement
from zcwasm.llm._engine import NO_TOKEN, Engine, Step, outputs, seeded

pytestmark = pytest.mark.slow_on_software

PAGE = 16
CONTEXT = 96
# Of different lengths: less than a page, a page, more than two.
PROMPTS = [
    [(seed * n * n + 3 * n + seed) % 250 for n in range(count)] for seed, count in ((7, 5), (5, 16), (11, 37))
]

# Of logits, as in test_llm.py: nothing but rounding; activations in 16-bit fixed point; a cache of float16.
TOLERANCES = {("f32", True): 2e-4, ("f32", False): 5e-3, ("f16", True): 2e-2}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    tiny_model.write(path)
    return path


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With heads that a cache of Q8_0 takes."""
    path = tmp_path_factory.mktemp("models") / "wide.gguf"
    tiny_model.write(path, dim=128)
    return path


@pytest.fixture
def model(path: Path, device: zcwasm.Device) -> llm.Model:
    return llm.Model.open(path, device)


@pytest.fixture
def cpu_model(path: Path) -> llm.Model:
    """For what does not depend on the device, and for what is equal bit for bit there."""
    return llm.Model.open(path, zcwasm.Device("cpu"))


class Rows:
    """Sequences of an engine, whose pages lie anywhere, and the step that is put together for them."""

    def __init__(self, model: llm.Model, sequences: int = 4, **options: Any) -> None:
        self.engine = Engine(
            model,
            **{"sequences": sequences, "context": CONTEXT, "pages": 31, "page": PAGE, "rows": 64, **options},
        )
        self.free = np.random.default_rng(3).permutation(self.engine.pages).tolist()
        self.lengths = [0] * sequences
        self.begin()

    def begin(self) -> None:
        self.rows: list[tuple[int, int, int, tuple[int, int, int]]] = []
        self.pieces: list[tuple[int, int, bool]] = []
        self.wanted: list[int] = []

    def pages(self, sequence: int) -> int:
        """How many it has."""
        return -(-self.lengths[sequence] // PAGE)

    def share(self, sequence: int, other: int, tokens: int) -> None:
        """It begins with full pages of another one."""
        assert tokens % PAGE == 0
        self.engine.tables[sequence, : tokens // PAGE] = self.engine.tables[other, : tokens // PAGE]
        self.lengths[sequence] = tokens

    def add(self, sequence: int, tokens: Sequence[int], wanted: int = 1, shared: bool = True) -> None:
        """Rows behind those that the sequence has; of the last one so many tokens are wanted. Without
        `shared` they go to the piece before, if that is no prompt."""
        engine, first = self.engine, len(self.rows)
        for token in tokens:
            position = self.lengths[sequence]
            if position % PAGE == 0:
                engine.tables[sequence, position // PAGE] = self.free.pop()
            self.lengths[sequence] += 1
            page = int(engine.tables[sequence, position // PAGE])
            span = (0, position + 1, sequence * engine.pages_each)
            self.rows.append((token, position, page * PAGE + position % PAGE, span))
        if not shared and self.pieces and not self.pieces[-1][2]:
            start, count, _ = self.pieces.pop()
            self.pieces.append((start, count + len(tokens), False))
        else:
            self.pieces.append((first, len(tokens), shared))
        self.wanted += [len(self.rows) - 1] * wanted

    def decode(self, tokens: dict[int, int]) -> None:
        for sequence, token in tokens.items():
            self.add(sequence, [token], shared=False)

    def step(self, **settings: Any) -> Step:
        """Of what was added; settings of all outputs, or one for each."""
        columns = list(zip(*self.rows, strict=True))
        found = outputs(len(self.wanted))
        found["row"] = self.wanted
        for name, value in settings.items():
            if name not in ("entries", "keep_logits"):
                found[name] = value
        tokens, positions, places, spans = (np.array(column, np.uint32) for column in columns)
        step = Step(
            tokens=tokens,
            positions=positions,
            places=places,
            spans=spans,
            pieces=self.pieces,
            outputs=found,
            entries=settings.get("entries"),
            keep_logits=settings.get("keep_logits", False),
        )
        self.begin()
        return step

    def run(self, **settings: Any) -> list[int]:
        tokens: list[int] = self.engine.run(self.step(**settings)).tolist()
        return tokens


def ids_of(tokens: Any) -> list[int]:
    return [token.id for token in tokens]


def new_tokens(session: llm.Session, prompt: Sequence[int], count: int, **options: Any) -> list[int]:
    return ids_of(session.generate(prompt, max_new_tokens=count, ignore_eos=True, **options))


def entries_of(
    output: int, vocab: int, tokens: Sequence[int], penalty: float, add: float = 0
) -> npt.NDArray[np.uint32]:
    unique = sorted(set(tokens))
    made = np.zeros((len(unique), 4), np.uint32)
    made[:, 0] = np.array(unique) + output * vocab
    made[:, 1:3] = np.array([penalty, add], np.float32).view(np.uint32)
    return made


class TestNumbers:
    @pytest.mark.parametrize(("kv_dtype", "exact"), TOLERANCES)
    def test_sequences_are_what_sessions_compute(self, model: llm.Model, kv_dtype: Any, exact: bool) -> None:
        """Prompts in parts beside sequences that decode, then these alone: the tokens and the logits."""
        rows = Rows(model, kv_dtype=kv_dtype, exact=exact)
        session = model.session(context=CONTEXT, kv_dtype=kv_dtype, exact=exact)
        made: list[list[int]] = [[], [], []]
        seen: list[list[npt.NDArray[np.float32]]] = [[], [], []]

        def run(sequences: Sequence[int]) -> None:
            tokens = rows.run(keep_logits=True)
            for index, (sequence, token) in enumerate(zip(sequences, tokens, strict=True)):
                made[sequence].append(token)
                seen[sequence].append(rows.engine.logits(index))

        rows.add(0, PROMPTS[0])
        rows.add(2, PROMPTS[2][:20], wanted=0)
        run([0])
        rows.decode({0: made[0][-1]})
        rows.add(1, PROMPTS[1])
        rows.add(2, PROMPTS[2][20:29], wanted=0)
        run([0, 1])
        rows.add(2, PROMPTS[2][29:])
        rows.decode({0: made[0][-1], 1: made[1][-1]})
        run([2, 0, 1])
        for _ in range(5):
            rows.decode({each: made[each][-1] for each in (0, 1, 2)})
            run([0, 1, 2])
        for prompt, tokens, logits in zip(PROMPTS, made, seen, strict=True):
            for index, (token, row) in enumerate(zip(tokens, logits, strict=True)):
                expected = session.logits(prompt + tokens[:index]).copy()
                allowed = TOLERANCES[kv_dtype, exact] * np.abs(expected).max()
                assert np.abs(row - expected).max() < allowed
                assert expected.max() - expected[token] < 2 * allowed
                assert token == row.argmax()

    @pytest.mark.parametrize("kv_dtype", ["f16", "f32", "q8_0"])
    def test_one_sequence_has_the_bits_of_a_session(self, wide: Path, kv_dtype: Any) -> None:
        """On the cpu device as many rows are computed alike, wherever the cache lies."""
        model = llm.Model.open(wide, zcwasm.Device("cpu"))
        rows = Rows(model, kv_dtype=kv_dtype)
        session = model.session(context=CONTEXT, kv_dtype=kv_dtype)
        rows.add(0, PROMPTS[2])
        for each in session.generate(PROMPTS[2], ignore_eos=True, max_new_tokens=20):
            token = rows.run(keep_logits=True)[0]
            assert token == each.id
            assert rows.engine.logits(0).tobytes() == session._logits.tobytes()
            rows.decode({0: token})

    def test_a_cache_of_q8_0(self, wide: Path, device: zcwasm.Device) -> None:
        """Half the bytes of float16 and a little, near what float32 gives."""
        model = llm.Model.open(wide, device)
        rows = {kv_dtype: Rows(model, kv_dtype=kv_dtype, exact=True) for kv_dtype in ("f16", "f32", "q8_0")}
        logits = {}
        for kv_dtype, each in rows.items():
            each.add(0, PROMPTS[2])
            each.run(keep_logits=True)
            logits[kv_dtype] = each.engine.logits(0)
        error = {kv_dtype: np.abs(each - logits["f32"]).max() for kv_dtype, each in logits.items()}
        assert error["f16"] < error["q8_0"] < 5e-2 * np.abs(logits["f32"]).max()
        assert rows["q8_0"].engine.nbytes_per_page * 32 == rows["f16"].engine.nbytes_per_page * 17
        session = model.session(context=CONTEXT, kv_dtype="q8_0", exact=True)
        assert session.cache_bytes == rows["q8_0"].engine.nbytes_per_page * CONTEXT // PAGE
        difference = np.abs(session.logits(PROMPTS[2]) - logits["q8_0"]).max()
        assert difference < 5e-2 * np.abs(logits["f32"]).max()

    def test_heads_that_q8_0_does_not_take(self, cpu_model: llm.Model) -> None:
        for make in (cpu_model.session, lambda **options: Rows(cpu_model, **options)):
            with pytest.raises(ValueError, match="heads have 16 elements"):
                make(kv_dtype="q8_0")

    @pytest.mark.parametrize("page", _engine.PAGE_SIZES)
    def test_sizes_of_pages(self, cpu_model: llm.Model, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
        monkeypatch.setattr(__import__(__name__), "PAGE", page)
        rows = Rows(cpu_model, page=page, pages=9)
        rows.add(0, PROMPTS[2])
        rows.add(1, PROMPTS[1])
        rows.run(keep_logits=True)
        session = cpu_model.session(context=CONTEXT)
        for index, prompt in enumerate((PROMPTS[2], PROMPTS[1])):
            expected = session.logits(prompt)
            assert np.abs(rows.engine.logits(index) - expected).max() < 2e-2 * np.abs(expected).max()

    def test_pages_are_shared(self, model: llm.Model) -> None:
        """Two that go on from the first two pages of a third one, and leave it as it is."""
        rows = Rows(model, exact=True, kv_dtype="f32")
        prompt = PROMPTS[2]
        rows.add(0, prompt)
        rows.run()
        tails = {1: [9, 8, 7], 2: [1, 2, 3, 4, 5]}
        for sequence, tail in tails.items():
            rows.share(sequence, 0, 2 * PAGE)
            rows.add(sequence, tail)
        rows.add(0, [4])
        rows.run(keep_logits=True)
        session = model.session(context=CONTEXT, kv_dtype="f32", exact=True)
        for index, ids in enumerate((prompt[:32] + tails[1], prompt[:32] + tails[2], [*prompt, 4])):
            expected = session.logits(ids)
            assert np.abs(rows.engine.logits(index) - expected).max() < 2e-4 * np.abs(expected).max()

    def test_several_tokens_of_one_row(self, model: llm.Model) -> None:
        """As many choices as are wanted of a prompt, each with a generator of its own."""
        rows = Rows(model)
        rows.add(1, PROMPTS[1], wanted=3)
        settings = {"temperature": 3.0, "random": [seeded(seed) for seed in (1, 2, 1)]}
        tokens = rows.run(keep_logits=True, **settings)
        assert tokens[0] == tokens[2]
        assert rows.engine.logits(0).tobytes() == rows.engine.logits(1).tobytes()

    def test_rows_without_outputs(self, model: llm.Model) -> None:
        rows = Rows(model)
        rows.add(0, PROMPTS[2][:30], wanted=0)
        assert rows.run() == []
        rows.add(0, PROMPTS[2][30:])
        assert rows.run() == new_tokens(model.session(context=CONTEXT), PROMPTS[2], 1)

    def test_the_rows_of_a_prompt_have_one_table(self, model: llm.Model) -> None:
        """That of the first one, also in the last layer, where only the last one attends."""
        rows = Rows(model)
        rows.add(0, PROMPTS[1])
        rows.add(1, PROMPTS[2])
        step = rows.step(keep_logits=True)
        rows.engine.run(step)
        expected = rows.engine.logits(1)
        step.spans[len(PROMPTS[1]) + 1 :, 2] = 0
        rows.engine.run(step)
        assert rows.engine.logits(1).tobytes() == expected.tobytes()

    def test_outputs_in_any_order(self, cpu_model: llm.Model) -> None:
        """Of some rows of a prompt, not the last one first."""
        rows = Rows(cpu_model, exact=True, kv_dtype="f32")
        rows.add(0, PROMPTS[2])
        rows.wanted = [30, 9, 22]
        tokens = rows.run()
        session = cpu_model.session(context=CONTEXT, exact=True, kv_dtype="f32")
        assert tokens == [new_tokens(session, PROMPTS[2][: row + 1], 1)[0] for row in (30, 9, 22)]


@pytest.mark.slow
def test_a_real_model() -> None:
    """SmolLM2 on the cpu: prompts of several lengths, side by side, go on as in sessions of their own."""
    model = llm.Model.open(real_model("smollm2-135m"), zcwasm.Device("cpu"), pack=False)
    texts = [
        "The capital of France is",
        "def add(a, b):",
        "Water boils at a temperature of",
        "Once upon a time",
    ]
    prompts = [model.tokenize(text) for text in texts]
    rows = Rows(model, exact=True, kv_dtype="f32")
    histories = [list(prompt) for prompt in prompts]
    for turn in range(12):
        for sequence, history in enumerate(histories):
            rows.add(sequence, history if turn == 0 else history[-1:], shared=turn == 0)
        for history, token in zip(histories, rows.run(), strict=True):
            history.append(token)
    session = model.session(context=CONTEXT, exact=True, kv_dtype="f32")
    for prompt, history in zip(prompts, histories, strict=True):
        assert history == prompt + new_tokens(session, prompt, 12)
    assert " Paris" in model.detokenize(histories[0])


# How each sequence's tokens are chosen.
SETTINGS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 2.0, "top_k": 5},
    {"temperature": 3.0, "top_k": 256, "top_p": 0.9},
    {"temperature": 1.5, "top_p": 0.5},
    {"temperature": 4.0, "min_p": 0.05},
    {"temperature": 50.0},  # most draws are left to the guest
    {"temperature": 900.0, "top_p": 0.99},
    {},
]


class TestSampling:
    @pytest.mark.parametrize("keep_logits", [False, True])
    @pytest.mark.parametrize("penalty", [1.0, 1.3])
    def test_draws_are_a_sessions(self, cpu_model: llm.Model, penalty: float, keep_logits: bool) -> None:
        """All settings side by side, in one step each time; each with the seed of a session, alone. Logits
        are the same up to rounding, with which a draw changes about once in 10^5 tokens: these do not."""
        count, vocab = 12, cpu_model.config.vocab
        rows = Rows(cpu_model, sequences=len(SETTINGS), exact=True, kv_dtype="f32")
        session = cpu_model.session(context=CONTEXT, exact=True, kv_dtype="f32")
        prompts = [PROMPTS[0] + [index] for index in range(len(SETTINGS))]
        histories = [list(prompt) for prompt in prompts]
        defaults = {"temperature": 0.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
        settings = {name: [{**defaults, **each}[name] for each in SETTINGS] for name in defaults}
        random = np.array([seeded(seed) for seed in range(len(SETTINGS))], np.uint64)
        for turn in range(count):
            for sequence, history in enumerate(histories):
                rows.add(sequence, history if turn == 0 else history[-1:], shared=turn == 0)
            found = [entries_of(i, vocab, history, penalty) for i, history in enumerate(histories)]
            step = rows.step(
                random=random,
                entries=None if penalty == 1 else np.concatenate(found),
                keep_logits=keep_logits,
                **settings,
            )
            for history, token in zip(histories, rows.engine.run(step).tolist(), strict=True):
                history.append(token)
            random = step.outputs["random"].copy()
        for index, (prompt, history) in enumerate(zip(prompts, histories, strict=True)):
            options = {**SETTINGS[index], "repetition_penalty": penalty, "seed": index}
            assert history[len(prompt) :] == new_tokens(session, prompt, count, **options), SETTINGS[index]

    def test_every_device_draws(self, model: llm.Model) -> None:
        """The same tokens as a session there, where the first draws are left to the guest, too."""
        rows = Rows(model, exact=True, kv_dtype="f32")
        session = model.session(context=CONTEXT, exact=True, kv_dtype="f32")
        seeds = range(20)
        expected = []
        for options in SETTINGS[:1] + SETTINGS[5:7]:
            expected += [new_tokens(session, PROMPTS[0], 1, seed=seed, **options)[0] for seed in seeds]
        found = []
        for options in SETTINGS[:1] + SETTINGS[5:7]:
            for seed in seeds:
                rows.lengths[0] = 0
                rows.add(0, PROMPTS[0])
                rows.free.append(int(rows.engine.tables[0, 0]))
                found += rows.run(random=seeded(seed), **options)
        assert found == expected

    def test_a_seed_is_a_sessions(self, cpu_model: llm.Model) -> None:
        session = cpu_model.session(context=CONTEXT)
        for seed in (0, 1, 2**64 - 1):
            new_tokens(session, PROMPTS[0], 1, seed=seed)
            assert int(session._guest.state["random"]) == seeded(seed)

    def test_summands(self, model: llm.Model) -> None:
        """They are added before the logits are divided by the temperature: one of 1000 decides, one of -1000
        forbids, and a small one counts as much as it says."""
        rows = Rows(model, exact=True, kv_dtype="f32")
        vocab = model.config.vocab
        rows.add(0, PROMPTS[0])
        greedy = rows.run(keep_logits=True)[0]
        logits = rows.engine.logits(0).astype(np.float64)
        second = int(np.argsort(-logits)[1])
        gap = float(logits[greedy] - logits[second])
        for temperature in (0.0, 5.0):
            entries = [entries_of(0, vocab, [77], 1, 1000), entries_of(1, vocab, [greedy], 1, -1000)]
            entries.append(entries_of(2, vocab, [second], 1, gap + 40 * (temperature or 0.01)))
            rows.decode({0: 3, 1: 3})
            rows.begin()
            rows.lengths[0] = 0
            rows.add(0, PROMPTS[0], wanted=3)
            tokens = rows.run(temperature=temperature, random=seeded(1), entries=np.concatenate(entries))
            assert tokens[0] == 77
            assert tokens[1] != greedy
            assert tokens[2] == second

    def test_masks(self, model: llm.Model) -> None:
        rows = Rows(model, sequences=6)
        rows.add(0, PROMPTS[0], wanted=6)
        allowed = [[5], [31, 32, 256], [250, 100, 276], [], [], [1]]
        for index, tokens in enumerate(allowed):
            rows.engine.mask[index] = 0
            for token in tokens:
                rows.engine.mask[index, token // 32] |= np.uint32(1 << token % 32)
        masked, temperature = [1, 1, 1, 1, 1, 0], [0, 0, 1, 0, 1, 0]
        tokens = rows.run(masked=masked, temperature=temperature, random=seeded(4), keep_logits=True)
        logits = rows.engine.logits(0)
        assert np.isfinite(logits).all()  # not masked
        assert tokens[0] == 5
        assert tokens[1] == max(allowed[1], key=lambda token: logits[token])
        assert tokens[2] in allowed[2]
        assert tokens[3] == tokens[4] == NO_TOKEN
        assert tokens[5] == logits.argmax()

    def test_nothing_is_drawn_from_nan(self, cpu_model: llm.Model) -> None:
        """A sequence whose cache has NaN spoils no other one, and its generator stays."""
        rows = Rows(cpu_model)
        rows.add(0, PROMPTS[0])
        rows.add(1, PROMPTS[0])
        rows.add(2, PROMPTS[0])
        before = rows.run()
        state = rows.engine._guest.state
        values = rows.engine._guest.array("cache", 2 * int(state["cache_layer_bytes"]) // 4, np.float16)
        columns = cpu_model.config.kv_heads * cpu_model.config.head_size
        values[int(rows.engine.tables[1, 0]) * PAGE * columns :][: PAGE * columns] = np.nan
        rows.decode({0: before[0], 1: before[0], 2: before[0]})
        step = rows.step(temperature=[0, 1, 0], random=seeded(5))
        tokens = rows.engine.run(step)
        assert tokens[1] == NO_TOKEN
        assert step.outputs["random"].tolist() == [seeded(5)] * 3
        assert tokens[0] == tokens[2] != NO_TOKEN
        rows.decode({1: before[0]})
        assert rows.run() == [NO_TOKEN]


class TestSteps:
    def test_a_step_of_the_same_shape_is_replayed(self, cpu_model: llm.Model) -> None:
        """It costs the guest a fraction of what recording does. Others in between do not change that."""
        rows = Rows(cpu_model)
        for sequence in range(3):
            rows.add(sequence, PROMPTS[0])
        tokens = dict(enumerate(rows.run()))
        instance = rows.engine._instance

        def fuel(sequences: int, **settings: Any) -> int:
            before = instance.fuel_used
            rows.decode({each: tokens[each] for each in range(sequences)})
            rows.run(**settings)
            return instance.fuel_used - before

        recorded = [fuel(3), fuel(2), fuel(3, temperature=1.0), fuel(3, temperature=2.0)]
        again = [fuel(3), fuel(2), fuel(3, temperature=1.0), fuel(3, temperature=2.0)]
        assert max(again) < min(recorded) / 3

    def test_what_is_replayed_is_what_would_be_recorded(self, cpu_model: llm.Model) -> None:
        """Steps in which anything may be another than in the one before, beside an engine whose rows are
        pieces of one row, which is recorded each time: settings, masks, entries, lengths, who takes part."""
        noise = np.random.default_rng(6)
        both = [Rows(cpu_model, exact=True, kv_dtype="f32") for _ in range(2)]
        for rows in both:
            for sequence, prompt in enumerate((PROMPTS[0], PROMPTS[1], PROMPTS[2], PROMPTS[2])):
                rows.add(sequence, prompt, wanted=0)
                rows.run()
        fuel = [rows.engine._instance.fuel_used for rows in both]
        for _ in range(50):
            count, masked, temperature = noise.integers(2, 5), noise.random(4) < 0.3, noise.integers(0, 2, 4)
            settings: dict[str, Any] = {
                "masked": masked[:count],
                "temperature": temperature[:count] * noise.choice([1, 3]),
                "random": noise.integers(0, 2**63, count),
                "keep_logits": bool(noise.integers(0, 2)),
            }
            if noise.random() < 0.5:
                tokens = noise.integers(0, 250, noise.choice([3, 70])).tolist()
                settings["entries"] = entries_of(int(count) - 1, cpu_model.config.vocab, tokens, 1.5, 2)
            mask = noise.integers(0, 2**32, both[0].engine.mask.shape, np.uint32)
            decoded = {each: int(noise.integers(0, 250)) for each in noise.permutation(4)[:count].tolist()}
            found = []
            for rows in both:
                rows.engine.mask[:] = mask
                rows.decode(decoded)
                if rows is both[1]:
                    rows.pieces = [(row, 1, False) for row in range(count)]
                found.append(rows.run(**settings))
            assert found[0] == found[1]
        used = [rows.engine._instance.fuel_used - before for rows, before in zip(both, fuel, strict=True)]
        assert used[0] < used[1]

    def test_a_step_copies_nothing(self, model: llm.Model) -> None:
        rows = Rows(model)
        rows.add(0, PROMPTS[0])
        token = rows.run()[0]
        before = zcwasm.copy_stats()
        for _ in range(3):
            rows.decode({0: token})
            token = rows.run()[0]
        after = zcwasm.copy_stats()
        if rows.engine.mirrored:  # what is appended goes into the mirror, too
            assert after.pop("mirrored") > before.pop("mirrored")
        assert after == before

    def test_an_interrupted_step_is_done_again(self, model: llm.Model) -> None:
        """Whenever it is interrupted, what comes of the next try is the same."""
        expected = new_tokens(model.session(context=CONTEXT, chunk=64), PROMPTS[2], 20)
        rows = Rows(model)
        engine, ended = rows.engine, threading.Event()
        wanted = threading.Semaphore(0)  # interrupts, so that a slow device comes to an end, too

        def interrupt() -> None:
            while wanted.acquire() and not ended.wait(0.0005):
                engine.interrupt()

        def run() -> int:
            step = rows.step(random=seeded(9))
            for _ in range(10):
                wanted.release()
                try:
                    return int(engine.run(step)[0])
                except zcwasm.Trap as trap:
                    seen = trap.kind, int(step.outputs["random"][0]), int(step.outputs["token"][0])
                assert seen == ("interrupted", seeded(9), 0)
                time.sleep(0.001)
            return int(engine.run(step)[0])

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            rows.add(0, PROMPTS[2])
            found = [run()]
            while len(found) < 20:
                rows.decode({0: found[-1]})
                found.append(run())
        finally:
            ended.set()
            wanted.release()
            thread.join()
        assert found == expected

    def test_interrupted_between_any_two_calls(self, cpu_model: llm.Model) -> None:
        """By the guest's fuel, which ends a step at a point that is known."""
        rows = Rows(cpu_model)
        rows.add(0, PROMPTS[2])
        token = rows.run(keep_logits=True)[0]
        instance, engine = rows.engine._instance, rows.engine
        rows.decode({0: token})
        step = rows.step(keep_logits=True, temperature=1.0, random=seeded(2))
        engine.run(step)
        expected, after = engine.logits(0), step.outputs.copy()
        step.outputs["random"], step.outputs["token"] = seeded(2), 0
        step.outputs["temperature"] = 1.5  # which is recorded anew
        before = instance.fuel_used
        instance.fuel = None
        for fuel in range(1, 100000, 97):
            instance.fuel = fuel
            try:
                engine.run(step)
                break
            except zcwasm.Trap as trap:
                kind = trap.kind
            assert kind == "out_of_fuel"
            assert step.outputs["random"] == seeded(2)
        assert instance.fuel_used > before
        instance.fuel = None
        assert engine.logits(0).tobytes() == expected.tobytes()
        step.outputs["random"], step.outputs["temperature"] = seeded(2), 1.0
        engine.run(step)
        assert (step.outputs == after).all()

    def test_closed(self, cpu_model: llm.Model) -> None:
        rows = Rows(cpu_model)
        rows.add(0, PROMPTS[0])
        step = rows.step()
        view = rows.engine.tables
        with rows.engine as engine:
            engine.run(step)
        assert engine.closed
        engine.close()
        engine.interrupt()
        for call in (lambda: engine.run(step), lambda: engine.logits(0)):
            with pytest.raises(zcwasm.ClosedError):
                call()
        view[:] = 1  # its bytes live as long as it does


# Of four sequences side by side; those of the last two are in groups of their own.
PLAIN = {"temperature": [0, 0, 0.8, 1.5], "top_k": [0, 0, 20, 0], "top_p": [1, 1, 1, 0.9]}


class Twin:
    """Sequences that decode: by steps ahead in one engine, one by one in another one."""

    def __init__(self, model: llm.Model, **settings: Any) -> None:
        self.settings = settings or PLAIN
        self.both = [Rows(model), Rows(model)]
        self.random = np.array([seeded(seed) for seed in range(4)], np.uint64)
        for rows in self.both:
            for sequence in range(4):
                rows.add(sequence, PROMPTS[sequence % 2] + [sequence])
            step = rows.step(random=self.random, **self.settings)
            self.last = rows.engine.run(step).tolist()
        self.random = step.outputs["random"].copy()
        self.expected: list[list[int]] = []
        self.states: list[list[int]] = []  # of the generators behind
        self.steps: list[Step] = []  # that were not finished
        self.taken: list[list[int]] = []

    @property
    def ahead(self) -> Engine:
        return self.both[0].engine

    def expect(self, count: int) -> None:
        """So many steps one by one."""
        rows, random, tokens = self.both[1], self.random, self.last
        for _ in range(count):
            rows.decode(dict(enumerate(tokens)))
            step = rows.step(random=random, **self.settings)
            tokens = rows.engine.run(step).tolist()
            random = step.outputs["random"].copy()
            self.expected.append(tokens)
            self.states.append(random.tolist())

    def step(self, follows: bool) -> Step:
        """The next one; one that follows has neither tokens nor states."""
        rows = self.both[0]
        rows.decode(dict.fromkeys(range(4), 0) if follows else dict(enumerate(self.last)))
        step = rows.step(random=0 if follows else self.random, **self.settings)
        step.follows = follows
        return step

    def start(self) -> None:
        step = self.step(bool(self.steps))
        self.steps.append(step)
        self.ahead.start(step)

    def finish(self) -> None:
        step = self.steps.pop(0)
        self.last = self.ahead.finish().tolist()
        self.random = step.outputs["random"].copy()
        self.taken.append(self.last)
        assert self.taken == self.expected[: len(self.taken)]
        assert self.random.tolist() == self.states[len(self.taken) - 1]
        assert self.ahead.in_flight <= len(self.steps)

    def lose(self) -> None:
        """What was started is no more: it is done again."""
        rows = self.both[0]
        for sequence in range(4):
            for _ in self.steps:
                position = rows.lengths[sequence] = rows.lengths[sequence] - 1
                if position % PAGE == 0:
                    rows.free.append(int(rows.engine.tables[sequence, position // PAGE]))
        self.steps.clear()

    def check_caches(self) -> None:
        """Bit for bit, of the rows that both have. Pages are handed out alike."""
        found = []
        for rows in self.both:
            state = rows.engine._guest.state
            layer = rows.engine._guest.array("cache", int(state["cache_bytes"]), np.uint8)
            halves = layer.reshape(
                -1,
                rows.engine.pages * PAGE,
                int(state["cache_layer_bytes"]) // 2 // (rows.engine.pages * PAGE),
            )
            places = [
                int(rows.engine.tables[sequence, at // PAGE]) * PAGE + at % PAGE
                for sequence in range(4)
                for at in range(self.both[1].lengths[sequence])
            ]
            found.append(halves[:, places].tobytes())
        assert found[0] == found[1]


class TestAhead:
    def test_tokens_are_those_of_steps_one_by_one(self, model: llm.Model) -> None:
        """And so are generators and the cache; over pages' ends, and when a step begins anew."""
        twin = Twin(model)
        twin.expect(30)
        for count in (1, 2, 3, 24):
            twin.start()
            for _ in range(count - 1):
                twin.start()
                assert twin.ahead.in_flight == 2
                twin.finish()
                assert twin.ahead.in_flight == 1
            twin.finish()
            assert twin.ahead.in_flight == 0
        assert len(twin.taken) == 30
        twin.check_caches()

    def test_draws_that_are_left_to_the_guest(self, model: llm.Model) -> None:
        """The step behind is thrown away, and the draw is made from what the step before had."""
        twin = Twin(model, temperature=[0.8, 900, 900, 900], top_p=[1, 1, 1, 0.99])
        twin.ahead.ahead = True
        twin.expect(30)
        thrown, alone = 0, 0
        while len(twin.taken) < 29:
            if not twin.steps:
                twin.start()
            twin.start()
            twin.finish()
            if twin.ahead.in_flight < len(twin.steps):
                thrown, alone = thrown + 1, len(twin.taken)
                assert not twin.ahead.may_go_ahead
                twin.lose()
            elif len(twin.taken) - alone >= 8:
                assert twin.ahead.may_go_ahead
        assert 3 < thrown < 25

    def test_on_a_device_with_memory_of_its_own(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where activations, and copies of a step's inputs, are in scratch, and there is a mirror."""
        monkeypatch.setattr(_placement, "apart", lambda device: True)
        model = llm.Model.open(path, zcwasm.Device("cpu"))
        self.test_tokens_are_those_of_steps_one_by_one(model)
        self.test_draws_that_are_left_to_the_guest(model)

    def test_no_token(self, cpu_model: llm.Model) -> None:
        """The step behind one with NaN is thrown away. The others' tokens are right."""
        twin = Twin(cpu_model)
        for rows in twin.both:
            state = rows.engine._guest.state
            values = rows.engine._guest.array("cache", 2 * int(state["cache_layer_bytes"]) // 4, np.float16)
            columns = cpu_model.config.kv_heads * cpu_model.config.head_size
            values[int(rows.engine.tables[2, 0]) * PAGE * columns :][: PAGE * columns] = np.nan
        twin.expect(1)
        assert twin.expected[0][2] == NO_TOKEN
        twin.start()
        twin.start()
        twin.finish()
        assert twin.ahead.in_flight == 0
        with pytest.raises(zcwasm.Error, match="no step is in flight"):
            twin.ahead.finish()

    def test_what_is_started_is_replayed(self, cpu_model: llm.Model) -> None:
        """Each set records it once, and run uses the same."""
        twin = Twin(cpu_model)
        instance, used = twin.ahead._instance, []
        twin.expect(8)
        twin.start()
        for _ in range(6):
            before = instance.fuel_used
            twin.start()
            twin.finish()
            used.append(instance.fuel_used - before)
        twin.finish()
        before = instance.fuel_used
        twin.ahead.run(twin.step(False))
        used.append(instance.fuel_used - before)
        assert max(used[1:]) < used[0] / 2

    def test_it_copies_nothing(self, model: llm.Model) -> None:
        twin = Twin(model)
        twin.expect(4)
        before = zcwasm.copy_stats()
        twin.start()
        for _ in range(3):
            twin.start()
            twin.finish()
        after = zcwasm.copy_stats()
        if twin.ahead.mirrored:
            assert after.pop("mirrored") > before.pop("mirrored")
        assert after == before
        twin.finish()

    def test_interrupted_between_any_two_calls(self, cpu_model: llm.Model) -> None:
        """By the guest's fuel. What was in flight is lost, and nothing of it is taken later; more often than
        an instance may have submissions that nobody waited for."""
        twin = Twin(cpu_model, temperature=[0, 900, 1.5, 0.8])
        twin.expect(3)
        instance, first = twin.ahead._instance, (twin.last, twin.random)
        interrupted = dict.fromkeys(("start", "follow", "finish", "finish again"), 0)
        lengths = list(twin.both[0].lengths)
        for fuel in [*range(0, 4000, 7), *range(4000, 60000, 499)]:
            twin.both[0].lengths[:] = lengths
            twin.steps, twin.taken = [], []
            twin.last, twin.random = first
            instance.fuel = fuel
            what = "start"
            try:
                twin.start()
                what = "follow"
                twin.start()
                what = "finish"
                twin.finish()
                if twin.ahead.in_flight:
                    what = "finish again"
                    twin.finish()
                break
            except zcwasm.Trap as trap:
                kind = trap.kind
            assert kind == "out_of_fuel"
            interrupted[what] += 1
            assert twin.ahead.in_flight == 0
            instance.fuel = None
            if fuel % 2:  # begin anew with what is in the guest's sets then
                twin.lose()
                twin.both[0].lengths[:] = lengths
                twin.taken, (twin.last, twin.random) = [], first
                twin.start()
                twin.start()
                twin.finish()
        else:
            raise AssertionError("there is never fuel enough")
        assert all(interrupted.values())
        assert sum(interrupted.values()) > 300

    def test_interrupted_by_another_thread(self, model: llm.Model) -> None:
        twin = Twin(model)
        twin.expect(12)
        ended = threading.Event()

        def interrupt() -> None:
            while not ended.wait(0.001):
                twin.ahead.interrupt()

        lengths = list(twin.both[0].lengths)
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            for tries in range(60):
                twin.both[0].lengths[:] = [each + len(twin.taken) for each in lengths]
                twin.steps = []
                if tries == 50:
                    ended.set()
                try:
                    twin.start()
                    while len(twin.taken) + len(twin.steps) < 12:
                        twin.start()
                        twin.finish()
                    twin.finish()
                    break
                except zcwasm.Trap as trap:
                    kind = trap.kind
                assert kind == "interrupted"
                assert twin.ahead.in_flight == 0
        finally:
            ended.set()
            thread.join()
        assert len(twin.taken) == 12

    @pytest.mark.parametrize(
        "wrong", ["settings", "outputs", "order", "masked", "entries", "logits", "hidden"]
    )
    def test_what_does_not_follow_is_refused(self, cpu_model: llm.Model, wrong: str) -> None:
        """All is lost then, and what is not plain is not even started."""
        twin = Twin(cpu_model)
        twin.expect(2)
        lengths = list(twin.both[0].lengths)
        for first in (False, True):
            twin.both[0].lengths[:] = lengths
            twin.steps = []
            if not first:
                twin.start()
            step = twin.step(not first)
            if wrong == "settings":
                step.outputs["temperature"][1] = 0.5
            elif wrong == "outputs":
                for name in ("tokens", "positions", "places", "spans", "outputs"):
                    setattr(step, name, getattr(step, name)[:3])
                step.pieces = [(0, 3, False)]
            elif wrong == "order":
                step.outputs["row"] = [1, 0, 2, 3]
            elif wrong == "masked":
                step.outputs["masked"][0] = 1
            elif wrong == "entries":
                step.entries = entries_of(0, cpu_model.config.vocab, [5], 1, 1)
            elif wrong == "logits":
                step.keep_logits = True
            else:
                step.only_hidden = True
            if first and wrong in ("settings", "outputs"):
                continue
            with pytest.raises(zcwasm.Error, match="step"):
                twin.ahead.start(step)
            assert twin.ahead.in_flight == 0
        twin.both[0].lengths[:] = lengths
        twin.steps = []
        twin.start()
        twin.start()
        twin.finish()
        twin.finish()

    def test_two_are_in_flight_at_most(self, cpu_model: llm.Model) -> None:
        twin = Twin(cpu_model)
        with pytest.raises(ValueError, match="a step that follows one in flight, and 0 are"):
            twin.ahead.start(twin.step(True))
        twin.lose()
        twin = Twin(cpu_model)
        twin.start()
        twin.start()
        with pytest.raises(ValueError, match="a step that follows one in flight, and 2 are"):
            twin.start()
        assert twin.ahead.in_flight == 0
        with pytest.raises(ValueError, match="a step that follows is started, not run"):
            twin.ahead.run(twin.step(True))

    def test_another_step_throws_them_away(self, cpu_model: llm.Model) -> None:
        """One that is run, or started, and does not follow."""
        for start in (False, True):
            twin = Twin(cpu_model)
            twin.expect(2)
            lengths = list(twin.both[0].lengths)
            twin.start()
            twin.start()
            twin.both[0].lengths[:] = lengths
            twin.steps = []
            if start:
                twin.start()
                assert twin.ahead.in_flight == 1
                twin.start()
                twin.finish()
                twin.finish()
            else:
                assert twin.ahead.run(twin.step(False)).tolist() == twin.expected[0]
            assert twin.ahead.in_flight == 0

    def test_the_guest_by_itself(self, cpu_model: llm.Model) -> None:
        """Whatever its caller says, it takes nothing that is not in flight; it begins anew with nothing."""
        twin = Twin(cpu_model)
        guest, engine = twin.ahead._guest, twin.ahead
        exports, state = guest.exports, guest.state
        with pytest.raises(zcwasm.Error, match="no step is in flight"):
            guest.check(exports.finish_many())
        for which, follows in ((1, 1), (0, 1), (1, 0), (2, 0), (0, 2)):
            engine._write(twin.step(False), 0)
            state["set"], state["follows"] = which, follows
            for call in (exports.start_many, exports.run_many):
                with pytest.raises(zcwasm.Error, match=r"step .*follows"):
                    guest.check(call())
        for name, value in (("set", 1), ("set", 2**31), ("follows", 2), ("rows", 5), ("outputs", 2**32 - 1)):
            twin.lose()
            engine._write(twin.step(False), 0)
            assert guest.check(exports.start_many()) == 0
            engine._write(twin.step(True), 1)
            state["set"] = 0 if name == "set" and value == 1 else 1
            if name != "set" or value != 1:
                state[name] = value
            with pytest.raises(zcwasm.Error):
                guest.check(exports.start_many())
            with pytest.raises(zcwasm.Error, match="no step is in flight"):
                guest.check(exports.finish_many())
        for call in (exports.run_many, exports.start_many, exports.drop_many):  # each throws away
            twin.lose()
            engine._write(twin.step(False), 0)
            assert guest.check(exports.start_many()) == 0
            engine._write(twin.step(True), 1)
            assert guest.check(exports.start_many()) == 0
            twin.lose()
            engine._write(twin.step(False), 0)
            assert guest.check(call()) == 0
            if call is exports.start_many:
                assert guest.check(exports.finish_many()) == 0
            with pytest.raises(zcwasm.Error, match="no step is in flight"):
                guest.check(exports.finish_many())
        engine._write(twin.step(False), 0)
        assert guest.check(exports.start_many()) == 0
        guest.begin("init_many")
        with pytest.raises(zcwasm.Error, match="no step is in flight"):
            guest.check(exports.finish_many())
        rows = Rows(cpu_model)
        rows.engine.close()
        rows.engine, rows.lengths = engine, [0] * 4
        rows.add(0, PROMPTS[1])
        assert rows.run() == new_tokens(cpu_model.session(context=CONTEXT), PROMPTS[1], 1)

    def test_closed_in_flight(self, model: llm.Model) -> None:
        twin = Twin(model)
        twin.start()
        twin.start()
        step = twin.step(False)
        twin.ahead.close()
        assert twin.ahead.in_flight == 0
        twin.ahead.drop()
        for call in (twin.ahead.finish, lambda: twin.ahead.start(step)):
            with pytest.raises(zcwasm.ClosedError):
                call()


# What is wrong with a step, and what says so.
WRONG: dict[str, tuple[Callable[[Step], object], type[Exception]]] = {
    "no rows": (lambda step: setattr(step, "tokens", step.tokens[:0]), ValueError),
    "tokens that are a list": (lambda step: setattr(step, "tokens", step.tokens.tolist()), TypeError),
    "tokens of another type": (lambda step: setattr(step, "tokens", step.tokens.astype(np.int64)), TypeError),
    "a token beyond the vocabulary": (lambda step: step.tokens.__setitem__(3, 2**31), ValueError),
    "a position beyond the context": (lambda step: step.positions.__setitem__(0, CONTEXT), ValueError),
    "fewer positions": (lambda step: setattr(step, "positions", step.positions[1:]), ValueError),
    "a place beyond the cache": (lambda step: step.places.__setitem__(0, 31 * PAGE), ValueError),
    "spans of two columns": (lambda step: setattr(step, "spans", step.spans[:, :2]), ValueError),
    "a span beyond the context": (lambda step: step.spans.__setitem__((0, 1), CONTEXT + 1), ValueError),
    "a span that ends before it begins": (lambda step: step.spans.__setitem__((2, 0), 4), ValueError),
    "a table that is none": (lambda step: step.spans.__setitem__((0, 2), 4 * 6), ValueError),
    "no pieces": (lambda step: setattr(step, "pieces", []), ValueError),
    "pieces with a gap": (lambda step: setattr(step, "pieces", [(0, 2, True), (3, 2, True)]), zcwasm.Error),
    "pieces that end early": (lambda step: setattr(step, "pieces", [(0, 4, True)]), zcwasm.Error),
    "pieces that end late": (lambda step: setattr(step, "pieces", [(0, 6, True)]), zcwasm.Error),
    "an empty piece": (lambda step: setattr(step, "pieces", [(0, 5, True), (5, 0, True)]), zcwasm.Error),
    "a piece that is shared twice": (lambda step: setattr(step, "pieces", [(0, 5, 2)]), zcwasm.Error),
    "outputs of another type": (lambda step: setattr(step, "outputs", step.tokens), TypeError),
    "too many outputs": (lambda step: setattr(step, "outputs", outputs(5)), ValueError),
    "an output of no row": (lambda step: step.outputs["row"].fill(5), zcwasm.Error),
    "an output masked twice": (lambda step: step.outputs["masked"].fill(2), zcwasm.Error),
    "a temperature below 0": (lambda step: step.outputs["temperature"].fill(-1), zcwasm.Error),
    "a temperature that is NaN": (lambda step: step.outputs["temperature"].fill(np.nan), zcwasm.Error),
    "a top_k beyond the most": (lambda step: step.outputs["top_k"].fill(257), zcwasm.Error),
    "a top_p of 0": (lambda step: step.outputs["top_p"].fill(0), zcwasm.Error),
    "a min_p that is NaN": (lambda step: step.outputs["min_p"].fill(np.nan), zcwasm.Error),
    "entries of three words": (
        lambda step: setattr(step, "entries", np.zeros((1, 3), np.uint32)),
        ValueError,
    ),
    "an entry of no output": (
        lambda step: setattr(step, "entries", np.full((1, 4), 1000, np.uint32)),
        ValueError,
    ),
    "too many entries": (lambda step: setattr(step, "entries", np.zeros((2000, 4), np.uint32)), ValueError),
}


class TestHostile:
    @pytest.mark.parametrize("wrong", WRONG)
    def test_what_is_wrong_is_refused(self, cpu_model: llm.Model, wrong: str) -> None:
        rows = Rows(cpu_model)
        rows.add(0, PROMPTS[0])
        step = rows.step()
        change, error = WRONG[wrong]
        change(step)
        with pytest.raises(error):
            rows.engine.run(step)
        rows.lengths[0] = 0
        rows.add(0, PROMPTS[0])
        assert rows.run() == new_tokens(cpu_model.session(context=CONTEXT), PROMPTS[0], 1)

    @pytest.mark.parametrize("name", ["rows", "outputs", "pieces", "entries", "keep_logits"])
    def test_the_guest_checks_its_counts(self, cpu_model: llm.Model, name: str) -> None:
        rows = Rows(cpu_model)
        rows.add(0, PROMPTS[0])
        rows.run()
        guest = rows.engine._guest
        for value in (2**32 - 1, 2**31, 4097, 0 if name in ("rows", "pieces") else 5000):
            before = int(guest.state[name])
            guest.state[name] = value
            with pytest.raises(zcwasm.Error, match="the most is"):
                guest.check(guest.exports.run_many())
            guest.state[name] = before
        assert guest.exports.run_many() == 0

    def test_tables_and_masks_may_hold_anything(self, model: llm.Model) -> None:
        """Pages that there are not are others; nothing is read or written outside of the cache."""
        rows = Rows(model)
        noise = np.random.default_rng(8)
        for wrong in (2**32 - 1, 31, 2**31):
            rows.lengths = [0] * 4
            for sequence in range(3):
                rows.add(sequence, PROMPTS[1], shared=sequence > 0)
            step = rows.step(masked=1)
            rows.engine.tables[:] = wrong
            rows.engine.mask[:] = noise.integers(0, 2**32, rows.engine.mask.shape, np.uint32)
            tokens = rows.engine.run(step)
            assert ((tokens < model.config.vocab) | (tokens == NO_TOKEN)).all()
            rows.free = list(range(31))

    @pytest.mark.parametrize(
        "options",
        [
            {"sequences": 0},
            {"sequences": layouts.LLAMA_MAX_SEQUENCES + 1},
            {"context": 257},
            {"pages": 0},
            {"page": 24},
            {"page": 256},
            {"rows": layouts.LLAMA_MAX_CHUNK + 1},
            {"kv_dtype": "f64"},
        ],
        ids=str,
    )
    def test_numbers_that_no_engine_has(self, cpu_model: llm.Model, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=f"{next(iter(options))} is"):
            Rows(cpu_model, **options)

    @pytest.mark.parametrize("page", _engine.PAGE_SIZES)
    def test_a_cache_that_does_not_fit(self, cpu_model: llm.Model, page: int) -> None:
        """Not of the largest pages either, whose bytes fit into 64 bits."""
        with pytest.raises(zcwasm.Error, match="no room for a cache"):
            Rows(cpu_model, pages=layouts.LLAMA_MAX_PAGES, page=page)

    def test_init_forgets_what_was_recorded(self, cpu_model: llm.Model) -> None:
        """A guest that begins anew, now without a mirror, which the step that it recorded would read."""
        rows = Rows(cpu_model, mirror=True)
        rows.add(0, PROMPTS[0])
        rows.decode({0: rows.run()[0]})
        rows.run()
        guest = rows.engine._guest
        guest.state["device"]["mirror"] = False
        guest.begin("init_many")
        rows.lengths[0] = 0
        rows.add(0, PROMPTS[1])
        found = rows.run()
        rows.decode({0: found[0]})
        assert found + rows.run() == new_tokens(cpu_model.session(context=CONTEXT), PROMPTS[1], 2)

    def test_the_guest_checks_what_it_is_made_with(self, cpu_model: llm.Model) -> None:
        wrong = {"version": 0, "sequences": 0, "pages": 0, "page": 15}
        for name, value in wrong.items():
            many = np.zeros((), layouts.LLAMA_MANY_CONFIG)
            good = {"version": layouts.LLAMA_MANY_VERSION, "sequences": 1, "pages": 1, "page": 16}
            for field, each in {**good, name: value}.items():
                many[field] = each
            guest = _engine._PROGRAM.start(
                cpu_model.device,
                cpu_model.weights,
                _engine._PROGRAM.config_bytes(
                    cpu_model.config,
                    {"context": 16, "chunk": 16, "kv_type": 1, "exact": 0, "version": layouts.LLAMA_VERSION},
                ),
                layers=cpu_model._layer_bytes(),
                rope=cpu_model._rope_bytes(16),
                many=many.tobytes(),
            )
            with pytest.raises(zcwasm.Error):
                guest.begin("init_many")
            with pytest.raises(zcwasm.Error, match="init_many has not succeeded"):
                guest.check(guest.exports.run_many())
