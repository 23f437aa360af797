from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from staff.duties import register


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    verbose_name = _("Opportunities")

    def ready(self) -> None:
        from opportunities import handlers, kinds  # noqa: F401, PLC0415 -- events and kinds, when the app is ready

        kinds.register_kinds()
        from opportunities.selectors import OPEN_CUSTOMERS  # noqa: PLC0415 -- tables exist when the app is ready

        register(OPEN_CUSTOMERS)
