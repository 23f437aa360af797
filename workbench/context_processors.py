"""What the shell around every page shows: the rooms of the person's role, the counts that need action, the store."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from notifications.models import Notification
from staff.enums import Scope
from staff.models import Store, User
from staff.policies import can_import_leads, can_register_leads
from workbench.selectors.today import overdue_callbacks_of, size_of

COUNT_LIMIT = 99  # one more is shown as 99+


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell` costs one query, and only where a template shows it: fragments do not pay for it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "tabs": [], "quick": [], "unread": 0, "store_name": ""}
    counts = _counts(user)
    items = _items(user, overdue=counts["overdue"])
    tabs = [item for item in items if item["key"] in ("today", "customers", "inbox")]
    return {
        "nav": [{"label": "", "items": items}],
        "tabs": tabs,
        "quick": quick_actions(user),
        "unread": counts["unread"],
        "store_name": counts["name"],
    }


def _counts(user: User) -> dict[str, Any]:
    """Unread notices, own overdue callbacks and the store's name with one statement."""
    if user.store_id is None:  # a superuser
        return {"name": "", "unread": 0, "overdue": 0}
    row = (
        Store.objects.filter(pk=user.store_id)
        .annotate(
            unread=size_of(Notification.objects.inbox_of(user).unread()),
            overdue=size_of(overdue_callbacks_of(user)),
        )
        .values("name", "brand_name", "unread", "overdue")
        .get()
    )
    name = f"{row['brand_name']} · {row['name']}" if row["brand_name"] else row["name"]
    more = COUNT_LIMIT + 1
    return {"name": name, "unread": min(row["unread"], more), "overdue": min(row["overdue"], more)}


def _item(key: str, icon: str, short: str, full: str, url: str, *, hot: int = 0) -> dict[str, Any]:
    return {"key": key, "icon": icon, "short": short, "full": full, "url": reverse(url), "hot": hot, "count": 0}


def _items(user: User, *, overdue: int) -> list[dict[str, Any]]:
    """Only rooms that exist; somebody who reads no customers has no door to them."""
    today, customers = pgettext("navigation", "Today"), pgettext("navigation", "Customers")
    items = [_item("today", "calendar-check", today, today, "workbench:today", hot=overdue)]
    if user.scope != Scope.NONE:
        items.append(_item("customers", "users", customers, customers, "workbench:opportunity-list"))
    if can_import_leads(user):
        short, full = pgettext("navigation", "Import"), pgettext("navigation", "Import leads")
        items.append(_item("import", "file-import", short, full, "leads:import-list"))
    inbox = pgettext("navigation", "Inbox")
    items.append(_item("inbox", "bell", inbox, inbox, "notifications:inbox"))
    return items


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
