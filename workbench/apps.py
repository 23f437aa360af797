from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkbenchConfig(AppConfig):
    name = "workbench"
    verbose_name = _("Workbench")

    def ready(self) -> None:
        from core import history  # noqa: PLC0415 -- models exist when the app is ready
        from core.templatetags.ui import day  # noqa: PLC0415 -- as the models
        from workbench import handlers, kinds  # noqa: F401, PLC0415 -- events and kinds, when the app is ready
        from workbench.models import ExportRule  # noqa: PLC0415 -- as above

        kinds.register_kinds()
        history.register(
            history.Setting(
                "exports",
                ExportRule,
                title=lambda row: f"{ExportRule._meta.verbose_name} · {day(row.valid_from)}",
                versions_of=(),
            )
        )
