from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from notifications import handlers  # noqa: F401, PLC0415 -- registered when the app is ready
        from notifications.selectors import tracked_settings  # noqa: PLC0415 -- models exist when the app is ready
        from staff import rights  # noqa: PLC0415 -- models exist when the app is ready
        from staff.policies import can_configure  # noqa: PLC0415 -- models exist when the app is ready

        history.register(*tracked_settings())
        label = _("Set up integrations, resend messages")
        rights.register(rights.Right("outside", label, can_configure, "notifications:integration-list"))
