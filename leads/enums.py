from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class LeadKind(models.TextChoices):
    CALL = "call", _("Incoming call")
    ONLINE = "online", _("Online lead")
    WALK_IN = "walk_in", pgettext_lazy("lead kind", "Walk-in")


class LeadResult(models.TextChoices):
    CREATED = "created", _("New")
    REPEATED = "repeated", _("Known customer")
    REJECTED = "rejected", _("Rejected")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKED = "checked", _("Dry run done")
    QUEUED = "queued", _("Waiting for the worker")
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
    NOTE = "note", pgettext_lazy("remark", "Note")
    IGNORE = "", _("Ignore")


class RowReason(models.TextChoices):
    """Why a row is repeated or rejected."""

    NONE = "", ""
    SAME_FILE = "same_file", _("Same number as another row of this file")
    OWNED = "owned", _("Already registered, with an owner")
    UNASSIGNED = "unassigned", _("Already registered, waiting for assignment")
    WAS_LOST = "was_lost", _("Given up earlier")
    BOUGHT = "bought", _("Bought before")
    PHONE_MISSING = "phone_missing", _("No phone number")
    PHONE_INVALID = "phone_invalid", _("Phone number is not valid")
    DO_NOT_CONTACT = "do_not_contact", _("Does not want to be contacted")
    ALREADY_IMPORTED = "already_imported", _("Imported before")


class Resolution(models.TextChoices):
    """What is done with a repeated row; nothing, unless somebody chooses otherwise (UI-floor.md, rule 5)."""

    SKIP = "skip", _("Skip")
    MERGE = "merge", _("Note with the first row")
    REOPEN = "reopen", _("Begin again")


# Somebody who is being followed can only be skipped; the owner is protected.
ALLOWED_RESOLUTIONS: dict[str, list[str]] = {
    RowReason.SAME_FILE: [Resolution.SKIP, Resolution.MERGE],
    RowReason.WAS_LOST: [Resolution.SKIP, Resolution.REOPEN],
    RowReason.BOUGHT: [Resolution.SKIP, Resolution.REOPEN],
}


class Hint(models.TextChoices):
    """What was missing or not understood in a row that is a lead all the same."""

    NO_NAME = "no_name", _("no name")
    NAME_CUT = "name_cut", _("name shortened")
    NO_MODEL = "no_model", _("no model")
    NO_CHANNEL = "no_channel", _("no channel")
    CHANNEL_UNKNOWN = "channel_unknown", _("channel not in the list")
    NO_WINDOW = "no_window", _("no purchase time")
    WINDOW_UNREAD = "window_unread", _("purchase time not understood")
    NO_AREA = "no_area", _("no area")
    NO_GENDER = "no_gender", _("no salutation")
    TIME_UNREAD = "time_unread", _("lead time not understood, import time used")
    TIME_AHEAD = "time_ahead", _("lead time lies ahead")
    NUMBER_TWICE = "number_twice", _("lead number used twice")
    CELL_CUT = "cell_cut", _("long text shortened")
