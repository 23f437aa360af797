"""What a person finds in the inbox."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import clock, history
from core.statements import rows_of
from core.templatetags.ui import day, day_time
from notifications.enums import MessageChannel, MessagePurpose, MessageState, NoticeKind
from notifications.models import (
    ChannelPause,
    Integration,
    MessageAttempt,
    MessageTemplate,
    Notification,
    OutboundMessage,
    ProviderTemplate,
)
from staff.enums import Role
from staff.models import User
from staff.policies import configures_all_stores

COUNT_LIMIT = 100


def inbox(user: User) -> QuerySet[Notification]:
    return Notification.objects.inbox_of(user).order_by("-created_at", "-id")


def own_notices(user: User) -> QuerySet[Notification]:
    """Every line the person ever got."""
    return Notification.objects.filter(recipient=user)


def unread_count(user: User) -> int:
    """At most COUNT_LIMIT: more than that is shown as 99+."""
    return Notification.objects.inbox_of(user).unread()[:COUNT_LIMIT].count()


def templates_in_force(*, channel: str, on: date) -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), channel=channel, valid_from__lte=on)


# ---- the sentence of a notice, made when it is shown, in the language of the reader -------------------------

# Words for codes that belong to apps above this one; tests/notifications/test_views.py holds them to their enums.
CALLBACK_WORDS = {
    "same_day_sms": gettext_lazy("Same-day message"),
    "first_callback": gettext_lazy("First callback"),
    "second_callback": gettext_lazy("Second callback"),
    "cadence": gettext_lazy("Regular callback"),
    "retry": gettext_lazy("Call again"),
    "manual": gettext_lazy("Agreed callback"),
    "delivery_24h": gettext_lazy("Callback 24 hours after delivery"),
    "delivery_week": gettext_lazy("Callback one week after delivery"),
    "delivery_month": gettext_lazy("Third callback after delivery"),
}
OUTCOME_WORDS = {"lost": pgettext_lazy("outcome", "Lost"), "void": pgettext_lazy("outcome", "Void")}

# What may be asked for; filled by approvals.kinds.register, which stands above this app.
APPROVAL_WORDS: dict[str, Any] = {}

_SENTENCES = {
    NoticeKind.FOLLOW_UP_SOON: gettext_lazy("%(customer)s: %(callback)s is due at %(time)s"),
    NoticeKind.FOLLOW_UP_DUE: gettext_lazy("%(customer)s: %(callback)s is due now"),
    NoticeKind.FOLLOW_UP_OVERDUE: gettext_lazy("%(customer)s: %(callback)s is overdue"),
    NoticeKind.FOLLOW_UP_ESCALATED: gettext_lazy("%(owner)s missed it: %(callback)s with %(customer)s is overdue"),
    NoticeKind.OWNER_CHANGED: gettext_lazy("%(by)s handed %(customer)s over to you"),
    NoticeKind.LEVEL_REQUESTED: gettext_lazy("%(by)s proposes level %(level)s for %(customer)s, now %(current)s"),
    NoticeKind.LEVEL_DECIDED: gettext_lazy("%(by)s did not agree to level %(level)s for %(customer)s"),
    NoticeKind.CLOSE_REQUESTED: gettext_lazy("%(by)s proposes to close %(customer)s: %(outcome)s"),
    NoticeKind.CLOSE_DECIDED: gettext_lazy("%(by)s wants %(customer)s to be followed further"),
    NoticeKind.CUSTOMER_RETURNED: gettext_lazy("%(customer)s contacted the store again"),
    NoticeKind.IMPORT_FINISHED: gettext_lazy("The import of %(file)s has finished"),
    NoticeKind.SUSPICIOUS_ENTRIES: gettext_lazy("%(by)s recorded several identical contacts in a short time"),
    NoticeKind.REMINDER_DEAD: gettext_lazy("A reminder for %(customer)s could not be delivered"),
    NoticeKind.APPROVAL_REQUESTED: gettext_lazy("%(by)s asks for your approval: %(approval)s"),
    NoticeKind.APPROVAL_DECIDED: gettext_lazy("%(by)s sent back your request: %(approval)s"),
    NoticeKind.APPROVAL_VOID: gettext_lazy("Your request is no longer valid: %(approval)s"),
    NoticeKind.SECOND_FACTOR_RESET: gettext_lazy(
        "%(by)s reset your second factor. If you did not ask for it, tell the general manager now"
    ),
    NoticeKind.EXPORT_FINISHED: gettext_lazy("Your export %(number)s is not given"),
    NoticeKind.EXPORT_MADE: gettext_lazy("%(by)s exported %(rows)s customers (%(number)s)"),
    NoticeKind.MESSAGE_FAILED: gettext_lazy("The message to %(customer)s was not sent"),
    NoticeKind.RULES_PUBLISHED: gettext_lazy("Callback rules v%(number)s begin on %(begins)s: please read and confirm"),
    NoticeKind.CHANNEL_FAILING: gettext_lazy("%(integration)s fails: messages do not go out"),
    NoticeKind.ACCESS_ALERT: gettext_lazy("%(name)s looked at %(count)s numbers or pictures in an hour"),
}
_ALERTS = {
    "customers": gettext_lazy("%(name)s opened %(count)s customers in an hour"),
    "off_hours": gettext_lazy("%(name)s opened %(count)s customers outside opening hours"),
}
_ACCEPTED = {
    NoticeKind.LEVEL_DECIDED: gettext_lazy("%(by)s agreed to level %(level)s for %(customer)s"),
    NoticeKind.CLOSE_DECIDED: gettext_lazy("%(by)s agreed to close %(customer)s: %(outcome)s"),
    NoticeKind.EXPORT_FINISHED: gettext_lazy("Your export is ready: %(rows)s customers (%(number)s)"),
    NoticeKind.APPROVAL_DECIDED: gettext_lazy("%(by)s approved your request: %(approval)s"),
}
# (icon, tone): red is late or blocked, amber waits for somebody, green went through.
_LOOKS: dict[str, tuple[str, str]] = {
    NoticeKind.FOLLOW_UP_SOON: ("clock", "brand"),
    NoticeKind.FOLLOW_UP_DUE: ("phone", "brand"),
    NoticeKind.FOLLOW_UP_OVERDUE: ("alarm", "bad"),
    NoticeKind.FOLLOW_UP_ESCALATED: ("alarm", "bad"),
    NoticeKind.OWNER_CHANGED: ("transfer", "brand"),
    NoticeKind.LEVEL_REQUESTED: ("trending-down", "warn"),
    NoticeKind.LEVEL_DECIDED: ("user-check", "ok"),
    NoticeKind.CLOSE_REQUESTED: ("flag-off", "warn"),
    NoticeKind.CLOSE_DECIDED: ("user-check", "ok"),
    NoticeKind.CUSTOMER_RETURNED: ("phone-incoming", "brand"),
    NoticeKind.IMPORT_FINISHED: ("file-import", "ok"),
    NoticeKind.SUSPICIOUS_ENTRIES: ("alert-circle", "warn"),
    NoticeKind.REMINDER_DEAD: ("alert-circle", "bad"),
    NoticeKind.APPROVAL_REQUESTED: ("user-check", "warn"),
    NoticeKind.APPROVAL_DECIDED: ("user-check", "ok"),
    NoticeKind.APPROVAL_VOID: ("alert-circle", "warn"),
    NoticeKind.SECOND_FACTOR_RESET: ("shield-lock", "warn"),
    NoticeKind.EXPORT_FINISHED: ("download", "ok"),
    NoticeKind.EXPORT_MADE: ("download", "brand"),
    NoticeKind.MESSAGE_FAILED: ("alert-circle", "bad"),
    NoticeKind.CHANNEL_FAILING: ("plug", "bad"),
    NoticeKind.ACCESS_ALERT: ("eye", "bad"),
    NoticeKind.RULES_PUBLISHED: ("list-check", "warn"),
}
_PLAIN_LOOK = ("bell", "brand")


@dataclass(frozen=True)
class Line:
    """One notice as it is read. `detail`: what was added in words, e.g. the reason of a hand-over."""

    notice: Notification
    sentence: str
    detail: str
    icon: str
    tone: str

    @property
    def is_today(self) -> bool:
        return clock.local_date(self.notice.created_at) >= clock.today()


def lines(notices: Iterable[Notification]) -> list[Line]:
    return [_line(notice) for notice in notices]


def _line(notice: Notification) -> Line:
    icon, tone = _LOOKS.get(notice.kind, _PLAIN_LOOK)
    is_refused = notice.kind in _ACCEPTED and not notice.data.get("is_accepted")
    return Line(
        notice=notice,
        sentence=sentence(notice),
        detail=_detail(notice),
        icon=icon,
        tone="warn" if is_refused else tone,
    )


def _detail(notice: Notification) -> str:
    """Why a customer changed hands, and what a decider wrote."""
    if notice.kind == NoticeKind.OWNER_CHANGED:
        return str(notice.data.get("reason", ""))
    return str(notice.data.get("comment", "")) if notice.kind in _ACCEPTED else ""


def sentence(notice: Notification) -> str:
    """What happened, from kind and data; a value that is missing stays out instead of failing."""
    data = notice.data
    pattern = _SENTENCES.get(notice.kind)  # type: ignore[call-overload]
    if data.get("is_accepted"):
        pattern = _ACCEPTED.get(notice.kind, pattern)  # type: ignore[call-overload]
    pattern = _ALERTS.get(data.get("what", ""), pattern)
    if pattern is None:
        return str(notice.get_kind_display())
    due_at = parse_datetime(str(data.get("due_at", "")))
    words: dict[str, str] = defaultdict(str, {key: str(value) for key, value in data.items()})
    words["callback"] = str(CALLBACK_WORDS.get(data.get("code", ""), _("Callback")))
    words["outcome"] = str(OUTCOME_WORDS.get(data.get("outcome", ""), ""))
    words["approval"] = str(APPROVAL_WORDS.get(data.get("approval", ""), _("Request")))
    words["time"] = day_time(due_at) if due_at else ""
    words["begins"] = day(parse_date(str(data.get("valid_from", ""))))
    return str(pattern) % words


def snooze_moments(now: datetime) -> dict[str, tuple[str, datetime]]:
    """The choices for "later", by key: label and moment. The evening is offered while it lies ahead."""
    today = clock.local_date(now)
    evening = clock.at_time(today, time(18))
    choices = {"hour": (_("In an hour"), now + timedelta(hours=1))}
    if evening > now + timedelta(hours=1):
        choices["evening"] = (_("This evening, 18:00"), evening)
    choices["tomorrow"] = (_("Tomorrow, 9:00"), clock.at_time(today + timedelta(days=1), time(9)))
    return choices


# ---- ways to the outside ------------------------------------------------------------------------------------------


def way_for(message: OutboundMessage) -> Integration | None:
    """Through which integration it goes: its own one, else the store's, else the one for all stores."""
    if message.integration_id is not None:
        return message.integration
    rows = Integration.objects.serving(message.store_id).filter(channel=message.channel, is_active=True)
    return rows.exclude(channel=MessageChannel.WEBHOOK).order_by(F("store").asc(nulls_last=True), "id").first()


def is_channel_stopped(*, channel: str, store_id: int | None) -> bool:
    rows = ChannelPause.objects.filter(Q(store=None) | Q(store=store_id), channel=channel, resumed_at=None)
    return rows.exists()


def subscribers(*, event: str, stores: Any) -> QuerySet[Integration]:
    """The integrations in use that asked for the event. `stores`: ids or a queryset of ids."""
    rows = Integration.objects.filter(Q(store=None) | Q(store__in=stores), events__contains=[event], is_active=True)
    return rows.order_by("id")


def administrators_of(store_id: int | None) -> QuerySet[User]:
    """Who sets up a store; of all stores when it is None."""
    rows = User.objects.filter(is_active=True, roles__contains=[Role.ADMINISTRATOR])
    return rows if store_id is None else rows.filter(Q(store=store_id) | Q(is_superuser=True))


def integrations_visible_to(user: User) -> QuerySet[Integration]:
    return Integration.objects.visible_to(user).select_related("store")


def failing_count(user: User) -> int:
    """How many ways out do not work now; the red number at the door of the page."""

    def build() -> QuerySet[Any, Any]:
        return Integration.objects.visible_to(user).filter(is_active=True, failures__gt=0).values_list("pk", flat=True)

    return len(rows_of("failing", user, build))


def stops_in_force(user: User) -> list[ChannelPause]:
    rows = ChannelPause.objects.filter(resumed_at=None).select_related("store", "paused_by").order_by("id")
    return list(rows if configures_all_stores(user) else rows.filter(Q(store=None) | Q(store=user.store_id)))


def template_codes() -> list[tuple[str, str]]:
    """Our texts, by code and name, the newest version of each."""
    rows = MessageTemplate.objects.filter(channel=MessageChannel.SMS).order_by("code", "-valid_from").distinct("code")
    return [(row.code, row.name_zh) for row in rows]


# ---- the outbox as administrators read it -------------------------------------------------------------------------

# Open questions of the last weeks; what was sent is counted by nobody.
COUNTED_DAYS = 30
COUNTED_STATES = (
    MessageState.QUEUED,
    MessageState.SENDING,
    MessageState.FAILED,
    MessageState.UNCERTAIN,
    MessageState.DEAD,
)
# A search without a day looks back so far, and not through years of messages.
SEARCHED_DAYS = 90
TAIL_DIGITS = 4


def outbox_visible_to(user: User) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.visible_to(user).select_related("store", "integration", "created_by")


def outbox_filtered(
    rows: QuerySet[OutboundMessage], *, state: str = "", channel: str = "", on: date | None = None, q: str = ""
) -> QuerySet[OutboundMessage]:
    """`q`: the last digits of a number, or the beginning of what a message is about."""
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    if on is not None:
        start = clock.at_time(on, time(0))
        rows = rows.filter(created_at__gte=start, created_at__lt=start + timedelta(days=1))
    elif q:
        rows = rows.filter(created_at__gte=clock.now() - timedelta(days=SEARCHED_DAYS))
    if q.isdigit() and len(q) <= TAIL_DIGITS:
        rows = rows.filter(recipient__endswith=q)
    elif q:
        rows = rows.filter(Q(subject__startswith=q) | Q(title__startswith=q) | Q(recipient__startswith=q))
    return rows


def outbox_counts(user: User) -> dict[str, int]:
    """How many messages of the last weeks are in each state that somebody may have to look at."""
    since = clock.now() - timedelta(days=COUNTED_DAYS)
    rows = OutboundMessage.objects.visible_to(user).filter(state__in=COUNTED_STATES, created_at__gte=since)
    found = dict(rows.order_by().values_list("state").annotate(count=Count("id")))
    return {state: found.get(state, 0) for state in COUNTED_STATES}


def tries_of(message: OutboundMessage) -> list[MessageAttempt]:
    return list(MessageAttempt.objects.filter(message=message).select_related("by").order_by("id"))


def last_messages_of(integration: Integration, limit: int = 10) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(integration=integration).order_by("-id")[:limit])


def is_text_shown(message: OutboundMessage) -> bool:
    """Administrators configure without reading customers (reliability.md 4.3): a text to one stays closed."""
    return message.purpose == MessagePurpose.INTERNAL


# ---- what was changed about the ways out ---------------------------------------------------------------------------


def tracked_settings() -> list[history.Setting]:
    """For the page of all changes; the secret is in no history, when it was set is."""
    return [
        history.Setting("templates", MessageTemplate, title=lambda row: row.name_zh),
        history.Setting(
            "integrations",
            Integration,
            title=lambda row: row.name,
            words=_setting_words,
            visible=lambda rows, user: rows.filter(pgh_obj__in=Integration.objects.visible_to(user)),
        ),
        history.Setting(
            "integrations",
            ProviderTemplate,
            title=lambda row: row.provider_code,
            visible=lambda rows, user: rows.filter(integration__in=Integration.objects.visible_to(user)),
        ),
    ]


def _setting_words(row: Any, name: str) -> str | None:
    if name != "parameters":
        return None
    return ", ".join(f"{key}: {value}" for key, value in sorted(row.parameters.items()))


# ---- settings: the texts of messages ------------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateText:
    """One text with its versions, the newest first. `shown`: in force today, else the next, else the last one."""

    code: str
    shown: MessageTemplate
    is_in_force: bool
    versions: tuple[MessageTemplate, ...]


def template_texts(*, on: date) -> list[TemplateText]:
    """Every text in the order in which it is offered; one query."""
    by_code: dict[str, list[MessageTemplate]] = {}
    for row in MessageTemplate.objects.order_by("sort_order", "code", "-valid_from"):
        by_code.setdefault(row.code, []).append(row)
    return [_text(code, rows, on) for code, rows in by_code.items()]


def _text(code: str, rows: list[MessageTemplate], on: date) -> TemplateText:
    rows.sort(key=lambda row: row.valid_from, reverse=True)
    current = next((row for row in rows if row.valid_from <= on and (row.valid_to is None or row.valid_to > on)), None)
    coming = [row for row in rows if row.valid_from > on]
    return TemplateText(code, current or (coming[-1] if coming else rows[0]), current is not None, tuple(rows))


def template_example(body: str, *, by: User) -> str:
    """The text as an invented customer would read it."""
    store = by.store
    values = {
        "customer": _("Mr Wang (example)"),
        "store": store.name if store else _("the store"),
        "address": store.address if store else "",
        "consultant": by.name,
        "model": _("the model (example)"),
    }
    return re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], found[0]), body)
