"""Channels are configured here; customers are looked at, with masked numbers, and changed only by services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin, SupportAdmin
from core.phones import mask_phone
from customers.models import AccessReason, Channel, Consent, Customer, PrivacyPolicy


@admin.register(Channel)
class ChannelAdmin(SupportAdmin):
    list_display = ("code", "name_zh", "name_en", "kind", "is_active", "sort_order")
    list_filter = ("kind", "is_active")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("id", "name", "store", "grade", "masked_phones", "created_at")
    list_filter = ("store", "grade")
    list_select_related = ("store",)
    search_fields = ("=id", "name")
    show_full_result_count = False
    readonly_fields = ("masked_phones", "version", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).prefetch_related("phones")

    @admin.display(description=_("phone"))
    def masked_phones(self, customer: Customer) -> str:
        return ", ".join(mask_phone(phone.number) for phone in customer.phones.all())


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("customer", "purpose", "channel", "text_version", "given_at", "withdrawn_at")
    list_filter = ("purpose", "channel")
    list_select_related = ("customer",)
    show_full_result_count = False


@admin.register(AccessReason)
class AccessReasonAdmin(ReadOnlyAdmin):
    list_display = ("data_class", "code", "name_zh", "name_en", "valid_from", "valid_to", "sort_order")
    list_filter = ("data_class",)


@admin.register(PrivacyPolicy)
class PrivacyPolicyAdmin(ReadOnlyAdmin):
    list_display = ("store", "reveals_per_hour", "reveal_alert_at", "dials_per_hour", "valid_from", "valid_to")
    list_select_related = ("store",)
