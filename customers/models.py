"""People and organisations, found by phone and by name (CUST, R-081, R-087)."""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from customers.enums import (
    ChannelKind,
    ConsentChannel,
    ConsentPurpose,
    CustomerKind,
    Gender,
    Grade,
    PhoneKind,
    PreferredTime,
)
from customers.querysets import CustomerQuerySet


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

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="customers", verbose_name=_("store"))
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

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name")]
        indexes = [
            GinIndex(fields=["search_terms"], name="customer_terms"),
            GinIndex(OpClass("pinyin", name="gin_trgm_ops"), name="customer_pinyin_trgm"),
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
