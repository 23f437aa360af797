"""The catalogue. A car line that is no longer sold is switched off, not deleted."""

from django.contrib import admin

from core.admin import SupportAdmin
from vehicles.models import Brand, Series, Trim


@admin.register(Brand)
class BrandAdmin(SupportAdmin):
    list_display = ("name", "is_competitor")


@admin.register(Series)
class SeriesAdmin(SupportAdmin):
    list_display = ("name", "brand", "code", "is_active", "sort_order")
    list_filter = ("brand", "is_active")
    list_select_related = ("brand",)


@admin.register(Trim)
class TrimAdmin(SupportAdmin):
    list_display = ("name", "series", "energy_type", "guide_price_rmb", "is_active")
    list_filter = ("series", "is_active")
    list_select_related = ("series",)
