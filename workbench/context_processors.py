"""What the shell around every page shows: the rooms of the person's role, the counts that need action, the store."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from approvals.selectors import is_decider, requests_asked_by, requests_waiting_for
from core.statements import row_of
from followups.policies import can_read_rules
from notifications.models import Notification
from notifications.selectors import failing_count
from staff.enums import Scope
from staff.models import Store, User
from staff.policies import (
    can_configure,
    can_import_leads,
    can_open_people,
    can_open_roles,
    can_read_access_log,
    can_read_retention,
    can_register_leads,
)
from workbench.selectors.today import overdue_callbacks_of, size_of

COUNT_LIMIT = 99  # one more is shown as 99+


class Setting(NamedTuple):
    """One entry of the settings: its room appears when the URL exists and the person may open it."""

    key: str
    url: str
    icon: str
    short: Any
    full: Any
    may_open: Callable[[User], bool] = can_configure


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "people",
        "staff:people",
        "sitemap",
        pgettext_lazy("navigation", "Organisation"),
        pgettext_lazy("navigation", "Organisation and people"),
        can_open_people,
    ),
    Setting(
        "roles",
        "staff:role-list",
        "shield-lock",
        pgettext_lazy("navigation", "Roles"),
        pgettext_lazy("navigation", "Roles and rights"),
        can_open_roles,
    ),
    Setting(
        "rules",
        "followups:rule-list",
        "adjustments",
        pgettext_lazy("navigation", "Rules"),
        pgettext_lazy("navigation", "Rules"),
        can_read_rules,
    ),
    Setting(
        "dictionaries",
        "customers:channel-list",
        "list-details",
        pgettext_lazy("navigation", "Lists"),
        pgettext_lazy("navigation", "Lists"),
    ),
    Setting(
        "protection",
        "customers:protection",
        "lock",
        pgettext_lazy("navigation", "Protected data"),
        pgettext_lazy("navigation", "Protected data"),
    ),
    Setting(
        "export-rules",
        "workbench:export-rules",
        "download",
        pgettext_lazy("navigation", "Export limits"),
        pgettext_lazy("navigation", "Export limits"),
    ),
    Setting(
        "calendar",
        "core:calendar",
        "calendar-cog",
        pgettext_lazy("navigation", "Calendar"),
        pgettext_lazy("navigation", "Business calendar"),
    ),
    Setting(
        "templates",
        "notifications:template-list",
        "message-2",
        pgettext_lazy("navigation", "Texts"),
        pgettext_lazy("navigation", "Message templates"),
    ),
    Setting(
        "integrations",
        "notifications:integration-list",
        "plug",
        pgettext_lazy("navigation", "Integrations"),
        pgettext_lazy("navigation", "Integrations"),
    ),
    Setting(
        "outbox",
        "notifications:outbox",
        "send",
        pgettext_lazy("navigation", "Outbox"),
        pgettext_lazy("navigation", "Outbox"),
    ),
    Setting(
        "devices",
        "staff:device-list",
        "device-tablet",
        pgettext_lazy("navigation", "Devices"),
        pgettext_lazy("navigation", "Devices"),
    ),
    Setting(
        "retention",
        "privacy:retention-list",
        "clock-x",
        pgettext_lazy("navigation", "Retention"),
        pgettext_lazy("navigation", "Retention"),
        can_read_retention,
    ),
    Setting(
        "audit",
        "workbench:audit-log",
        "history",
        pgettext_lazy("navigation", "Audit"),
        pgettext_lazy("navigation", "Audit log"),
        can_read_access_log,
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell` costs one query, and only where a template shows it: fragments do not pay for it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request)), "lock_after_s": settings.SHARED_IDLE_SECONDS}


def _shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "settings": [], "tabs": [], "quick": [], "unread": 0, "store_name": ""}
    counts = _counts(user)
    decides = is_decider(user)
    items = _items(user, counts, decides=decides)
    # The bell leads to the inbox as well, so somebody who decides has the approvals at hand.
    last = "approvals" if decides else "inbox"
    tabs = [item for item in items if item["key"] in ("today", "customers", last)]
    settings = settings_items(user)
    return {
        "nav": _groups(user, items, settings),
        "settings": settings,
        "tabs": tabs,
        "quick": quick_actions(user),
        "unread": counts["unread"],
        "store_name": counts["name"],
    }


def _counts(user: User) -> dict[str, Any]:
    """Unread notices, own overdue callbacks, approvals and the store's name with one statement."""
    if user.store_id is None:  # a superuser
        return {"name": "", "unread": 0, "overdue": 0, "waiting": 0, "asked": False}
    row = row_of("shell", user, partial(_counted, user))
    name = f"{row['brand_name']} · {row['name']}" if row["brand_name"] else row["name"]
    more = COUNT_LIMIT + 1
    counts = {key: min(row[key], more) for key in ("unread", "overdue", "waiting")}
    return counts | {"name": name, "asked": row["asked"]}


def _counted(user: User) -> Any:
    return (
        Store.objects.filter(pk=user.store_id or 0)
        .annotate(
            unread=size_of(Notification.objects.inbox_of(user).unread()),
            overdue=size_of(overdue_callbacks_of(user)),
            waiting=size_of(requests_waiting_for(user)),
            asked=Exists(requests_asked_by(user)),
        )
        .values("name", "brand_name", "unread", "overdue", "waiting", "asked")
    )


def _item(key: str, icon: str, short: str, full: str, url: str, *, hot: int = 0) -> dict[str, Any]:
    return {"key": key, "icon": icon, "short": short, "full": full, "url": reverse(url), "hot": hot, "count": 0}


def _items(user: User, counts: dict[str, Any], *, decides: bool) -> list[dict[str, Any]]:
    """Only rooms that exist; somebody who reads no customers has no door to them."""
    today, customers = pgettext("navigation", "Today"), pgettext("navigation", "Customers")
    items = [_item("today", "calendar-check", today, today, "workbench:today", hot=counts["overdue"])]
    if user.scope != Scope.NONE:
        items.append(_item("customers", "users", customers, customers, "workbench:opportunity-list"))
    if can_import_leads(user):
        short, full = pgettext("navigation", "Import"), pgettext("navigation", "Import leads")
        items.append(_item("import", "file-import", short, full, "leads:import-list"))
    if decides or counts["asked"]:
        approvals = pgettext("navigation", "Approvals")
        items.append(_item("approvals", "checkup-list", approvals, approvals, "approvals:inbox", hot=counts["waiting"]))
    inbox = pgettext("navigation", "Inbox")
    items.append(_item("inbox", "bell", inbox, inbox, "notifications:inbox"))
    return items


def settings_items(user: User) -> list[dict[str, Any]]:
    """The settings this person may open; rooms that were not built yet are left out."""
    found = []
    for entry in SETTINGS:
        if entry.may_open(user):
            try:
                url = reverse(entry.url)
            except NoReverseMatch:
                continue
            found.append(
                {"key": entry.key, "icon": entry.icon, "short": entry.short, "full": entry.full, "url": url}
                | {"hot": failing_count(user) if entry.key == "integrations" else 0, "count": 0}
            )
    return found


def _groups(user: User, items: list[dict[str, Any]], settings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The day's work first, then the settings; for an administrator the other way round."""
    work = {"label": "", "items": items}
    if not settings:
        return [work]
    rooms = {"label": _("Settings"), "items": settings}
    return [rooms, work | {"label": _("Work")}] if can_configure(user) else [work, rooms]


def quick_actions(user: User) -> list[dict[str, Any]]:
    """What a person may begin from anywhere; empty for roles that register nobody (R-093)."""
    if not can_register_leads(user):
        return []
    url = reverse("leads:lead-register")
    actions = (
        ("walk_in", "door-enter", _("Register a visit")),
        ("call", "phone-incoming", _("Register a call")),
        ("online", "user-plus", _("Register a lead")),
    )
    return [
        {"icon": icon, "label": label, "url": f"{url}?kind={kind}", "sheet": False} for kind, icon, label in actions
    ]
