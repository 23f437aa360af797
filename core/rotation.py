"""Writing every encrypted value anew with the current key: in batches, at any time, as often as wanted.

A batch is one transaction. What already has the current key is left alone, so a run that was killed is continued by the
next one, and of two runs side by side one waits for the other. Old keys stay in FIELD_KEYS until nothing is left.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction
from django.db.models import Count, F, Func, Value

from core.encryption import Ciphertext, EncryptedTextField, current_prefix, seal

BATCH = 500


class Column(NamedTuple):
    model: type[models.Model]
    field: EncryptedTextField

    @property
    def name(self) -> str:
        return f"{self.model._meta.db_table}.{self.field.column}"


class _Start(Func):
    """The first bytes of a value: version and key."""

    function = "SUBSTRING"
    template = "%(function)s(%(expressions)s FROM 1 FOR %(length)s)"
    output_field = models.BinaryField()


class _KeyId(Func):
    """The id of the key that wrote a value."""

    template = "encode(substring(%(expressions)s FROM 3 FOR get_byte(%(expressions)s, 1)), 'escape')"
    output_field = models.TextField()


def encrypted_columns() -> list[Column]:
    """Every encrypted field of every model, by name."""
    found = [
        Column(model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    return sorted(found, key=lambda column: column.name)


def keys_in_use(column: Column) -> dict[str, int]:
    """How many values each key wrote. Reads the whole table."""
    rows = column.model._base_manager.exclude(**{f"{column.field.name}__isnull": True})
    counted = rows.annotate(key_id=_KeyId(F(column.field.attname))).values("key_id").annotate(number=Count("pk"))
    return {row["key_id"]: row["number"] for row in counted.order_by("key_id")}


def rotate(column: Column, *, batch: int = BATCH, tell: Callable[[int], None] = lambda done: None) -> int:
    """Write every value of the column that another key wrote with the current key. Returns how many.

    `tell` hears the number so far after every batch. Raises DecryptionError at a value that does not open: the rows
    before it are done, nothing is lost.
    """
    done, last = 0, None
    while True:
        with transaction.atomic():
            rows = _next_rows(column, after=last, batch=batch)
            for row in rows:
                _write_anew(column, row)
        if not rows:
            return done
        done, last = done + len(rows), rows[-1].pk
        tell(done)


def try_to_open(column: Column) -> None:
    """Open the first and the last value of the column. Raises DecryptionError."""
    rows = column.model._base_manager.exclude(**{f"{column.field.name}__isnull": True}).only("uid", column.field.name)
    for order in ("pk", "-pk"):
        row = rows.order_by(order).first()
        if row is not None:
            getattr(row, column.field.name)


def _next_rows(column: Column, *, after: Any, batch: int) -> list[models.Model]:
    prefix = current_prefix()
    rows = (
        column.model._base_manager.select_for_update(no_key=True)
        .exclude(**{f"{column.field.name}__isnull": True})
        .annotate(key_start=_Start(F(column.field.attname), length=len(prefix)))
        .exclude(key_start=Value(prefix, output_field=models.BinaryField()))
        .only("uid", column.field.name)
        .order_by("pk")
    )
    return list((rows if after is None else rows.filter(pk__gt=after))[:batch])


def _write_anew(column: Column, row: models.Model) -> None:
    value: Ciphertext = row.__dict__[column.field.attname]
    context = column.field.context_of(row)
    renewed = seal(value.open(context), context)
    column.model._base_manager.filter(pk=row.pk).update(**{column.field.name: renewed})
