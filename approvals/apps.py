from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        from approvals.selectors import TO_DECIDE  # noqa: PLC0415 -- tables exist when the app is ready
        from staff.duties import register  # noqa: PLC0415 -- as above

        register(TO_DECIDE)
