"""Finding customers by what people type: characters, pinyin, initials, any part of a phone number."""

from typing import Self

from django.db import connection, models
from django.db.models import Q

from customers.search import Wanted, wanted


class CustomerQuerySet(models.QuerySet):
    def matching(self, text: str) -> Self:
        """Customers that fit the text. Every branch uses one GIN index."""
        found = wanted(text)
        if found is None:
            return self.none()
        if found.number:
            return self.filter(phones__number__contains=found.number).distinct()
        fits = Q(search_terms__contains=list(found.words))
        return self.filter(fits | Q(pinyin__contains=found.pinyin) if found.pinyin else fits)

    def beginning_with(self, name: Wanted) -> Self:
        """Those whose pinyin begins so: a range of an index, where a piece of it means reading long lists."""
        return self.filter(pinyin__startswith=name.pinyin) if name.pinyin else self.none()

    def newest_matching(self, name: Wanted, *, of: int) -> tuple[list[int], bool]:
        """Who fits the name among the newest `of` of these customers, and whether there are older ones.

        A frequent surname has thousands, of which the newest few are shown; no index gives them in this order.
        """
        newest, values = self.order_by("-pk").values("pk", "search_terms", "pinyin")[:of].query.sql_with_params()
        statement = f"""
            SELECT count(*), array_agg(pk) FILTER (
              WHERE search_terms @> %s::varchar[] OR (%s <> '' AND strpos(pinyin, %s) > 0)
            ) FROM ({newest}) newest
        """  # noqa: S608 -- a statement of the ORM
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(name.words), name.pinyin, name.pinyin, *values])
            count, keys = cursor.fetchone()
        return keys or [], count == of
