"""The rules and numbers shipped with the product; administrators replace them by dated versions.

Sources: R-070, R-071, R-077, D-01, D-16, domain.md section 6.
"""

from datetime import date, time
from typing import Any

_FROM = date(2020, 1, 1)
_COMMON: dict[str, Any] = {"store": None, "valid_from": _FROM}

RULES: list[dict[str, Any]] = [
    {"code": "same_day_sms", "trigger": "opened", "channel": "sms", "due_rule": "same_day", "source": "R-077"},
    {"code": "first_callback", "trigger": "opened", "due_after": 2, "overdue_after": 3, "source": "R-070 D-01"},
    {"code": "second_callback", "trigger": "opened", "due_after": 7, "overdue_after": 7, "source": "R-071 D-01"},
    {"code": "cadence", "trigger": "contacted", "due_after": 7, "overdue_after": 10, "source": "R-071"},
    *(
        {
            "code": "cadence",
            "level": level,
            "trigger": "contacted",
            "due_after": due,
            "overdue_after": late,
            "source": "domain 6",
        }
        for level, due, late in (("H", 2, 3), ("A", 5, 7), ("B", 7, 10), ("C", 15, 20), ("N", 30, 40))
    ),
    {"code": "retry", "trigger": "unreached", "due_rule": "hours", "due_after": 2, "overdue_after": 24},
    {"code": "manual", "trigger": "contacted", "remind_before_min": 30},
    {
        "code": "delivery_24h",
        "trigger": "delivered",
        "due_rule": "hours",
        "due_after": 20,
        "overdue_after": 24,
        "source": "R-341",
    },
    {"code": "delivery_week", "trigger": "delivered", "due_after": 7, "overdue_after": 8, "source": "R-342"},
    {"code": "delivery_month", "trigger": "delivered", "due_after": 30, "overdue_after": 33, "source": "R-343 D-16"},
]
for _rule in RULES:
    _rule.setdefault("level", "")
    _rule.setdefault("due_time", time(18))


def ship(rule_model: Any, policy_model: Any) -> None:
    """What the first migration wrote, with its historical model classes; a later one made version 1 of it."""
    if not rule_model.objects.exists():
        rule_model.objects.bulk_create([rule_model(**_COMMON, **rule) for rule in RULES])
    if not policy_model.objects.exists():
        policy_model.objects.create(**_COMMON)


def ship_version(set_model: Any, rule_model: Any, policy_model: Any) -> None:
    """Write version 1 when there is no version at all; it was never a draft of somebody."""
    if set_model.objects.exists():
        return
    made = set_model.objects.create(number=1, valid_from=_FROM)
    policy_model.objects.create(rule_set=made)
    rules = [rule_model(rule_set=made, **rule) for rule in _version_rules()]
    rule_model.objects.bulk_create(rules)
    set_model.objects.filter(pk=made.pk).update(state="published")


def _version_rules() -> list[dict[str, Any]]:
    """The shipped rules, each with a list of channels instead of the one of old."""
    return [
        {key: value for key, value in rule.items() if key != "channel"} | {"channels": [rule.get("channel", "phone")]}
        for rule in RULES
    ]


# How a customer is addressed in a message. Messages are written in Chinese, whatever language the sender reads.
HONORIFICS: dict[str, str] = {"male": "先生", "female": "女士"}

# Which text is proposed first to whom, by the kind of the channel; the others can be chosen.
FITTING_TEXTS: dict[str, str] = {"online": "thanks_online", "walk_in": "thanks_visit", "phone": "thanks_call"}
