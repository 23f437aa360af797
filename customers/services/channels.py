"""The channels a customer may come from: added, renamed, ordered, switched off; never deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.policies import ensure_can_configure
from core.text import clean_text
from core.transactions import service
from customers.models import Channel
from staff.models import User

FIELDS: tuple[str, ...] = ("kind", "name_zh", "name_en", "aliases", "is_active", "sort_order")


@service
def channel_add(*, values: Mapping[str, Any], by: User) -> Channel:
    """A new channel at the end of the list. Raises DomainError when another one has a name or spelling of it."""
    ensure_can_configure(by)
    channel = Channel(**_cleaned(values))
    # Locked so that two administrators who add at once do not take one code.
    known = list(Channel.objects.select_for_update().order_by("pk"))
    channel.code = f"channel_{max((row.pk for row in known), default=0) + 1}"
    if "sort_order" not in values:
        channel.sort_order = (Channel.objects.aggregate(last=Max("sort_order"))["last"] or 0) + 10
    _ensure_unique(channel, known)
    channel.full_clean()
    channel.save(force_insert=True)
    return channel


@service
def channel_change(*, channel_id: int, values: Mapping[str, Any], by: User) -> Channel:
    """Rename it, give it other spellings, another place, or switch it off for new customers."""
    ensure_can_configure(by)
    known = list(Channel.objects.select_for_update().order_by("pk"))
    channel = next(row for row in known if row.pk == channel_id)
    for name, value in _cleaned(values).items():
        setattr(channel, name, value)
    _ensure_unique(channel, known)
    channel.full_clean()
    channel.save(update_fields=[*FIELDS, "updated_at"])
    return channel


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: values[name] for name in FIELDS if name in values}
    for name in ("name_zh", "name_en"):
        if name in kept:
            kept[name] = clean_text(kept[name])
    if "aliases" in kept:
        kept["aliases"] = list(dict.fromkeys(filter(None, (clean_text(word) for word in kept["aliases"]))))
    return kept


def _ensure_unique(channel: Channel, known: Sequence[Channel]) -> None:
    """An import must find exactly one channel for a word."""
    words = _words(channel)
    for other in known:
        clash = words & _words(other)
        if other.pk != channel.pk and clash:
            raise DomainError(
                _("“%(word)s” belongs to %(other)s already."),
                field="name_zh" if channel.name_zh.casefold() in clash else "aliases",
                params={"word": sorted(clash)[0], "other": other.name_zh},
                code="taken",
            )


def _words(channel: Channel) -> set[str]:
    return {word.casefold() for word in (channel.name_zh, channel.name_en, *channel.aliases)}
