"""Words of privacy: what a customer may ask for, and which data is kept for how long."""

from django.db import models
from django.utils.translation import gettext_lazy as _

SUBJECT = "privacy.PrivacyRequest"  # of approvals and the access log
RUN_SUBJECT = "privacy.RetentionRun"
REQUEST_KIND = "privacy"  # kinds of approvals
RETENTION_KIND = "retention"


class RequestKind(models.TextChoices):
    """PIPL 45 (a copy) and 47 (deletion)."""

    COPY = "copy", _("Copy of all data")
    ERASE = "erase", _("Erase the data")


class RequestState(models.TextChoices):
    WAITING = "waiting", _("Waits for a decision")
    APPROVED = "approved", _("Approved")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Sent back")
    WITHDRAWN = "withdrawn", _("Taken back")


OPEN_STATES = (RequestState.WAITING, RequestState.APPROVED)


class DataClass(models.TextChoices):
    """What is kept, each with a period of its own (reliability.md 4.5)."""

    LOST_CUSTOMERS = "lost_customers", _("Customers who did not buy")
    DOCUMENTS = "documents", _("Pictures of documents")
    MESSAGES = "messages", _("Texts of sent messages")
    NOTICES = "notices", _("Notices that are done")
    IMPORT_ROWS = "import_rows", _("Rows of imported lists")
    OPEN_IMPORTS = "open_imports", _("Lists that nobody confirmed")
    SESSIONS = "sessions", _("Sign-ins that ended")
    ACCESS_LOG = "access_log", _("Access log")


# What a person looks at before it goes: the others go by themselves.
DECIDED_CLASSES = (DataClass.LOST_CUSTOMERS,)


class RunState(models.TextChoices):
    WAITING = "waiting", _("Waits for a decision")
    APPROVED = "approved", _("Under way")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Sent back")
