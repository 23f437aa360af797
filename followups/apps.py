from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "followups"

    def ready(self) -> None:
        from followups import handlers  # noqa: F401, PLC0415 -- events are registered when the app is ready
