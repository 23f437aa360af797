"""The catalogue people talk about: brand, series, trim. Stock and prices join it later."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from core.tracking import tracked
from vehicles.enums import EnergyType


@tracked()
class Brand(TimeStampedModel):
    name = models.CharField(_("name"), max_length=40, unique=True)
    is_competitor = models.BooleanField(_("is a competitor"), default=False)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name


@tracked()
class Series(TimeStampedModel):
    """A car line, for example 远岚 S7. `aliases` are the ways lead platforms spell it."""

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="series", verbose_name=_("brand"))
    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=40)
    aliases = ArrayField(models.CharField(max_length=40), verbose_name=_("other spellings"), default=list, blank=True)
    is_active = models.BooleanField(_("on sale"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        ordering = ["sort_order", "code"]

    def __str__(self) -> str:
        return self.name


@tracked()
class Trim(TimeStampedModel):
    """A model variant a customer can order. Guide price in RMB."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="trims", verbose_name=_("series"))
    name = models.CharField(_("name"), max_length=60)
    energy_type = models.CharField(_("energy type"), max_length=10, choices=EnergyType)
    guide_price_rmb = models.DecimalField(
        _("guide price (RMB)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    is_active = models.BooleanField(_("on sale"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("trim")
        verbose_name_plural = _("trims")
        ordering = ["sort_order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["series", "name"], name="trim_name_once_per_series"),
            models.CheckConstraint(
                condition=Q(guide_price_rmb=None) | Q(guide_price_rmb__gt=0), name="trim_guide_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.name}"
