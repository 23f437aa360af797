from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkbenchConfig(AppConfig):
    name = "workbench"
    verbose_name = _("Workbench")

    def ready(self) -> None:
        from workbench import handlers, kinds  # noqa: F401, PLC0415 -- events and kinds, when the app is ready

        kinds.register_kinds()
