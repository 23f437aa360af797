from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("People and stores")

    def ready(self) -> None:
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from staff.selectors.settings import tracked_settings  # noqa: PLC0415 -- models exist when the app is ready

        history.register(*tracked_settings())
