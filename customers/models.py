"""People and organisations, found by phone and by name (CUST, R-081, R-087)."""

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import EncryptedTextField
from core.identity_numbers import NumberKind, mask_number
from core.models import TimeStampedModel
from core.tracking import tracked
from customers.enums import (
    ChannelKind,
    ConsentChannel,
    ConsentPurpose,
    CustomerKind,
    DataClass,
    Gender,
    Grade,
    IdentitySource,
    LicenceClass,
    PhoneKind,
    PreferredTime,
)
from customers.querysets import CustomerQuerySet


@tracked()
class Channel(TimeStampedModel):
    """Where a customer came from. Names are the store's own data, in both languages."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=ChannelKind)
    name_zh = models.CharField(_("name (Chinese)"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=40)
    aliases = ArrayField(models.CharField(max_length=40), verbose_name=_("other spellings"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["sort_order", "code"]

    def __str__(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


@pghistory.track(
    # The row as it was: what it is now stands in the table itself, so an insert costs nothing.
    pghistory.UpdateEvent("changed", row=pghistory.Old),
    pghistory.DeleteEvent("deleted"),
    obj_field=pghistory.ObjForeignKey(related_name="history"),
    exclude=["search_terms", "pinyin", "updated_at"],
)
class Customer(TimeStampedModel):
    """A person or company of one store. Ownership is the opportunity's, not the customer's."""

    store = models.ForeignKey(
        "staff.Store", models.PROTECT, related_name="customers", verbose_name=_("store"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind, default=CustomerKind.PERSON)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    contact_person = models.CharField(_("contact person"), max_length=60, blank=True)
    gender = models.CharField(_("salutation"), max_length=6, choices=Gender, blank=True)
    area = models.CharField(_("area"), max_length=60, blank=True)
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    grade = models.CharField(_("grade"), max_length=8, choices=Grade, default=Grade.OTHER)
    preferred_time = models.CharField(_("preferred contact time"), max_length=10, choices=PreferredTime, blank=True)
    is_do_not_contact = models.BooleanField(_("does not want to be contacted"), default=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("registered by")
    )
    # Search keys, computed from the name by core.pinyin; there is no other writer than the service.
    pinyin = models.CharField(_("pinyin"), max_length=300, blank=True, editable=False)
    search_terms = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, editable=False, verbose_name=_("search words")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    # Asked for by the customer, or kept for long enough: nothing that names the person is left (privacy).
    erased_at = models.DateTimeField(_("made anonymous at"), null=True, blank=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name")]
        indexes = [
            models.Index(fields=["store", "id"], name="customer_store"),
            GinIndex(fields=["search_terms"], name="customer_terms"),
            GinIndex(OpClass("pinyin", name="gin_trgm_ops"), name="customer_pinyin_trgm"),
            models.Index(
                fields=["store", "pinyin"], opclasses=["int8_ops", "varchar_pattern_ops"], name="customer_pinyin_begin"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerPhone(TimeStampedModel):
    """A number as E.164. One number belongs to one customer of a store: the database says so (invariant 2)."""

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones", verbose_name=_("customer"))
    number = models.CharField(_("phone"), max_length=20)
    kind = models.CharField(_("kind"), max_length=12, choices=PhoneKind)
    label = models.CharField(_("label"), max_length=30, blank=True)
    is_primary = models.BooleanField(_("main number"), default=False)

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "number"],
                name="phone_once_per_store",
                violation_error_message=_("This phone number is already registered in this store."),
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_primary=True), name="phone_one_primary_per_customer"
            ),
            models.CheckConstraint(condition=Q(number__regex=r"^\+[0-9]{7,18}$"), name="phone_is_e164"),
        ]
        indexes = [
            # Anywhere in the number, three digits or more: tail, middle, beginning.
            GinIndex(OpClass("number", name="gin_trgm_ops"), name="phone_number_trgm"),
        ]

    def __str__(self) -> str:
        return self.number


class Consent(TimeStampedModel):
    """What the customer agreed to, in which words, and when it was withdrawn (reliability.md 1.1)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents", verbose_name=_("customer"))
    purpose = models.CharField(_("purpose"), max_length=10, choices=ConsentPurpose)
    channel = models.CharField(_("by"), max_length=6, choices=ConsentChannel, default=ConsentChannel.ANY)
    text_version = models.CharField(_("text version"), max_length=20)
    source = models.CharField(_("how it was given"), max_length=100, blank=True)
    given_at = models.DateTimeField(_("given at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "purpose", "channel"],
                condition=Q(withdrawn_at=None),
                name="consent_one_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel}"


class CustomerIdentity(TimeStampedModel):
    """The number of one document of a customer: ciphertext in the database, found by a keyed hash (reliability.md 31).

    A document of a kind is there once; a new one takes the place of the old. Dates are those of the document.
    """

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identities", verbose_name=_("customer"))
    kind = models.CharField(_("kind"), max_length=20, choices=NumberKind)
    number = EncryptedTextField(_("number"))
    number_index = models.CharField(_("number, as a keyed hash"), max_length=64, editable=False)
    name_on_document = models.CharField(_("name on the document"), max_length=60, blank=True)
    licence_class = models.CharField(_("licence class"), max_length=2, choices=LicenceClass, blank=True)
    issued_on = models.DateField(_("first issued on"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(_("how it was seen"), max_length=10, choices=IdentitySource)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("document number")
        verbose_name_plural = _("document numbers")
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], name="identity_once_per_kind"),
            # One person is one customer of a store; a bank account may be a couple's.
            models.UniqueConstraint(
                fields=["store", "kind", "number_index"],
                condition=~Q(kind=NumberKind.BANK_ACCOUNT),
                name="identity_once_per_store",
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="identity_valid_forward",
            ),
            models.CheckConstraint(condition=Q(number_index__regex=r"^[0-9a-f]{64}$"), name="identity_is_indexed"),
            models.CheckConstraint(
                condition=Q(kind=NumberKind.DRIVING_LICENCE) | Q(licence_class=""), name="identity_class_of_licence"
            ),
        ]
        indexes = [models.Index(fields=["store", "number_index"], name="identity_lookup")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def masked(self) -> str:
        return mask_number(self.number, self.kind)

    @property
    def is_expired(self) -> bool:
        return self.valid_until is not None and self.valid_until < clock.today()


@tracked()
class AccessReason(TimeStampedModel):
    """Why somebody looks at protected data: a list that administrators keep, dated. Names in both languages."""

    code = models.SlugField(_("code"), max_length=30)
    data_class = models.CharField(_("for"), max_length=10, choices=DataClass)
    name_zh = models.CharField(_("name (Chinese)"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=40)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("reason for looking")
        verbose_name_plural = _("reasons for looking")
        ordering = ["sort_order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["data_class", "code", "valid_from"], name="access_reason_version_once")
        ]

    def __str__(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


@tracked()
class PrivacyPolicy(TimeStampedModel):
    """The numbers around protected data that a store may change, dated."""

    store = models.ForeignKey(
        "staff.Store", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for this store")
    )
    reveals_per_hour = models.PositiveSmallIntegerField(_("full numbers and pictures shown (per hour)"), default=30)
    reveal_alert_at = models.PositiveSmallIntegerField(_("tell the manager from (number)"), default=20)
    dials_per_hour = models.PositiveSmallIntegerField(_("calls and messages by number (per hour)"), default=90)
    is_password_asked = models.BooleanField(_("ask for the password before numbers of documents"), default=True)
    shown_seconds = models.PositiveSmallIntegerField(_("a number stays visible for (seconds)"), default=30)
    customers_per_hour = models.PositiveSmallIntegerField(
        _("tell the manager when somebody opens more customers in an hour"), default=60
    )
    customers_off_hours = models.PositiveSmallIntegerField(
        _("tell the manager when somebody opens more customers outside opening hours"), default=10
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("privacy policy")
        verbose_name_plural = _("privacy policies")
        constraints = [
            ExclusionConstraint(
                name="privacy_policy_one_at_a_time",
                expressions=[
                    (Coalesce(F("store"), Value(0), output_field=models.BigIntegerField()), RangeOperators.EQUAL),
                    (
                        Func(F("valid_from"), F("valid_to"), function="DATERANGE", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.store_id or ''} {self.valid_from}"
