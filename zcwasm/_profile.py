"""What ``zcwasm.profile`` is: samples of the functions that a guest is in, by name.

The core samples (csrc/guest/zc_profile.h), from a thread of its own that needs no interpreter lock; here its
numbers become names.
"""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING

from . import _core

if TYPE_CHECKING:
    from typing_extensions import CapsuleType

    from ._core import Instance

UNKNOWN = "[unknown]"  # compiled just now, or entered before the profile began


def _line(name: str) -> str:
    """A name as folded stacks can have it: on one line, without what separates there."""
    return "".join("_" if c in "; \t" or not c.isprintable() else c for c in name) or "_"


class Profile:
    """The samples of a guest. See `profile`."""

    def __init__(self, instance: Instance, interval: float) -> None:
        self.interval = interval
        self._instance: Instance | None = instance
        self._running: CapsuleType | None = None
        self._stacks: dict[tuple[str, ...], int] = {}
        self._lost = 0

    def __enter__(self) -> Profile:
        if self._instance is None:
            raise _core.InUseError("a profile is made once: make another one")
        self._running = _core._profile_start(self._instance, self.interval)
        self._instance = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running is None:
            return
        running, self._running = self._running, None
        stacks, names, self._lost = _core._profile_stop(running)
        often = Counter(names.values())
        unique = {i: name if often[name] == 1 else f"{name} [{i}]" for i, name in names.items()}
        for functions, samples in stacks:
            self._stacks[tuple(unique[i] for i in functions) or (UNKNOWN,)] = samples

    def __repr__(self) -> str:
        state = "running" if self._running else "not begun" if self._instance else f"{self.total} samples"
        return f"<zcwasm profile, {state}>"

    @property
    def total(self) -> int:
        """How many samples were taken while the guest ran."""
        return sum(self._stacks.values()) + self._lost

    @property
    def functions(self) -> dict[str, int]:
        """Samples by the function that the guest was in, most first; a host function by its import's name."""
        counts: Counter[str] = Counter()
        for stack, samples in self._stacks.items():
            counts[stack[-1]] += samples
        return dict(counts.most_common())

    @property
    def inclusive(self) -> dict[str, int]:
        """Samples by function, with those of what it called, most first."""
        counts: Counter[str] = Counter()
        for stack, samples in self._stacks.items():
            for name in set(stack):
                counts[name] += samples
        return dict(counts.most_common())

    @property
    def stacks(self) -> dict[tuple[str, ...], int]:
        """Samples by stack, outermost function first."""
        return dict(self._stacks)

    def folded(self) -> str:
        """The stacks as flame graph programs and speedscope read them, a line for each: "main;sort 17"."""
        lines = (";".join(map(_line, stack)) + f" {n}" for stack, n in sorted(self._stacks.items()))
        return "".join(line + "\n" for line in lines)

    def report(self, limit: int = 20) -> str:
        """A table for people: the functions with the most samples."""
        total, inclusive = self.total, self.inclusive
        lines = [f"{total} samples, {self.interval * 1e3:g} ms apart", "   self  inclusive  function"]
        for name, samples in list(self.functions.items())[:limit]:
            printable = "".join(c if c.isprintable() else "?" for c in name[:100])
            lines.append(f"{samples / total:7.1%} {inclusive[name] / total:10.1%}  {printable}")
        if self._lost:
            lines.append(f"{self._lost / total:7.1%} {'':10}  (too many different stacks)")
        return "\n".join(lines)


def profile(instance: Instance, *, interval: float = 0.001) -> Profile:
    """A context manager that samples which functions a guest is in, to find where its time goes.

    interval: seconds between two samples, more or less (they are spread, so that nothing regular is
    missed). The time is wall-clock time while the instance is in a call, on whatever thread: a host
    function that waits counts, under the name of its import ("env.log"). Names are those of the module's
    name section, else func[N], by the function's number. While it is profiled a guest's calls of its own
    functions take some nanoseconds longer.

    Raises InUseError when the instance is profiled already, ClosedError when it is closed, and ValueError
    for an interval below 10 microseconds. Closing the instance in the block ends the samples, not the
    profile.
    """
    return Profile(instance, interval)
