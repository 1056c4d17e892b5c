"""The instructions for bulk memory: memory.init, data.drop, table.init, elem.drop, table.copy, and what the
validator says of the segments that they take. The guest is tests/guests/bulk.wat.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from support import guest_path

import zcwasm

MOST = 2**32 - 1
NUMBERS = [1, 2, 3]


@pytest.fixture
def guest() -> zcwasm.Instance:
    return zcwasm.Instance(zcwasm.Module(guest_path("bulk")))


def trap(call: Any, *arguments: int) -> tuple[str, str]:
    with pytest.raises(zcwasm.Trap) as caught:
        call(*arguments)
    return caught.value.kind, str(caught.value).splitlines()[0]


MEMORY = ("memory_out_of_bounds", "out of bounds memory access")
TABLE = ("table_out_of_bounds", "out of bounds table access")


def elements(guest: zcwasm.Instance) -> list[int | None]:
    """What the functions of the table return; None where there is none."""
    found: list[int | None] = []
    for index in range(guest.exports.table.size):
        try:
            found.append(guest.exports.call(index))
        except zcwasm.Trap:
            found.append(None)
    return found


def test_memory_init_copies_a_part(guest: zcwasm.Instance) -> None:
    guest.exports.memory_init(10, 7, 7)
    assert guest.memory.read(8, 12) == b"\0\0segment\0\0\0"
    guest.exports.memory_init(65536, 14, 0)  # nothing, at both ends


@pytest.mark.parametrize(
    "arguments",
    [
        (65530, 0, 14),
        (0, 1, 14),
        (0, 15, 0),
        (65537, 0, 0),
        (MOST, 0, 2),
        (0, MOST, 2),
        (0, 0, MOST),
        (MOST,) * 3,
    ],
)
def test_memory_init_out_of_bounds_writes_nothing(guest: zcwasm.Instance, arguments: tuple[int, ...]) -> None:
    assert trap(guest.exports.memory_init, *arguments) == MEMORY
    assert guest.memory.read(0, 100) == b"\0" * 100
    assert guest.memory.read(65500, 36) == b"\0" * 36


def test_a_dropped_segment_is_empty(guest: zcwasm.Instance) -> None:
    guest.exports.data_drop()
    guest.exports.data_drop()  # again, which says nothing
    guest.exports.memory_init(0, 0, 0)
    assert trap(guest.exports.memory_init, 0, 0, 1) == MEMORY
    guest.exports.elem_drop()
    guest.exports.table_init(0, 0, 0)
    assert trap(guest.exports.table_init, 0, 0, 1) == TABLE
    other = zcwasm.Instance(guest.module)  # which has its own
    other.exports.memory_init(0, 0, 14)
    other.exports.table_init(0, 0, 3)


def test_active_segments_are_dropped_from_the_beginning(guest: zcwasm.Instance) -> None:
    guest.exports.memory_init_active(0, 0, 0)
    assert trap(guest.exports.memory_init_active, 0, 0, 1) == MEMORY
    guest.exports.table_init_active(0, 0, 0)
    assert trap(guest.exports.table_init_active, 0, 0, 1) == TABLE
    guest.exports.memory_init_empty(0, 0, 0)
    assert trap(guest.exports.memory_init_empty, 0, 1, 0) == MEMORY


def test_table_init_and_copy(guest: zcwasm.Instance) -> None:
    assert elements(guest) == [2] + [None] * 9
    guest.exports.table_init(4, 1, 2)
    assert elements(guest) == [2, None, None, None, 2, 3, None, None, None, None]
    guest.exports.table_init(7, 0, 3)
    assert elements(guest)[7:] == NUMBERS
    guest.exports.table_copy(6, 7, 3)  # overlapping, both ways
    assert elements(guest)[5:] == [3, 1, 2, 3, 3]
    guest.exports.table_copy(7, 6, 3)
    assert elements(guest)[5:] == [3, 1, 1, 2, 3]
    guest.exports.table_copy(0, 1, 1)  # nothing is copied, too
    assert elements(guest)[0] is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("table_init", (8, 0, 3)),
        ("table_init", (0, 1, 3)),
        ("table_init", (0, 4, 0)),
        ("table_init", (MOST, 0, 2)),
        ("table_init", (0, MOST, 2)),
        ("table_init", (0, 0, MOST)),
        ("table_copy", (8, 0, 3)),
        ("table_copy", (0, 8, 3)),
        ("table_copy", (11, 0, 0)),
        ("table_copy", (0, 11, 0)),
        ("table_copy", (MOST, 0, 2)),
        ("table_copy", (0, MOST, 2)),
        ("table_copy", (0, 0, MOST)),
    ],
)
def test_tables_out_of_bounds_change_nothing(
    guest: zcwasm.Instance, name: str, arguments: tuple[int, ...]
) -> None:
    assert trap(guest.exports[name], *arguments) == TABLE
    assert elements(guest) == [2] + [None] * 9


def test_unreachable_code_is_stepped_over(guest: zcwasm.Instance) -> None:
    assert guest.exports.unreachable(0) == 7
    assert guest.exports.unreachable(1) == 8


def test_each_element_is_one_of_fuel() -> None:
    guest = zcwasm.Instance(zcwasm.Module(guest_path("bulk")), limits=zcwasm.Limits(fuel=1000))
    guest.exports.table_copy(0, 5, 0)
    before = guest.fuel_used
    guest.exports.table_copy(0, 5, 0)
    nothing = guest.fuel_used - before
    guest.exports.table_copy(0, 5, 5)
    assert guest.fuel_used == before + 2 * nothing + 5
    guest.exports.table_init(0, 0, 3)
    assert guest.fuel_used == before + 3 * nothing + 8
    guest.fuel = nothing + 4
    assert trap(guest.exports.table_copy, 0, 5, 5)[0] == "out_of_fuel"


@pytest.mark.parametrize("dropped", [(), ("data_drop",), ("elem_drop",), ("data_drop", "elem_drop")])
def test_dropped_segments_are_in_snapshots_and_forks(
    guest: zcwasm.Instance, dropped: tuple[str, ...]
) -> None:
    for name in dropped:
        guest.exports[name]()
    guest.exports.table_copy(3, 0, 1)
    file = io.BytesIO()
    guest.snapshot(file)
    file.seek(0)
    for other in (zcwasm.Instance.restore(guest.module, file), *guest.fork()):
        assert elements(other) == elements(guest)
        for name, call in (("data_drop", other.exports.memory_init), ("elem_drop", other.exports.table_init)):
            if name in dropped:
                assert trap(call, 0, 0, 1) == (MEMORY if name == "data_drop" else TABLE)
            else:
                call(0, 0, 1)


# --- the validator ---

HEADER = b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0"
TABLE_1, MEMORY_1 = b"\4\4\1\x70\0\1", b"\5\3\1\0\1"


def module(instructions: bytes, *before: bytes, after: bytes = b"") -> bytes:
    """One function, () -> (), between other sections: three times zero, and the instructions."""
    body = b"\0" + b"\x41\0" * 3 + instructions + b"\x0b"
    return HEADER + b"".join(before) + b"\x0a" + bytes([len(body) + 2, 1, len(body)]) + body + after


DATA = b"\x0b\4\1\1\1a"
COUNT = b"\x0c\1\1"
ELEMENTS = b"\x09\5\1\1\0\1\0"
DROPS = b"\x1a" * 3
INIT, DROP = b"\xfc\x08\0\0", DROPS + b"\xfc\x09\0"
TABLE_INIT, ELEM_DROP, TABLE_COPY = b"\xfc\x0c\0\0", DROPS + b"\xfc\x0d\0", b"\xfc\x0e\0\0"


@pytest.mark.parametrize(
    "binary",
    [
        module(INIT, MEMORY_1, COUNT, after=DATA),
        module(DROP, COUNT, after=DATA),
        module(TABLE_INIT, TABLE_1, ELEMENTS),
        module(ELEM_DROP, ELEMENTS),
        module(TABLE_COPY, TABLE_1),
        module(DROPS, after=DATA),  # which needs no memory
        module(DROPS, b"\x09\5\1\3\0\1\0"),  # declarative
    ],
)
def test_valid(binary: bytes) -> None:
    zcwasm.Instance(zcwasm.Module(binary))


@pytest.mark.parametrize(
    ("binary", "kind", "message"),
    [
        (module(INIT, MEMORY_1, after=DATA), "malformed", "memory.init: data count section required"),
        (module(DROP, after=DATA), "malformed", "data.drop: data count section required"),
        (
            module(INIT, COUNT, after=DATA),
            "invalid",
            "unknown memory 0, the module has none",
        ),
        (module(INIT, MEMORY_1, b"\x0c\1\0"), "invalid", "memory.init: unknown data segment 0 of 0"),
        (
            module(b"\xfc\x08\0\1", MEMORY_1, COUNT, after=DATA),
            "invalid",
            "memory.init: unknown memory 1",
        ),
        (
            module(DROPS + b"\xfc\x09\1", COUNT, after=DATA),
            "invalid",
            "unknown data segment 1 of 1",
        ),
        (module(TABLE_INIT, TABLE_1), "invalid", "table.init: unknown elem segment 0 of 0"),
        (module(TABLE_INIT, ELEMENTS), "invalid", "table.init: unknown table 0, the module has none"),
        (module(b"\xfc\x0c\0\1", TABLE_1, ELEMENTS), "invalid", "table.init: unknown table 1"),
        (module(DROPS + b"\xfc\x0d\1", ELEMENTS), "invalid", "elem.drop: unknown elem segment 1 of 1"),
        (module(TABLE_COPY), "invalid", "table.copy: unknown table 0, the module has none"),
        (module(b"\xfc\x0e\0\1", TABLE_1), "invalid", "table.copy: unknown table 1"),
        (
            module(b"\x1a" + INIT, MEMORY_1, COUNT, after=DATA),
            "invalid",
            "mismatch: memory.init needs",
        ),
        (module(b"\x1a" + TABLE_INIT, TABLE_1, ELEMENTS), "invalid", "type mismatch: table.init needs"),
        (
            module(b"\x1a\x42\0" + TABLE_COPY, TABLE_1),
            "invalid",
            "mismatch: table.copy needs i32, found i64",
        ),
        (
            module(DROPS, COUNT),
            "malformed",
            "data section have inconsistent lengths: 1 and 0",
        ),
        (module(DROPS, b"\x09\5\1\1\1\1\0"), "malformed", "malformed element kind 0x01"),
        (module(DROPS, b"\x09\5\1\1\0\1\1"), "invalid", "element segment: unknown function 1 of 1"),
        (module(DROPS, b"\x09\5\1\x08\0\1\0"), "malformed", "malformed element segment flags 8"),
        (module(DROPS, after=b"\x0b\4\1\3\1a"), "malformed", "malformed data segment flags 3"),
        (module(DROPS, after=b"\x0b\4\1\1\2a"), "malformed", "data segment"),
        (
            module(DROPS, b"\x0c\5\xff\xff\xff\xff\x0f"),
            "malformed",
            "inconsistent lengths: 4294967295 and 0",
        ),
        (module(DROPS, b"\x09\x08\1\1\0\xff\xff\xff\xff\x0f"), "malformed", "count of elements"),
        (module(DROPS, b"\x09\7\1\5\x70\1\xd2\0\x0b"), "unsupported", "segment of expressions"),
    ],
)
@pytest.mark.usefixtures("interpreter_only")
def test_refused(binary: bytes, kind: str, message: str) -> None:
    with pytest.raises(zcwasm.CompileError) as caught:
        zcwasm.Module(binary)
    assert caught.value.kind == kind, caught.value
    assert message in str(caught.value)
