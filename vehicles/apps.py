from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VehiclesConfig(AppConfig):
    name = "vehicles"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from vehicles.models import Brand, Series, Trim  # noqa: PLC0415 -- models exist when the app is ready

        history.register(
            *(history.Setting("catalogue", model, title=lambda row: row.name) for model in (Series, Brand, Trim))
        )
