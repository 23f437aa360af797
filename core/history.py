"""Who changed which setting, when, from what to what: read from the history tables that the database writes itself.

Every app registers its settings when it is ready. A history row is the row as it was before a change (or as it was made
or deleted); what it became stands in the next history row, else in the table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from core.encryption import EncryptedTextField
from core.templatetags.ui import NOTHING, day, day_time

ALWAYS_SKIPPED = frozenset({"id", "uid", "created_at", "updated_at", "revision"})
HIDDEN = "•••"


@dataclass(frozen=True)
class Value:
    """One column of one change, in words."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One change of one row. `kind`: created, changed or deleted; `actor`: None when no person did it on a page."""

    at: datetime
    kind: str
    what: str
    title: str
    actor: Any
    values: tuple[Value, ...]
    object_id: int


@dataclass(frozen=True)
class Setting:
    """A tracked model. `title`: names a (history) row; `words`: says a value, None for the usual way; `has_births`:
    whether new rows are listed; `visible`: narrows the history rows to what the reader may see; `versions_of`: the
    columns that dated versions of one thing share, so that a new version tells what it changes."""

    key: str
    model: type[Model]
    title: Callable[[Any], str]
    words: Callable[[Any, str], str | None] = lambda row, name: None
    skip: frozenset[str] = frozenset()
    has_births: bool = True
    visible: Callable[[QuerySet, Any], QuerySet] = lambda rows, user: rows
    versions_of: tuple[str, ...] | None = None

    @property
    def events(self) -> type[Model]:
        return self.model._meta.get_field("history").related_model  # type: ignore[return-value]


_settings: dict[str, list[Setting]] = {}


def register(*settings: Setting) -> None:
    """Add tracked models; the same model again replaces it."""
    for setting in settings:
        rest = [one for one in _settings.get(setting.key, []) if one.model is not setting.model]
        _settings[setting.key] = [*rest, setting]


def keys() -> list[str]:
    return list(_settings)


def registered() -> set[type[Model]]:
    """The models whose changes are listed."""
    return {setting.model for group in _settings.values() for setting in group}


def labels() -> dict[str, str]:
    """The kinds of settings by key, named by their first model."""
    return {key: str(found[0].model._meta.verbose_name_plural) for key, found in _settings.items()}


def changes(*, user: Any, key: str = "", before: datetime | None = None, limit: int = 20) -> list[Change]:
    """The latest changes, newest first: of one kind of setting, or of all. `before`: only earlier ones.

    Up to five queries for each tracked model, one for the people.
    """
    found: list[tuple[datetime, int, Change]] = []
    for setting in [one for name, group in _settings.items() if key in ("", name) for one in group]:
        found += _changes_of(setting, user=user, before=before, limit=limit)
    found.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return _with_people([change for _at, _pk, change in found[:limit]])


def _changes_of(
    setting: Setting, *, user: Any, before: datetime | None, limit: int
) -> list[tuple[datetime, int, Change]]:
    rows: QuerySet[Any] = setting.visible(setting.events._default_manager.all(), user)
    if before is not None:
        rows = rows.filter(pgh_created_at__lt=before)
    if not setting.has_births:
        rows = rows.exclude(pgh_label="created")
    rows = rows.select_related("pgh_context").order_by("-pgh_created_at", "-pgh_id")
    names, versions, made, events = _Names(), _Versions(setting), [], list(rows[:limit])
    while events:
        became = _became(setting, events)
        for event in events:
            values = _told(setting, event, became.get(event.pgh_id), names, versions)
            if event.pgh_label != "changed" or values:
                made.append((event.pgh_created_at, event.pgh_id, _change(setting, event, values)))
        last = events[-1]
        # What changed in skipped columns only (a person's theme) is no change of a setting: look further back.
        is_over = len(events) < limit or len(made) >= limit
        earlier = Q(pgh_created_at__lt=last.pgh_created_at) | Q(
            pgh_created_at=last.pgh_created_at, pgh_id__lt=last.pgh_id
        )
        events = [] if is_over else list(rows.filter(earlier)[:limit])
    return made[:limit]


def _told(setting: Setting, event: Any, became: Any, names: "_Names", versions: "_Versions") -> tuple[Value, ...]:
    if event.pgh_label == "changed":
        return _values(setting, event, became, names)
    if event.pgh_label != "created" or setting.versions_of is None:
        return ()
    previous = versions.before(event)
    found = _values(setting, previous, event, names) if previous is not None else ()
    return tuple(value for value in found if value.name not in ("valid_from", "valid_to"))


def _change(setting: Setting, event: Any, values: tuple[Value, ...]) -> Change:
    context = event.pgh_context.metadata if event.pgh_context else {}
    return Change(
        at=event.pgh_created_at,
        kind=event.pgh_label,
        what=str(setting.model._meta.verbose_name),
        title=setting.title(event),
        actor=context.get("user"),
        values=values,
        object_id=event.pgh_obj_id,
    )


def _became(setting: Setting, events: Sequence[Any]) -> dict[int, Any]:
    """The row after each change: the next history row of the same object, else the row of the table."""
    if not events:
        return {}
    ids = {event.pgh_obj_id for event in events}
    first = min(event.pgh_id for event in events)
    manager = setting.events._default_manager
    later: list[Any] = list(manager.filter(pgh_obj_id__in=ids, pgh_id__gt=first).order_by("pgh_id"))
    current = setting.model._default_manager.in_bulk(list(ids))
    found = {}
    for event in events:
        following = (row for row in later if row.pgh_obj_id == event.pgh_obj_id and row.pgh_id > event.pgh_id)
        found[event.pgh_id] = next(following, None) or current.get(event.pgh_obj_id)
    return found


def _values(setting: Setting, old: Any, new: Any, names: "_Names") -> tuple[Value, ...]:
    if new is None:
        return ()
    found = []
    tracked = {field.name for field in setting.events._meta.concrete_fields}
    for field in setting.model._meta.concrete_fields:
        if field.name in ALWAYS_SKIPPED | setting.skip or field.name not in tracked:
            continue
        if getattr(old, field.attname) == getattr(new, field.attname):
            continue
        words = [
            setting.words(row, field.name) or _word(field, getattr(row, field.attname), names) for row in (old, new)
        ]
        found.append(Value(field.name, str(field.verbose_name), *words))
    return tuple(found)


class _Versions:
    """The dated versions of a setting, read once and only when a new one is told about."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    @cached_property
    def _rows(self) -> list[Any]:
        return list(self._setting.model._default_manager.order_by("-valid_from"))

    def before(self, event: Any) -> Any:
        """The version of the same thing that the new one follows, if any."""
        fields = self._setting.model._meta.concrete_fields
        same = [field.attname for field in fields if field.name in (self._setting.versions_of or ())]

        def is_before(row: Any) -> bool:
            is_same = all(getattr(row, name) == getattr(event, name) for name in same)
            return is_same and row.valid_from < event.valid_from

        return next(filter(is_before, self._rows), None)


class _Names:
    """The names of rows that foreign keys point at, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[type[Model], Any], str] = {}

    def of(self, model: type[Model], pk: Any) -> str:
        if (model, pk) not in self._known:
            row = model._default_manager.filter(pk=pk).first()
            self._known[model, pk] = str(row) if row is not None else str(pk)
        return self._known[model, pk]


def _word(field: Field, value: Any, names: _Names) -> str:
    if isinstance(field, EncryptedTextField):
        return HIDDEN if value else NOTHING
    if value is None or value == "":
        return NOTHING
    if isinstance(field, ForeignKey):
        return names.of(field.related_model, value)
    if isinstance(field, ArrayField):
        return _(" or ").join(_word(field.base_field, one, names) for one in value) or NOTHING
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    match value:
        case bool():
            return _("Yes") if value else _("No")
        case datetime():
            return day_time(value)
        case date():
            return day(value)
        case time():
            return time_format(value, "H:i")
    return str(value)


def _with_people(found: Iterable[Change]) -> list[Change]:
    """Ids of people become people, with one query."""
    rows = list(found)
    people = get_user_model()._default_manager.in_bulk({row.actor for row in rows if row.actor})
    return [Change(**{**row.__dict__, "actor": people.get(row.actor)}) for row in rows]
