"""Tables that the host makes, that instances share, and calls through them from one instance into another.

tests/guests/tables.wat imports a table, table_owner.wat exports one of its own.
"""

from __future__ import annotations

import contextlib
import gc
import io
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from support import guest_path, run_python

import zcwasm
from zcwasm import Global, Instance, Limits, Module, Table

# The functions of tables.wat's segment.
NUMBER, GROW, TRAP, LOOP, RECURSE, HOST, READ = range(7)


def nothing(value: int) -> int:
    return value


def user(table: Table, mark: int, host: Callable[[int], Any] = nothing, **options: Any) -> Instance:
    """A guest that shares the table; nothing of it lies there yet."""
    imports: Any = {"env": {"table": table, "mark": Global("i32", mark), "host": host}}
    return Instance(Module(guest_path("tables")), imports=imports, **options)


def owner(host: Callable[[int], Any] = nothing, **options: Any) -> Instance:
    return Instance(Module(guest_path("table_owner")), imports={"env": {"host": host}}, **options)


def put(guest: Instance, place: int, function: int) -> None:
    guest.exports.init(place, function, 1)


# --- the host's side ---


def test_table_of_the_host() -> None:
    table = Table(3, 5)
    assert (table.size, len(table), table.maximum) == (3, 3, 5)
    assert repr(table) == "<zcwasm.Table: 3 elements>"
    assert [table.get(index) for index in range(3)] == [None] * 3
    assert table.grow(2) == 3
    assert table.size == 5
    with pytest.raises(ValueError, match="cannot grow a table of 5 elements by 1: its maximum is 5"):
        table.grow(1)
    with pytest.raises(ValueError, match="by 4294967295: its maximum is 5"):
        table.grow(2**32 - 1)
    assert table.grow(0) == 5
    assert Table(0).maximum is None
    assert repr(Table(1)) == "<zcwasm.Table: 1 element>"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((-1,), ValueError),
        ((10_000_001,), ValueError),
        ((2**64,), ValueError),
        ((2, 1), ValueError),
        ((1, 2**32), ValueError),
        ((1, -1), ValueError),
        (("1",), TypeError),
        ((1.5,), TypeError),
        ((), TypeError),
    ],
)
def test_tables_that_cannot_be(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        Table(*arguments)


def test_a_table_without_a_maximum_has_one_of_its_own() -> None:
    table = Table(1)
    with pytest.raises(ValueError, match="its maximum is 10000000"):
        table.grow(10_000_000)
    assert Table(1, 2**32 - 1).maximum == 2**32 - 1


def test_get_and_set() -> None:
    guest = owner()
    table = Table(2)
    table.set(1, guest.exports.bump)
    function = table.get(1)
    assert function is not None
    assert (function.__name__, function.params, function.results) == ("bump", (), ("i32",))
    assert function() == 101
    assert guest.exports.bump() == 102
    table.set(1, None)
    assert table.get(1) is None


@pytest.mark.parametrize("index", [2, -1, 2**32, 2**64, -(2**64)])
def test_no_such_element(index: int) -> None:
    table = Table(2)
    with pytest.raises(IndexError, match=f"index {index} of a table of 2 elements"):
        table.get(index)
    with pytest.raises(IndexError, match=f"index {index} of a table of 2 elements"):
        table.set(index, None)


@pytest.mark.parametrize("value", [print, 1, "f", lambda: 1])
def test_only_functions_of_guests(value: Any) -> None:
    with pytest.raises(TypeError, match=r"function must be a zcwasm\.Function or None"):
        Table(1).set(0, value)
    with pytest.raises(TypeError):
        Table(1).set(0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="index must be an integer"):
        Table(1).get("0")  # type: ignore[arg-type]


def test_an_exported_table() -> None:
    guest = owner()
    table = guest.exports.table
    assert table is guest.exports["table"]
    assert (table.size, table.maximum) == (4, 20)
    first = table.get(0)
    assert first is not None
    assert first() == 100
    assert table.get(2) is None
    table.set(2, guest.exports.bump)
    assert guest.exports.call(2) == 101
    table.set(0, None)
    with pytest.raises(zcwasm.Trap, match="uninitialized element"):
        guest.exports.call(0)
    assert table.grow(3) == 4
    table.set(6, guest.exports.bump)
    assert guest.exports.call(6) == 102
    with pytest.raises(zcwasm.Trap, match="undefined element"):
        guest.exports.call(7)


def test_the_limit_of_the_guest_holds_for_its_own_table() -> None:
    with pytest.raises(zcwasm.LinkError, match="the module's table has 4 elements, the limit is 3"):
        owner(limits=Limits(table=3))
    table = owner(limits=Limits(table=6)).exports.table
    assert table.grow(2) == 4
    with pytest.raises(ValueError, match="its maximum is 6"):
        table.grow(1)


# --- linking ---


def test_what_is_no_table_or_too_small() -> None:
    for value in (None, 1, Global("i32", 1), owner()):
        with pytest.raises(zcwasm.LinkError, match=r"import 'env'.'table' must be a zcwasm.Table"):
            user(value, 1)  # type: ignore[arg-type]
    with pytest.raises(zcwasm.LinkError, match=r"the table has 3 elements, at least 4 are needed"):
        user(Table(3), 1)
    table = Table(3)
    table.grow(1)
    user(table, 1)


def test_maximum_of_an_imported_table() -> None:
    # import "" "" (table 1 3 funcref)
    module = Module(b"\0asm\1\0\0\0\2\x08\1\0\0\1\x70\1\1\3")
    Instance(module, imports={"": {"": Table(1, 3)}})
    for table, message in ((Table(1, 4), "maximum is 4 elements, at most 3"), (Table(1), "none declared")):
        with pytest.raises(zcwasm.LinkError, match=message):
            Instance(module, imports={"": {"": table}})


def test_the_same_table_is_exported_again() -> None:
    table = Table(4)
    assert user(table, 1).exports.table is table
    guest = owner()
    assert user(guest.exports.table, 1).exports.table is guest.exports.table


# --- calls from one instance into another ---


def test_a_function_runs_in_its_own_instance() -> None:
    table = Table(8)
    one, two = user(table, 1), user(table, 2)
    put(one, 0, NUMBER)
    put(two, 1, NUMBER)
    put(two, 2, GROW)
    put(two, 3, READ)
    two.memory.write(0, b"\x07")
    for guest in (one, two):
        assert [guest.exports.call(0), guest.exports.call(1)] == [1, 2]
        assert guest.exports.call(3) == 7
    assert one.exports.call(2) == 1
    assert (one.memory.pages, two.memory.pages) == (1, 2)


def test_arguments_and_results_of_every_type() -> None:
    table = Table(4)
    one, two = user(table, 1), user(table, 2)
    table.set(3, two.exports.sum)
    assert one.exports.call_sum(3, -1, 2**40, 0.5, 0.25) == (2**40 - 0.25, 2)
    nan = one.exports.call_sum(3, 0, 0, float("nan"), 0)[0]
    assert nan != nan


def test_instances_of_one_module() -> None:
    """Their types are the same object, their functions are not."""
    module, table = Module(guest_path("tables")), Table(4)
    made = [
        Instance(module, imports={"env": {"table": table, "mark": Global("i32", mark), "host": nothing}})
        for mark in (1, 2)
    ]
    put(made[0], 0, NUMBER)
    put(made[1], 1, NUMBER)
    assert [[guest.exports.call(index) for index in (0, 1)] for guest in made] == [[1, 2]] * 2


def test_types_are_compared_by_what_they_are() -> None:
    guest = owner()
    other = user(guest.exports.table, 1)
    assert other.exports.call(1) == 101
    guest.exports.table.set(2, other.exports.bits)
    for caller in (guest, other):
        with pytest.raises(zcwasm.Trap) as caught:
            caller.exports.call(2)
        assert caught.value.kind == "indirect_call_type"


def test_a_function_that_is_imported() -> None:
    calls: list[int] = []

    def host(value: int) -> int:
        calls.append(value)
        return value + 1

    table = Table(4)
    one, two = user(table, 1, host), user(table, 2)
    put(one, 0, HOST)
    assert two.exports.call(0) == 2
    assert calls == [1]


def test_traps_and_exceptions_pass_through() -> None:
    def fail(value: int) -> int:
        raise KeyError(value)

    table = Table(4)
    one, two = user(table, 1, fail), user(table, 2)
    put(two, 0, TRAP)
    with pytest.raises(zcwasm.Trap) as caught:
        one.exports.call(0)
    assert (caught.value.kind, caught.value.backtrace) == ("unreachable", ("trap",))
    put(one, 0, HOST)
    with pytest.raises(KeyError):
        two.exports.call(0)
    put(one, 0, NUMBER)
    assert two.exports.call(0) == 1  # and both go on


def test_limits_are_those_of_each_instance() -> None:
    table = Table(4)
    one = user(table, 1, limits=Limits(fuel=100_000_000))
    two = user(table, 2, limits=Limits(fuel=10_000))
    put(two, 0, LOOP)
    with pytest.raises(zcwasm.Trap) as caught:
        one.exports.call(0)
    assert caught.value.kind == "out_of_fuel"
    assert one.fuel_used < 100
    two.fuel = 10_000_000_000
    with pytest.raises(zcwasm.Trap) as caught:
        one.call("call", 0, fuel=50_000)  # for all that is called inside
    assert caught.value.kind == "out_of_fuel"


def test_deadline_of_the_caller() -> None:
    table = Table(4)
    one, two = user(table, 1, limits=Limits(deadline=0.05)), user(table, 2)
    put(two, 0, LOOP)
    with pytest.raises(zcwasm.Trap) as caught:
        one.exports.call(0)
    assert caught.value.kind == "deadline"


def test_interrupt_of_the_caller_ends_the_callee() -> None:
    table = Table(4)
    one, two = user(table, 1), user(table, 2)
    put(two, 0, LOOP)
    timer = threading.Timer(0.05, one.interrupt)
    timer.start()
    with pytest.raises(zcwasm.Trap) as caught:
        one.exports.call(0)
    timer.join()
    assert caught.value.kind == "interrupted"


def test_recursion_over_instances_ends_in_a_trap() -> None:
    """On stacks of every size: two guests that call each other for ever."""
    run_python(
        """
        import threading, zcwasm
        from test_tables import user, put, RECURSE
        def play(depth=None):
            table = zcwasm.Table(4)
            limits = zcwasm.Limits(call_depth=depth) if depth else None
            one, two = user(table, 1, limits=limits), user(table, 2, limits=limits)
            put(one, 0, RECURSE)
            put(two, 1, RECURSE)
            one.exports.store(4, 1)
            two.exports.store(4, 0)
            for guest in (one, two):
                for place in (0, 1):
                    try:
                        guest.exports.call(place)
                        ended.append("returned")
                    except zcwasm.Trap as error:
                        ended.append(error.kind)
        for size in (256 << 10, 1 << 20, 64 << 20):
            ended = []
            threading.stack_size(size)
            thread = threading.Thread(target=play, args=(None,))
            thread.start()
            thread.join()
            assert ended == ["stack_overflow"] * 4, ended
        """
    )


# --- what is alive, and for how long ---


def test_a_table_keeps_the_instances_of_its_functions() -> None:
    table = Table(4)
    one = user(table, 1)
    put(user(table, 2), 0, NUMBER)
    put(user(table, 3), 1, NUMBER)
    gc.collect()
    assert [one.exports.call(0), one.exports.call(1)] == [2, 3]
    function = table.get(1)
    del one, table
    gc.collect()
    assert function is not None
    assert function() == 3


def gone(watched: weakref.ref[Any]) -> bool:
    gc.collect()
    return watched() is None


def test_an_overwritten_function_lets_its_instance_go() -> None:
    table = Table(4)
    one = user(table, 1)
    for clear in (
        lambda: table.set(0, None),
        lambda: put(one, 0, NUMBER),
        lambda: one.exports.copy(0, 2, 1),
        lambda: table.set(0, one.exports.number),
    ):
        other = user(table, 2)
        put(other, 0, NUMBER)
        one.exports.copy(1, 0, 1)
        memory = weakref.ref(other.memory)
        del other
        assert not gone(memory)
        clear()
        assert not gone(memory)
        table.set(1, None)
        assert gone(memory)


def test_circles_are_collected() -> None:
    watched = []
    table = Table(4)
    one, two = user(table, 1), user(table, 2)
    put(one, 0, NUMBER)
    put(two, 1, NUMBER)
    watched += [weakref.ref(each) for each in (table, one.memory, two.memory)]
    guest = owner()
    three = user(guest.exports.table, 3)
    put(three, 2, NUMBER)
    guest.exports.table.set(3, one.exports.number)
    watched += [weakref.ref(each) for each in (guest.exports.table, guest.memory, three.memory)]
    del one, two, three, guest, table
    assert all(map(gone, watched))


def test_an_instance_with_a_table_of_its_own_needs_no_collector() -> None:
    gc.disable()
    try:
        guest = owner()
        guest.exports.call(0)
        assert guest.exports.table.size == 4
        memory = weakref.ref(guest.memory)
        del guest
        assert memory() is None
    finally:
        gc.enable()


def test_the_owner_lives_as_long_as_its_table() -> None:
    guest = owner()
    other = user(guest.exports.table, 2)
    put(other, 2, NUMBER)
    table = guest.exports.table
    del guest
    gc.collect()
    assert [other.exports.call(index) for index in range(3)] == [100, 101, 2]
    del other
    gc.collect()
    function = table.get(2)
    assert function is not None
    assert function() == 2


def test_functions_of_a_closed_instance() -> None:
    table = Table(4)
    one, two = user(table, 1), user(table, 2)
    put(two, 0, NUMBER)
    one.exports.copy(1, 0, 1)
    function = two.exports.number
    two.close()
    with pytest.raises(
        zcwasm.ClosedError, match=r"the table's function 1 \"number\" is of an instance that is closed"
    ):
        one.exports.call(1)
    with pytest.raises(zcwasm.ClosedError, match="element 0 of the table is a function of an instance"):
        table.get(0)
    with pytest.raises(zcwasm.ClosedError, match="the instance is closed"):
        table.set(2, function)
    one.exports.copy(0, 2, 1)
    table.set(1, None)
    assert [table.get(index) for index in range(4)] == [None] * 4


def test_a_closed_owner() -> None:
    guest = owner()
    table = guest.exports.table
    other = user(table, 1)
    put(other, 2, NUMBER)
    guest.close()
    assert table.size == 4
    assert other.exports.call(2) == 1
    with pytest.raises(zcwasm.ClosedError, match=r'function 1 "number" is of an instance that is closed'):
        other.exports.call(0)
    table.set(0, other.exports.number)
    assert other.exports.call(0) == 1
    assert table.grow(1) == 4
    alone = owner()
    table = alone.exports.table
    alone.close()  # shared with nobody
    with pytest.raises(zcwasm.ClosedError):
        table.get(0)
    table.set(0, other.exports.number)


def test_what_runs_is_not_closed() -> None:
    def close(value: int) -> int:
        for guest in (one, two):
            with pytest.raises(zcwasm.InUseError):
                guest.close()
        return value

    table = Table(4)
    one, two = user(table, 1), user(table, 2, close)
    put(two, 0, HOST)
    assert one.exports.call(0) == 2


def test_segments_that_do_not_fit_leave_what_was_before() -> None:
    """As in the specification: the functions are there, and their instance with them."""
    table = Table(2)
    # type () -> i32; import "" "" (table 1 funcref); a function; elements at 0, and at 5, which is too far
    binary = b"\0asm\1\0\0\0\1\5\1\x60\0\1\x7f\2\7\1\0\0\1\x70\0\1\3\2\1\0\x09\x0d\2"
    binary += b"\0\x41\0\x0b\1\0\0\x41\5\x0b\1\0"
    binary += b"\x0a\6\1\4\0\x41\x2a\x0b"
    with pytest.raises(zcwasm.Trap, match="out of bounds table access"):
        Instance(Module(binary), imports={"": {"": table}})
    gc.collect()
    function = table.get(0)
    assert function is not None
    assert function() == 42


# --- while something runs ---


def test_changes_from_a_host_function() -> None:
    def change(value: int) -> int:
        table.grow(1000)
        table.set(0, one.exports.number)
        table.set(1003, two.exports.number)
        return value

    table = Table(4, 2000)
    one, two = user(table, 1, change), user(table, 2)
    put(one, 0, HOST)
    assert one.exports.call(0) == 1
    assert table.size == 1004
    assert [one.exports.call(0), one.exports.call(1003)] == [1, 2]


def test_a_callee_that_takes_itself_out_of_the_table() -> None:
    def change(value: int) -> int:
        table.set(0, None)
        gc.collect()
        return value + 10

    table = Table(4)
    one = user(table, 1)
    other = user(table, 2, change)
    put(other, 0, HOST)
    memory = weakref.ref(other.memory)
    del other
    assert one.exports.call(0) == 12
    assert gone(memory)
    with pytest.raises(zcwasm.Trap, match="uninitialized element"):
        one.exports.call(0)


def test_instances_are_linked_inside_a_call() -> None:
    """As by dlopen: a host function makes a guest that shares the table of the one that called it."""
    made: list[Instance] = []

    def load(place: int) -> int:
        other = user(guest.exports.table, 7)
        put(other, place, NUMBER)
        made.append(other)
        answer = []

        def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="the table is in use"):
                other.exports.call(place)
            answer.append(1)

        thread = threading.Thread(target=elsewhere)  # while the outer call still has the table
        thread.start()
        thread.join()
        assert answer == [1]
        return int(other.exports.call(place))

    guest = owner(load)
    assert guest.exports.call_host(2) == 7
    assert guest.exports.call(2) == 7
    thread = threading.Thread(target=made[0].exports.call, args=(0,))
    thread.start()
    thread.join()
    assert made[0].exports.call(0) == 100


def running(guest: Instance) -> threading.Thread:
    """A thread in which the guest runs until it is interrupted."""

    def run() -> None:
        with pytest.raises(zcwasm.Trap):
            guest.exports.loop()

    thread = threading.Thread(target=run)
    thread.start()
    while True:
        try:
            guest.exports.number()
        except RuntimeError:
            return thread
        time.sleep(0.001)


def test_one_thread_at_a_time() -> None:
    table = Table(4)
    one, two = user(table, 1), user(table, 2)
    put(two, 0, NUMBER)
    thread = running(one)
    try:
        for action in (
            lambda: two.exports.number(),
            lambda: table.get(0),
            lambda: table.set(0, None),
            lambda: table.grow(1),
            lambda: two.exports.call(0),
        ):
            with pytest.raises(RuntimeError, match="the table is in use: an instance that has it is running"):
                action()
        assert table.size == 4
    finally:
        one.interrupt()
        thread.join()
    assert two.exports.call(0) == 2


def test_a_table_in_use_cannot_be_imported() -> None:
    shared, guest = Table(4), owner()
    table = guest.exports.table  # of one that nobody shares yet, and one that is shared
    for used, first in ((shared, user(shared, 1)), (table, guest)):
        thread = running(first)
        try:
            with pytest.raises(RuntimeError, match="the table is in use"):
                user(used, 2)
        finally:
            first.interrupt()
            thread.join()
        assert user(used, 2).exports.number() == 2


def test_threads_that_all_want_the_table() -> None:
    table = Table(16)
    guests = [user(table, mark) for mark in range(4)]
    for place, guest in enumerate(guests):
        put(guest, place, NUMBER)
    ran = [0] * len(guests)
    problems: list[Exception] = []

    def work(number: int) -> None:
        try:
            for round_ in range(300):
                place = (number + round_) % len(guests)
                with contextlib.suppress(RuntimeError):  # another one is running
                    assert guests[number].exports.call_many(place, 50) == 50 * place
                    guests[number].exports.copy(8, 0, 4)
                    ran[number] += 1
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(guests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert all(ran)


# --- snapshots and forks ---


def test_snapshots_of_what_imports_a_table_are_refused() -> None:
    guest = user(Table(4), 1)
    message = "import env.table: an imported table is shared, and in no snapshot or fork of the instance"
    with pytest.raises(zcwasm.SnapshotError, match=message):
        guest.snapshot(io.BytesIO())
    with pytest.raises(zcwasm.SnapshotError, match=message):
        guest.fork()


def test_snapshots_of_a_table_with_functions_of_others_are_refused() -> None:
    guest = owner()
    other = user(guest.exports.table, 1)
    put(other, 3, NUMBER)
    with pytest.raises(
        zcwasm.SnapshotError, match="element 3 of the instance's table is a function of another"
    ):
        guest.snapshot(io.BytesIO())
    guest.exports.table.set(3, None)
    (child,) = guest.fork()
    assert child.exports.call(0) == 100


def test_a_grown_table_is_in_snapshots_and_forks() -> None:
    guest = owner()
    table = guest.exports.table
    user(table, 1)  # shared, but with nothing of others
    table.grow(3)
    table.set(6, guest.exports.bump)
    table.set(0, None)
    file = io.BytesIO()
    guest.snapshot(file)
    file.seek(0)
    imports = {"env": {"host": nothing}}
    restored = Instance.restore(guest.module, file, imports=imports)
    for other in (restored, *guest.fork()):
        assert other.exports.table.size == 7
        assert other.exports.call(6) == 101
        other.exports.table.set(5, other.exports.number)  # its own table, of which the others see nothing
        assert other.exports.table.get(0) is None
    assert table.get(5) is None
    file.seek(0)
    with pytest.raises(zcwasm.SnapshotError, match="table has 7 elements, the limit is 6"):
        Instance.restore(guest.module, file, imports=imports, limits=Limits(table=6))
