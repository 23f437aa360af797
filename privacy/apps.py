from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from core.templatetags.ui import day  # noqa: PLC0415 -- as the models
        from privacy import handlers, kinds  # noqa: F401, PLC0415 -- events and kinds, when the app is ready
        from privacy.models import RetentionRule  # noqa: PLC0415 -- as above

        kinds.register_kinds()
        history.register(
            history.Setting(
                "retention",
                RetentionRule,
                title=lambda row: f"{row.get_data_class_display()} · {day(row.valid_from)}",
                skip=frozenset({"valid_to", "set_by"}),
                versions_of=("data_class",),
            )
        )
