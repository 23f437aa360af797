"""The ground floor: nothing here knows a dealership's process."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Basics")

    def ready(self) -> None:
        from core import checks  # noqa: F401, PLC0415 -- registered when the app is ready
