from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from staff.duties import register


class FollowupsConfig(AppConfig):
    name = "followups"
    verbose_name = _("Callbacks")

    def ready(self) -> None:
        from followups import handlers, kinds  # noqa: F401, PLC0415 -- events are registered when the app is ready

        kinds.register_all()
        from followups.selectors.callbacks import CALLBACKS  # noqa: PLC0415 -- tables exist when the app is ready

        register(CALLBACKS)
