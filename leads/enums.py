from django.db import models
from django.utils.translation import gettext_lazy as _


class LeadKind(models.TextChoices):
    CALL = "call", _("Incoming call")
    ONLINE = "online", _("Online lead")
    WALK_IN = "walk_in", _("Walk-in")


class LeadResult(models.TextChoices):
    CREATED = "created", _("New")
    REPEATED = "repeated", _("Known customer")
    REJECTED = "rejected", _("Rejected")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKED = "checked", _("Dry run done")
    QUEUED = "queued", _("Waiting for the worker")
    RUNNING = "running", _("Running")
    DONE = "done", _("Imported")
    UNDONE = "undone", _("Taken back")
    FAILED = "failed", _("Failed")


class ImportField(models.TextChoices):
    """What a column of a file can mean."""

    EXTERNAL_NO = "external_no", _("Lead number")
    NAME = "name", _("Name")
    GENDER = "gender", _("Salutation")
    PHONE = "phone", _("Phone")
    CHANNEL = "channel", _("Channel")
    MODEL = "model", _("Model of interest")
    WINDOW = "window", _("Expected purchase")
    AREA = "area", _("Area")
    OCCURRED_AT = "occurred_at", _("Lead time")
    NOTE = "note", _("Note")
    IGNORE = "", _("Ignore")


class RowReason(models.TextChoices):
    """Why a row is repeated or rejected."""

    NONE = "", ""
    SAME_FILE = "same_file", _("Same number as another row of this file")
    OWNED = "owned", _("Already registered, with an owner")
    UNASSIGNED = "unassigned", _("Already registered, waiting for assignment")
    WAS_LOST = "was_lost", _("Lost earlier, opened again")
    PHONE_MISSING = "phone_missing", _("No phone number")
    PHONE_INVALID = "phone_invalid", _("Phone number is not valid")
    DO_NOT_CONTACT = "do_not_contact", _("Does not want to be contacted")
    ALREADY_IMPORTED = "already_imported", _("Imported before")
    NO_NAME = "no_name", _("No name and no salutation")
