"""The text of the Python function that writes a template."""

import contextlib
from collections.abc import Callable, Iterator
from keyword import iskeyword
from typing import Any

from django.template import Engine
from django.template.context import Context

from core.rendering import runtime

Write = Callable[[Context], str]
Bound = frozenset[str] | None  # names that a piece of a template may set; None: any


class Source:
    """One function while it is put together, for one language.

    `known`: names of the template that are local variables of the function at this place. `seen`: names that were
    looked up, "" for a node that may look up any. `blocks`: the blocks of an {% extends %} by name, the one that is
    shown first; `are_blocks_djangos`: blocks and what they extend are left to Django. `inside`: the templates that are
    being written into each other.
    """

    def __init__(self, engine: Engine, *, are_blocks_djangos: bool = False) -> None:
        self.engine, self.are_blocks_djangos = engine, are_blocks_djangos
        self.values: dict[str, Any] = {}
        self.known: dict[str, str] = {}
        self.seen: set[str] = set()
        self.blocks: dict[str, list[Any]] = {}
        self.block: tuple[str, int] | None = None
        self.inside: list[str] = []
        self.bound: dict[int, Bound] = {}
        self._numbers: dict[int, str] = {}
        self._readers: dict[tuple[str, ...], str] = {}
        self._reader_lines: list[str] = []
        self._lines: list[str] = []
        self._pieces: list[str] = []
        self._text = ""
        self._depth = 1
        self._locals = 0

    def function(self) -> Write:
        self.flush()
        body = [*self._lines, " return ''.join(out)"]
        head = ["def write(context):", " out, dicts, known = [], context.dicts, addresses(context)"]
        names = {name: value for name, value in vars(runtime).items() if not name.startswith("_")}
        scope: dict[str, Any] = names | self.values
        text = "\n".join([*self._reader_lines, *head, *body])  # what a template holds is in it as literals only
        exec(compile(text, "<template>", "exec"), scope)  # noqa: S102 -- see above
        return scope["write"]

    # ---- lines ---------------------------------------------------------------------------------------------------

    def text(self, text: str) -> None:
        """Words that never change."""
        self._text += str(text)

    def piece(self, expression: str) -> None:
        """An expression that gives a text."""
        self._keep_text()
        self._pieces.append(expression)

    def line(self, statement: str) -> None:
        self.flush()
        self._lines.append(" " * self._depth + statement)

    def flush(self) -> None:
        self._keep_text()
        if self._pieces:
            self._lines.append(" " * self._depth + f"out += ({', '.join(self._pieces)},)")
            self._pieces = []

    def _keep_text(self) -> None:
        if self._text:
            self._pieces.append(repr("".join((self._text,))))  # a plain text, not a SafeString
            self._text = ""

    @contextlib.contextmanager
    def body(self, head: str) -> Iterator[None]:
        """What follows stands inside `head`."""
        self.line(head)
        count = len(self._lines)
        self._depth += 1
        yield
        self.flush()
        if len(self._lines) == count:
            self.line("pass")
        self._depth -= 1

    @contextlib.contextmanager
    def scope(self, names: str, *, bound: Bound, known: dict[str, str] | None = None) -> Iterator[None]:
        """What follows has names of its own: `names` is a dictionary in Python, `known` those that are variables."""
        before = self.known
        visible = {} if bound is None else {name: at for name, at in before.items() if name not in bound}
        added = {} if bound is None else {name: at for name, at in (known or {}).items() if name not in bound}
        self.line(f"dicts.append({names})")
        self.known = visible | added
        yield
        self.line("dicts.pop()")
        self.known = before

    def placeholder(self) -> int:
        """A line that `fill` may write later."""
        self.line("pass")
        return len(self._lines) - 1

    def fill(self, number: int, statement: str) -> None:
        self._lines[number] = self._lines[number].replace("pass", statement)

    # ---- names ---------------------------------------------------------------------------------------------------

    def value(self, thing: Any) -> str:
        """The name under which the function finds an object; of a text or a number, itself."""
        if type(thing) in (str, int, bool, float) or thing is None:
            return repr(thing)
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = f"k{len(self._numbers)}"
            self.values[self._numbers[id(thing)]] = thing
        return self._numbers[id(thing)]

    def local(self) -> str:
        self._locals += 1
        return f"v{self._locals}"

    def reader(self, bits: tuple[str, ...], var: Any) -> str:
        """The name of a function that goes from the value of the first bit to that of the last."""
        if bits not in self._readers:
            name = self._readers[bits] = f"r{len(self._readers)}"
            lines = [
                f"def {name}(value, context, missing):",
                " if value is MISSING: return missing",
                " try:",
                "  if callable(value): value = called(value)",
            ]
            for number, bit in enumerate(bits[1:]):
                if number:
                    lines.append("  if value is None: return missing")  # it has nothing
                by_step = f"value = step(value, {bit!r})"
                if bit.isidentifier() and not iskeyword(bit):
                    lines += [
                        f"  if has_items.get(type(value), True): {by_step}",
                        "  else:",
                        f"   value = value.{bit}",
                        "   if callable(value): value = called(value)",
                    ]
                else:
                    lines.append(f"  {by_step}")
            lines += [
                "  return value",
                " except Exception:",
                f"  return by_django({self.value(var)}, context, missing)",
            ]
            self._reader_lines += lines
        return self._readers[bits]
