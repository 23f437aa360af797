"""The periods shipped with the product; administrators replace them by dated versions. A lawyer has to check them."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_noop as _

_FROM = date(2020, 1, 1)

RULES: list[dict[str, Any]] = [
    {"data_class": "lost_customers", "keep_days": 365, "source": _("PIPL 19, 47: the purpose has ended")},
    {"data_class": "documents", "keep_days": 90, "source": _("PIPL 28: after the purpose has ended")},
    {"data_class": "messages", "keep_days": 365, "source": _("PIPL 19")},
    {"data_class": "notices", "keep_days": 180, "source": _("PIPL 19")},
    {"data_class": "import_rows", "keep_days": 90, "source": _("PIPL 19: the customers are registered")},
    {"data_class": "open_imports", "keep_days": 7, "source": _("PIPL 19: never used")},
    {"data_class": "sessions", "keep_days": 30, "source": _("PIPL 19")},
    {"data_class": "access_log", "keep_days": 1100, "source": _("PIPL 56: three years")},
]


def ship(rule_model: Any) -> None:
    """Write what is missing. Takes the model class so that a migration can pass its historical one."""
    known = set(rule_model.objects.values_list("data_class", flat=True))
    rule_model.objects.bulk_create(
        [rule_model(valid_from=_FROM, **rule) for rule in RULES if rule["data_class"] not in known]
    )


# Beside the copy of the own data, for the customer who asked for it.
README = (
    "这里是本店保存的关于您的全部资料。data.json 可用任何文本编辑器打开，时间为北京时间。\n"
    "This is everything the dealership keeps about you. data.json opens in any text editor; times are Beijing time.\n"
)
