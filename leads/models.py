"""How people reach the store: each call, form or visit, and the lists that are imported (LEAD)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from leads.enums import ImportState, LeadKind, LeadResult, Resolution, RowReason


class LeadImport(TimeStampedModel):
    """One uploaded file on its way: uploaded → checked (nothing written) → done, perhaps undone."""

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("fingerprint of the file"), max_length=64)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("separator"), max_length=1, blank=True)
    header = models.JSONField(_("header"), default=list)
    mapping = models.JSONField(_("column mapping"), default=dict)  # column index (str) → ImportField
    options = models.JSONField(_("options"), default=dict)  # default channel, owner, consent source
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState, default=ImportState.UPLOADED, editable=False
    )
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    done_count = models.PositiveIntegerField(_("rows done"), default=0)
    counts = models.JSONField(_("counts"), default=dict)  # created, repeated, rejected and their reasons
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            # The same file twice changes nothing.
            models.UniqueConstraint(
                fields=["store", "sha256"],
                condition=Q(state__in=[ImportState.QUEUED, ImportState.DONE]),
                name="import_file_once_per_store",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state=ImportState.QUEUED), name="import_queued")]

    def __str__(self) -> str:
        return self.file_name


class LeadImportRow(models.Model):
    """One row of the file, as read and as understood. Rows are numbered as a spreadsheet shows them.

    `raw`: the cells as text. `parsed`: see leads.services.import_values.ParsedRow.
    """

    lead_import = models.ForeignKey(LeadImport, models.CASCADE, related_name="rows", verbose_name=_("import"))
    row_no = models.PositiveIntegerField(_("row"))
    raw = models.JSONField(_("as read"))
    parsed = models.JSONField(_("as understood"), default=dict)
    result = models.CharField(_("result"), max_length=10, choices=LeadResult, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=RowReason, blank=True)
    resolution = models.CharField(_("resolution"), max_length=10, choices=Resolution, default=Resolution.SKIP)
    # plain values of the reason: {"row": 61}, {"message": "too_short", …}
    detail = models.JSONField(_("detail"), default=dict)
    lead = models.ForeignKey(
        "leads.Lead", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lead")
    )

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["lead_import", "row_no"], name="import_row_once")]
        indexes = [models.Index(fields=["lead_import", "result", "row_no"], name="import_row_result")]

    def __str__(self) -> str:
        return f"{self.lead_import_id}:{self.row_no}"


class Lead(TimeStampedModel):
    """One intake: somebody called, wrote or walked in. New or known, it is counted (R-046, R-049, R-050)."""

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    kind = models.CharField(_("kind"), max_length=10, choices=LeadKind)
    result = models.CharField(_("result"), max_length=10, choices=LeadResult)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="leads", verbose_name=_("customer"))
    opportunity = models.ForeignKey(
        "opportunities.Opportunity", models.PROTECT, related_name="leads", verbose_name=_("opportunity")
    )
    channel = models.ForeignKey(
        "customers.Channel", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    phone = models.CharField(_("phone"), max_length=20)
    name = models.CharField(_("name as told"), max_length=60, blank=True)
    area = models.CharField(_("area"), max_length=60, blank=True)
    series = models.ForeignKey(
        "vehicles.Series", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("series")
    )
    model_text = models.CharField(_("model as told"), max_length=60, blank=True)
    purchase_window = models.CharField(_("expected purchase"), max_length=10, blank=True)
    note = models.CharField(_("note"), max_length=2000, blank=True)
    captured = models.PositiveSmallIntegerField(_("captured items (of six)"), default=0)
    occurred_at = models.DateTimeField(_("when the customer contacted us"))
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("registered by")
    )
    external_no = models.CharField(_("number at the platform"), max_length=60, blank=True)
    lead_import = models.ForeignKey(
        LeadImport, models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("import")
    )
    idempotency_key = models.CharField(_("key against doubles"), max_length=60, unique=True, null=True, blank=True)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.CheckConstraint(condition=Q(captured__lte=6), name="lead_captures_at_most_six"),
            models.UniqueConstraint(
                fields=["store", "external_no"],
                condition=~Q(external_no="") & Q(result=LeadResult.CREATED),
                name="lead_external_no_once",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-occurred_at"], name="lead_store_recent"),
            models.Index(fields=["registered_by", "-occurred_at"], name="lead_by_recent"),
            models.Index(fields=["opportunity", "-occurred_at"], name="lead_opportunity"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
