from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# The filters of the customer list; also fields of the opportunity.
FILTER_NAMES = ("level", "stage", "series", "channel", "owner")


class ExportFormat(models.TextChoices):
    """The values are those of core.exports."""

    XLSX = "xlsx", _("Excel")
    CSV = "csv", _("CSV")


class ExportState(models.TextChoices):
    """Asked: somebody else decides. Queued: a worker makes the file. Everything after `ready` is an end."""

    ASKED = "asked", pgettext_lazy("export", "Waiting for approval")
    QUEUED = "queued", pgettext_lazy("export", "Being prepared")
    READY = "ready", pgettext_lazy("export", "Ready")
    REFUSED = "refused", pgettext_lazy("export", "Not given")
    FAILED = "failed", pgettext_lazy("export", "Failed")
    EXPIRED = "expired", pgettext_lazy("export", "Deleted")


OPEN_STATES: tuple[str, ...] = (ExportState.ASKED, ExportState.QUEUED)


class RefusedBecause(models.TextChoices):
    SENT_BACK = "sent_back", _("It was not approved.")
    TAKEN_BACK = "taken_back", _("You took it back.")
    LAPSED = "lapsed", _("Nobody decided in time.")
    RIGHTS = "rights", _("Your rights have changed since; ask again.")
    EMPTY = "empty", _("None of these customers is in your sight any more.")


# What is asked of another person (approvals).
EXPORT = "export"
EXPORT_SUBJECT = "workbench.CustomerExport"
LEAVE = "leave"
LEAVE_SUBJECT = "staff.Leave"
