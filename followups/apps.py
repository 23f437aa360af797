from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FollowupsConfig(AppConfig):
    name = "followups"
    verbose_name = _("Callbacks")

    def ready(self) -> None:
        from followups import handlers  # noqa: F401, PLC0415 -- events are registered when the app is ready
