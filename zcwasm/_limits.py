"""What a guest may use."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True, repr=False)
class Limits:
    """Limits of one instance; None is the default of that limit.

    memory: bytes that the guest's own memory may grow to (default: the module's maximum, or 4 GiB). Past it
        `memory.grow` returns -1; a module that needs more at once is a LinkError.
    table: elements of the guest's own table (default 10,000,000).
    call_depth: nested guest calls (default 20,000); past it a Trap of kind 'stack_overflow'. The native
        stack is guarded in any case, also on threads with a small one.
    stack: bytes of the value stack, 64 KiB to 1 GiB (default 1 MiB).
    fuel: how much the guest may compute in its life, see Instance.fuel_used: a deterministic count
        (default: no limit); past it a Trap of kind 'out_of_fuel'. Instance.fuel can be set again.
    scratch: bytes of device scratch that the guest may hold at a time (default 1 GiB).
    outputs: bytes of all outputs of the guest (default 64 MiB).
    dispatch_work: work of one dispatch that the guest records, or gives new parameters, in multiply-adds
        as its kernel's table estimates them at worst (default 2**40: attention of 512 rows and 32 heads of
        128 over 131,072 keys is half of that); past it ZCG_ENOMEM, with both numbers in its text; so on a
        GPU past 2**32 for each workgroup, which cannot be ended. The host's own dispatches have no limit.
    deadline: wall-clock seconds of each call from the host (default: none); past it a Trap of kind
        'deadline'. Seen within milliseconds; a host function in progress is not cut short.
    """

    memory: int | None = None
    table: int | None = None
    call_depth: int | None = None
    stack: int | None = None
    fuel: int | None = None
    scratch: int | None = None
    outputs: int | None = None
    dispatch_work: int | None = None
    deadline: float | None = None

    def __repr__(self) -> str:
        given = ((each.name, getattr(self, each.name)) for each in fields(self))
        return f"Limits({', '.join(f'{name}={value!r}' for name, value in given if value is not None)})"
