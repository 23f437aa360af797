from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        import customers.checks  # noqa: F401, PLC0415 -- registers them
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from core.templatetags.ui import day  # noqa: PLC0415 -- as the models
        from customers.models import AccessReason, Channel, PrivacyPolicy  # noqa: PLC0415 -- models exist when the app is ready
        from customers.selectors import message_stop_reason  # noqa: PLC0415 -- models exist when the app is ready
        from notifications.policies import register_wishes  # noqa: PLC0415 -- models exist when the app is ready

        code = frozenset({"code"})
        history.register(
            history.Setting("channels", Channel, title=lambda row: row.name_zh, skip=code),
            history.Setting(
                "privacy",
                PrivacyPolicy,
                title=lambda row: f"{PrivacyPolicy._meta.verbose_name} · {day(row.valid_from)}",
                versions_of=("store",),
            ),
            history.Setting("privacy", AccessReason, title=lambda row: row.name_zh, skip=code),
        )
        register_wishes("customers.Customer", message_stop_reason)
