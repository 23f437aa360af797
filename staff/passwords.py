"""Passwords made of words that everybody here knows: named by AUTH_PASSWORD_VALIDATORS."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.pinyin import search_keys
from staff.selectors import known_words

ENOUGH = 8  # characters that are left besides the words everybody tries


class ContextWordsValidator:
    """Refuses a password that consists mainly of the names of product, group, store, brand and person, or trade words
    (ASVS 5.0, 6.2.11). `words` are those of the trade; the names come from the database, as written and as typed."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def validate(self, password: str, user: Any = None) -> None:
        names = [*known_words(), *(str(getattr(user, field, None) or "") for field in ("employee_number", "name"))]
        words = {_plain(word) for word in [*self.words, *names, *(search_keys(name).pinyin for name in names)]}
        rest = _plain(password)
        for word in sorted(words - {""}, key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(re.sub(r"\d+", "", rest)) < ENOUGH and rest != _plain(password):
            raise ValidationError(self.get_help_text(), code="password_context")

    def get_help_text(self) -> str:
        return _("Words that everybody here knows (store, brand, cars) do not make a password; add others.")


def _plain(text: str) -> str:
    """As an attacker would write it: one case, one width, no blanks and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
