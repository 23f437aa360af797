"""What a person finds in the inbox."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import clock
from core.templatetags.ui import day_time
from notifications.enums import NoticeKind
from notifications.models import MessageTemplate, Notification
from staff.models import User

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
    NoticeKind.MESSAGE_FAILED: gettext_lazy("The message to %(customer)s was not sent"),
}
_ACCEPTED = {
    NoticeKind.LEVEL_DECIDED: gettext_lazy("%(by)s agreed to level %(level)s for %(customer)s"),
    NoticeKind.CLOSE_DECIDED: gettext_lazy("%(by)s agreed to close %(customer)s: %(outcome)s"),
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
    NoticeKind.MESSAGE_FAILED: ("alert-circle", "bad"),
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
        detail=str(notice.data.get("reason", "")) if notice.kind == NoticeKind.OWNER_CHANGED else "",
        icon=icon,
        tone="warn" if is_refused else tone,
    )


def sentence(notice: Notification) -> str:
    """What happened, from kind and data; a value that is missing stays out instead of failing."""
    data = notice.data
    pattern = _SENTENCES.get(notice.kind)  # type: ignore[call-overload]
    if data.get("is_accepted"):
        pattern = _ACCEPTED.get(notice.kind, pattern)  # type: ignore[call-overload]
    if pattern is None:
        return str(notice.get_kind_display())
    due_at = parse_datetime(str(data.get("due_at", "")))
    words: dict[str, str] = defaultdict(str, {key: str(value) for key, value in data.items()})
    words["callback"] = str(CALLBACK_WORDS.get(data.get("code", ""), _("Callback")))
    words["outcome"] = str(OUTCOME_WORDS.get(data.get("outcome", ""), ""))
    words["time"] = day_time(due_at) if due_at else ""
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
