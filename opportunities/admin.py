"""Looking only: stage, outcome and owner move through opportunities.services, the journey log through nobody."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from opportunities.models import JourneyEvent, Opportunity, Ownership


class _SalesAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    show_full_result_count = False


@admin.register(Opportunity)
class OpportunityAdmin(_SalesAdmin):
    list_display = ("id", "customer", "store", "owner", "stage", "outcome", "level", "next_action_at")
    list_filter = ("store", "stage", "outcome", "level")
    list_select_related = ("customer", "store", "owner")
    search_fields = ("=id", "customer__name")


@admin.register(Ownership)
class OwnershipAdmin(_SalesAdmin):
    list_display = ("opportunity", "owner", "rule", "from_at", "until_at", "actor")
    list_filter = ("rule",)
    list_select_related = ("opportunity__customer", "opportunity__series", "opportunity__trim", "owner", "actor")


@admin.register(JourneyEvent)
class JourneyEventAdmin(_SalesAdmin):
    list_display = ("occurred_at", "kind", "stage", "opportunity_id", "actor", "owner")
    list_filter = ("kind", "store")
    list_select_related = ("actor", "owner")
