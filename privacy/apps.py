from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from privacy import handlers, kinds  # noqa: F401, PLC0415 -- events and kinds, when the app is ready

        kinds.register_kinds()
