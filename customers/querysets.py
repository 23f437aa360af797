"""Finding customers by what people type: characters, pinyin, initials, any part of a phone number."""

import re
from typing import Self

from django.db import models
from django.db.models import Q

from core.pinyin import search_text

_CJK = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


class CustomerQuerySet(models.QuerySet):
    def matching(self, text: str) -> Self:
        """Customers that fit the text; nothing for fewer than 3 digits of a phone. Every branch uses one GIN index."""
        digits = re.sub(r"[\s\-()+]", "", text)
        if digits.isdigit():
            if len(digits) < 3:
                return self.none()
            wanted = Q(phones__number__contains=digits)
            national = digits.removeprefix("0086").lstrip("0")
            # An area code is stored without its zero; the tail of a number keeps its own.
            if national != digits and len(national) >= 3:
                wanted |= Q(phones__number__contains=national)
            return self.filter(wanted).distinct()
        compact = search_text(text)
        if not compact:
            return self.none()
        if _CJK.search(compact) or len(compact) < 3:
            # Exact pieces of a name: every substring up to four characters and every prefix of the initials is a term.
            pieces = [compact[i : i + 4] for i in range(0, max(1, len(compact) - 3))]
            return self.filter(search_terms__contains=pieces)
        return self.filter(Q(pinyin__contains=compact) | Q(search_terms__contains=[compact]))
