"""The journey as people read it: one sentence for each log row, made from kind and data in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from core.pagination import Asked, Key, KeysetPage, keyset_page
from core.statements import rows_of
from core.templatetags.ui import day as day_words
from core.templatetags.ui import day_time, duration, rmb
from followups.enums import ContactChannel, ContactOutcome, RuleCode
from opportunities.enums import (
    EventKind,
    Level,
    LostReason,
    OwnerRule,
    PaymentMethod,
    PurchaseWindow,
    Usage,
    VoidReason,
)
from opportunities.models import JourneyEvent, Opportunity
from opportunities.selectors import timeline
from opportunities.stages import Outcome, Stage
from vehicles.models import Trim

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PAGE_SIZE = 20
ORDER = (Key("occurred_at", desc=True), Key("id", desc=True))
GROUPS: dict[str, tuple[str, ...]] = {
    "contacts": (EventKind.CONTACTED, EventKind.CORRECTED, EventKind.REPEATED),
    "callbacks": (EventKind.FOLLOW_UP_MISSED, EventKind.FOLLOW_UP_MOVED),
    "notes": (EventKind.NOTE,),
    "changes": (
        EventKind.REGISTERED,
        EventKind.STAGE_REACHED,
        EventKind.OWNER_CHANGED,
        EventKind.LEVEL_CHANGED,
        EventKind.LEVEL_REQUESTED,
        EventKind.LEVEL_REFUSED,
        EventKind.FACTS_CHANGED,
        EventKind.CLOSE_REQUESTED,
        EventKind.CLOSE_REFUSED,
        EventKind.CLOSED,
    ),
}
GROUP_LABELS: dict[str, "_StrPromise"] = {
    "": gettext_lazy("All kinds"),
    "contacts": gettext_lazy("Contacts"),
    "callbacks": gettext_lazy("Callbacks"),
    "notes": gettext_lazy("Notes"),
    "changes": gettext_lazy("Changes"),
}


@dataclass(frozen=True)
class Names:
    """What ids in the data are called: people by user id, series and trims by their id."""

    people: Mapping[int, str]
    series: Mapping[str, str]
    trims: Mapping[str, str]


@dataclass
class Entry:
    """One line of the timeline. `icon` is a name of the sprite, `tone` is "" or "alert"; texts are translated."""

    event: JourneyEvent
    icon: str
    title: str
    sub: str = ""
    text: str = ""
    tags: list[str] = field(default_factory=list)
    tone: str = ""
    is_taken_back: bool = False

    @property
    def at(self) -> datetime:
        return self.event.occurred_at

    @property
    def stage_number(self) -> int:
        """The stage in which it happened, for its colour."""
        return Stage(self.event.stage).number

    @property
    def by(self) -> str:
        """Who wrote it; "" for the system."""
        return self.event.actor.name if self.event.actor else ""


@dataclass(frozen=True)
class Timeline:
    entries: list[Entry]
    next_cursor: str | None


def timeline_page(opportunity: Opportunity, *, group: str, cursor: str | None, people: Mapping[int, str]) -> Timeline:
    """One page of entries, the newest first; two queries (log, catalogue). `people`: names of earlier owners."""

    def build(opportunity_id: int) -> QuerySet[JourneyEvent]:
        rows = timeline(opportunity_id)
        return rows.filter(kind__in=GROUPS[group]) if group in GROUPS else rows

    asked = Asked(f"timeline {group}", None, JourneyEvent, build, (opportunity.pk,))
    page: KeysetPage[JourneyEvent] = keyset_page(asked, order=ORDER, cursor=cursor, size=PAGE_SIZE)
    names = _names(people)
    entries = [entry_of(event, names) for event in page.items]
    taken_back = {event.subject for event in page.items if event.kind == EventKind.CORRECTED}
    for entry in entries:
        entry.is_taken_back = entry.event.kind == EventKind.CONTACTED and entry.event.subject in taken_back
    return Timeline(entries, page.next_cursor)


def _names(people: Mapping[int, str]) -> Names:
    trims = rows_of("trims", None, lambda: Trim.objects.select_related("series"))
    return Names(
        people=people,
        series={str(trim.series_id): trim.series.name for trim in trims},
        trims={str(trim.pk): f"{trim.series.name} {trim.name}" for trim in trims},
    )


def entry_of(event: JourneyEvent, names: Names) -> Entry:
    """The sentence of one row; a kind that is not known here shows its label, never the stored data."""
    make = _MAKERS.get(event.kind)
    return make(event, names) if make else Entry(event, "point", event.get_kind_display())


# ---- one function for each kind --------------------------------------------------------------------------

_TRIGGERS: dict[str, tuple[str, "_StrPromise", "_StrPromise"]] = {
    "call": ("phone-incoming", gettext_lazy("Called the store"), gettext_lazy("Called again")),
    "online": ("user-plus", gettext_lazy("Left an online lead"), gettext_lazy("Left another online lead")),
    "walk_in": ("door-enter", gettext_lazy("Came to the store"), gettext_lazy("Came to the store again")),
}


def _registered(event: JourneyEvent, names: Names) -> Entry:
    icon, first, _again = _TRIGGERS.get(
        event.data.get("trigger", ""), ("user-plus", gettext_lazy("Registered"), gettext_lazy("Registered"))
    )
    channel = str(event.channel) if event.channel else ""
    owner = _("Given to %(name)s") % {"name": event.owner.name} if event.owner else _("Waiting for an owner")
    return Entry(event, icon, str(first), sub=" · ".join(part for part in (channel, owner) if part))


def _repeated(event: JourneyEvent, names: Names) -> Entry:
    icon, _first, again = _TRIGGERS.get(
        event.data.get("kind", ""), ("history", gettext_lazy("Came back"), gettext_lazy("Came back"))
    )
    return Entry(event, icon, str(again), text=event.data.get("note", ""))


def _stage_reached(event: JourneyEvent, names: Names) -> Entry:
    stage = _label(Stage, event.stage)
    return Entry(event, "circle-check", _("Reached: %(stage)s") % {"stage": stage})


def _owner_changed(event: JourneyEvent, names: Names) -> Entry:
    owner = event.owner.name if event.owner else _("nobody")
    previous = names.people.get(event.data.get("previous_owner") or 0, "")
    rule = _label(OwnerRule, event.data.get("rule", ""))
    if previous:
        title = _("Handed over from %(previous)s to %(owner)s") % {"previous": previous, "owner": owner}
    else:
        title = _("Given to %(name)s") % {"name": owner}
    return Entry(event, "arrows-exchange", title, sub=rule, text=event.data.get("reason", ""))


def _level_changed(event: JourneyEvent, names: Names) -> Entry:
    values = {"before": event.data.get("previous", ""), "after": event.data.get("level", "")}
    return Entry(event, "gauge", _("Level %(before)s → %(after)s") % values, sub=_label(Level, values["after"]))


def _level_requested(event: JourneyEvent, names: Names) -> Entry:
    title = _("Level %(level)s proposed") % {"level": event.data.get("level", "")}
    return Entry(event, "gauge", title, sub=_("the supervisor decides"))


def _level_refused(event: JourneyEvent, names: Names) -> Entry:
    title = _("The level stays %(level)s") % {"level": event.data.get("current", "")}
    return Entry(event, "gauge", title, sub=_("sent back by the supervisor"), text=event.data.get("comment", ""))


def _facts_changed(event: JourneyEvent, names: Names) -> Entry:
    changed: Mapping[str, Sequence[str]] = event.data.get("changed", {})
    lines = [_fact_line(name, pair, names) for name, pair in changed.items() if name in FACTS and len(pair) == 2]
    return Entry(event, "list-details", _("Needs updated"), text=pgettext("sentence separator", "; ").join(lines))


def _contacted(event: JourneyEvent, names: Names) -> Entry:
    data = event.data
    channel, outcome = data.get("channel", ""), data.get("outcome", "")
    title = f"{_label(ContactChannel, channel)} · {_label(ContactOutcome, outcome)}"
    if outcome == ContactOutcome.SENT:
        title = _label(ContactOutcome, outcome)
    sub = [duration(data["duration_s"])] if data.get("duration_s") else []
    if data.get("is_suspicious"):
        sub.append(_("one of several identical entries"))
    return Entry(
        event,
        _CONTACT_ICONS.get(channel, "phone-outgoing") if outcome != ContactOutcome.NO_ANSWER else "phone-x",
        title,
        sub=" · ".join(sub),
        text=data.get("sentence", ""),
        tags=[str(tag) for tag in data.get("tags") or []],
    )


_CONTACT_ICONS: dict[str, str] = {
    ContactChannel.PHONE: "phone-outgoing",
    ContactChannel.WECHAT: "brand-wechat",
    ContactChannel.SMS: "message",
    ContactChannel.VISIT: "door-enter",
}


def _note(event: JourneyEvent, names: Names) -> Entry:
    return Entry(event, "note", _("Note"), text=event.data.get("text", ""))


_EXCUSES: dict[str, "_StrPromise"] = {
    "leave": gettext_lazy("The owner was on leave; it does not count against anybody."),
    "unassigned": gettext_lazy("Nobody owned the customer then; it does not count against anybody."),
    "system": gettext_lazy("The reminder came too late; it does not count against anybody."),
}


def _missed(event: JourneyEvent, names: Names) -> Entry:
    code = _label(RuleCode, event.data.get("code", ""))
    text = str(_EXCUSES.get(event.data.get("excused", ""), ""))
    return Entry(event, "alarm", _("%(callback)s was not done in time") % {"callback": code}, text=text, tone="alert")


def _moved(event: JourneyEvent, names: Names) -> Entry:
    values = {
        "callback": _label(RuleCode, event.data.get("code", "")),
        "before": day_time(_moment(event.data.get("before"))),
        "after": day_time(_moment(event.data.get("after"))),
    }
    title = _("%(callback)s moved") % {"callback": values["callback"]}
    return Entry(
        event,
        "calendar-event",
        title,
        sub=_("from %(before)s to %(after)s") % values,
        text=event.data.get("reason", ""),
    )


def _close_requested(event: JourneyEvent, names: Names) -> Entry:
    outcome = event.data.get("outcome", "")
    title = _("Proposed as void") if outcome == Outcome.VOID else _("Proposed as lost")
    return Entry(event, "flag-off", title, sub=_reason(outcome, event), text=event.data.get("note", ""))


def _close_refused(event: JourneyEvent, names: Names) -> Entry:
    title, sub = _("To be followed further"), _("sent back by the supervisor")
    return Entry(event, "flag-off", title, sub=sub, text=event.data.get("comment", ""))


def _closed(event: JourneyEvent, names: Names) -> Entry:
    outcome = event.data.get("outcome", "")
    titles = {Outcome.LOST: _("Closed as lost"), Outcome.VOID: _("Closed as void"), Outcome.WON: _("Won")}
    return Entry(event, "flag-off", titles.get(outcome) or event.get_kind_display(), sub=_reason(outcome, event))


def _corrected(event: JourneyEvent, names: Names) -> Entry:
    return Entry(event, "history", _("A contact was taken back"), text=_("It does not count any more."))


_MAKERS: dict[str, Callable[[JourneyEvent, Names], Entry]] = {
    EventKind.REGISTERED: _registered,
    EventKind.REPEATED: _repeated,
    EventKind.STAGE_REACHED: _stage_reached,
    EventKind.OWNER_CHANGED: _owner_changed,
    EventKind.LEVEL_CHANGED: _level_changed,
    EventKind.LEVEL_REQUESTED: _level_requested,
    EventKind.LEVEL_REFUSED: _level_refused,
    EventKind.FACTS_CHANGED: _facts_changed,
    EventKind.CONTACTED: _contacted,
    EventKind.NOTE: _note,
    EventKind.FOLLOW_UP_MISSED: _missed,
    EventKind.FOLLOW_UP_MOVED: _moved,
    EventKind.CLOSE_REQUESTED: _close_requested,
    EventKind.CLOSE_REFUSED: _close_refused,
    EventKind.CLOSED: _closed,
    EventKind.CORRECTED: _corrected,
}


# ---- words -----------------------------------------------------------------------------------------------


def _label(choices: Any, value: str) -> str:
    """The label of a stored choice; "" for one that does not exist any more."""
    return str(choices(value).label) if value in choices.values else ""


def _reason(outcome: str, event: JourneyEvent) -> str:
    return _label(VoidReason if outcome == Outcome.VOID else LostReason, event.data.get("reason", ""))


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


FACTS: dict[str, "_StrPromise"] = {
    "series_id": pgettext_lazy("needs", "Series"),
    "trim_id": pgettext_lazy("needs", "Model"),
    "model_text": pgettext_lazy("needs", "Model as told"),
    "colour": pgettext_lazy("needs", "Colours"),
    "budget_min_rmb": pgettext_lazy("needs", "Budget from"),
    "budget_max_rmb": pgettext_lazy("needs", "Budget to"),
    "usage": pgettext_lazy("needs", "Use"),
    "payment_method": pgettext_lazy("needs", "Payment"),
    "purchase_window": pgettext_lazy("needs", "Expected purchase"),
    "expected_on": pgettext_lazy("needs", "Expected by"),
    "trade_in": pgettext_lazy("needs", "Trade-in"),
    "competitor": pgettext_lazy("needs", "Compared with"),
    "concerns": pgettext_lazy("needs", "Concerns"),
    "decision_makers": pgettext_lazy("needs", "People deciding"),
}
_FACT_CHOICES: dict[str, Any] = {
    "usage": Usage,
    "payment_method": PaymentMethod,
    "purchase_window": PurchaseWindow,
}


def _fact_line(name: str, pair: Sequence[str], names: Names) -> str:
    before, after = (fact_words(name, value, names) for value in pair)
    if not before:
        return _("%(fact)s: %(after)s") % {"fact": FACTS[name], "after": after}
    return _("%(fact)s: %(before)s → %(after)s") % {"fact": FACTS[name], "before": before, "after": after or "–"}


def fact_words(name: str, value: str, names: Names) -> str:
    """A stored value of a fact in words; "" when there is none."""
    if not value:
        return ""
    if name in _FACT_CHOICES:
        return _label(_FACT_CHOICES[name], value)
    if name in ("series_id", "trim_id"):
        return (names.series if name == "series_id" else names.trims).get(value, "")
    if name in ("budget_min_rmb", "budget_max_rmb"):
        return rmb(value)
    if name == "expected_on":
        return day_words(parse_date(value))
    return value
