"""Words of the ground floor."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccessAction(models.TextChoices):
    """What somebody did with protected data."""

    VIEW = "view", _("Opened the customer")
    REVEAL = "reveal", _("Looked at a full number")
    DIAL = "dial", _("Called or wrote by the number")
    LOOKUP = "lookup", _("Asked who holds a number")
    CHANGE = "change", _("Changed protected data")
    FILE_VIEW = "file_view", _("Looked at a document")
    FILE_ADD = "file_add", _("Added a document")
    FILE_SHRED = "file_shred", _("Deleted a document")
    EXPORT = "export", _("Exported data")


class AccessResult(models.TextChoices):
    """Only `ok` let anything leave the house."""

    OK = "ok", _("Shown")
    LIMITED = "limited", _("Refused: too many in an hour")
    WRONG_PASSWORD = "wrong_password", _("Refused: wrong password")  # noqa: S105 -- a word, not a password


# An administrator configures without reading customers (reliability.md 4.3); the name of the role in staff.enums.
ADMINISTRATOR = "administrator"
