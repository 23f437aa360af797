"""The ground floor: nothing here knows a dealership's process."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Basics")

    def ready(self) -> None:
        from core import checks, encryption, history  # noqa: F401, PLC0415 -- registered when the app is ready
        from core.models import BusinessDay  # noqa: PLC0415 -- models exist only when the app is ready
        from core.templatetags.ui import day  # noqa: PLC0415 -- as above

        history.register(
            history.Setting("calendar", BusinessDay, title=lambda row: day(row.on), skip=frozenset({"on"}))
        )
        encryption.check_keys()  # no process starts with keys that it could not encrypt with
