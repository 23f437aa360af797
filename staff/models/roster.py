"""Who works when: shifts of a store, one entry per person and day, and how many must be there."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from core.tracking import tracked
from staff.enums import RosterAct, ShiftTone, StaffGroup
from staff.models.people import Store


@tracked()
class ShiftType(TimeStampedModel):
    """A shift of one store (早 晚), or the day off (休); hours in local time, none for a day off."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="shift_types", verbose_name=_("store"))
    letter = models.CharField(_("letter"), max_length=2)
    name = models.CharField(_("name"), max_length=20)
    tone = models.CharField(_("colour"), max_length=6, choices=ShiftTone, default=ShiftTone.BLUE)
    starts_at = models.TimeField(_("starts at"), null=True, blank=True)
    ends_at = models.TimeField(_("ends at"), null=True, blank=True)
    is_day_off = models.BooleanField(_("day off"), default=False)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["sort_order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "letter"],
                condition=Q(is_active=True),
                name="shift_letter_once_per_store",
                violation_error_message=_("Another shift of the store has this letter."),
            ),
            models.CheckConstraint(
                condition=Q(is_day_off=True, starts_at=None, ends_at=None)
                | Q(is_day_off=False, starts_at__isnull=False, ends_at__isnull=False, starts_at__lt=F("ends_at")),
                name="shift_has_hours_or_is_a_day_off",
                violation_error_message=_("A shift ends after it starts; a day off has no hours."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RosterEntry(TimeStampedModel):
    """What one person does on one day (R-041). No row: nothing is planned."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="roster_entries", verbose_name=_("person")
    )
    on = models.DateField(_("day"))
    shift = models.ForeignKey(ShiftType, models.PROTECT, related_name="entries", verbose_name=_("shift"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("set by")
    )

    class Meta:
        verbose_name = _("roster entry")
        verbose_name_plural = _("roster entries")
        constraints = [models.UniqueConstraint(fields=["user", "on"], name="roster_one_entry_per_day")]
        indexes = [models.Index(fields=["store", "on"], name="roster_store_day")]

    def __str__(self) -> str:
        return f"{self.user} {self.on} {self.shift}"


class RosterChange(TimeStampedModel):
    """One act of somebody on the roster and what it changed, so that it can be read later and taken back once.

    `cells`: [[user id, "2026-11-23", shift id before or null, shift id after or null], …].
    """

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    act = models.CharField(_("what was done"), max_length=10, choices=RosterAct)
    cells = models.JSONField(_("days"), encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )
    undone_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("roster change")
        verbose_name_plural = _("roster changes")
        indexes = [models.Index(fields=["store", "-created_at"], name="rosterchange_store")]

    def __str__(self) -> str:
        return f"{self.act} {self.created_at:%Y-%m-%d}"


@tracked()
class StaffMinimum(TimeStampedModel):
    """How many people of a group must be in the store; the newest row that has begun is in force."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="staff_minimums", verbose_name=_("store"))
    group = models.CharField(_("group"), max_length=6, choices=StaffGroup)
    on_weekdays = models.PositiveSmallIntegerField(_("on weekdays"))
    on_weekends = models.PositiveSmallIntegerField(_("on weekends and holidays"))
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("staff minimum")
        verbose_name_plural = _("staff minimums")
        constraints = [
            models.UniqueConstraint(fields=["store", "group", "valid_from"], name="staffminimum_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.valid_from}"
