"""What somebody types to find a customer."""

import re
from dataclasses import dataclass

from core.pinyin import search_text

_CJK = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Wanted:
    """What somebody typed: `number`, a piece of a phone number; else `words`, all of them, or `pinyin`."""

    number: str = ""
    words: tuple[str, ...] = ()
    pinyin: str = ""


def wanted(text: str) -> Wanted | None:
    """None for what finds nobody: no letters, fewer than 3 digits of a phone."""
    digits = re.sub(r"[\s\-()+]", "", text)
    if digits.isdigit():
        if len(digits) < 3:
            return None
        national = digits.removeprefix("0086").lstrip("0")
        # An area code is stored without its zero. The tail of a number keeps its own, and contains what is left.
        return Wanted(number=national if len(national) >= 3 else digits)
    compact = search_text(text)
    if not compact:
        return None
    if _CJK.search(compact) or len(compact) < 3:
        # Exact pieces of a name: every substring up to four characters and every prefix of the initials is a term.
        return Wanted(words=tuple(compact[i : i + 4] for i in range(max(1, len(compact) - 3))))
    return Wanted(words=(compact,), pinyin=compact)
