"""People, teams and stores. Passwords set here are temporary: the person must choose a new one."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, BaseUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin, SupportAdmin
from core.forms import PhoneField
from core.text import clean_text
from staff.enums import Role
from staff.models import DealerGroup, Leave, Store, Team, User
from staff.selectors import LONGEST_LINE
from staff.services import password_set


class _PersonFields(forms.ModelForm):
    """What a new and a known person have in common."""

    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role, widget=forms.CheckboxSelectMultiple)
    phone = PhoneField(required=False)

    def clean_employee_number(self) -> str:
        return clean_text(self.cleaned_data["employee_number"]).lower()

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        team, store = data.get("team"), data.get("store")
        if team is not None and team.store_id != (store and store.pk):
            self.add_error("team", _("This team belongs to another store."))
        if self._leads_in_a_circle(data.get("reports_to")):
            self.add_error("reports_to", _("The reporting line would lead in a circle."))
        return data

    def _leads_in_a_circle(self, superior: User | None) -> bool:
        for _step in range(LONGEST_LINE):
            if superior is None:
                return False
            if superior.pk == self.instance.pk:
                return True
            superior = superior.reports_to
        return True


class PersonForm(_PersonFields, UserChangeForm):
    class Meta:
        model = User
        fields = (
            "employee_number", "password", "name", "gender", "phone", "store", "team", "reports_to", "roles",
            "scope_override", "is_active", "is_external", "is_staff", "is_superuser", "language", "theme",
        )  # fmt: skip


class NewPersonForm(_PersonFields, BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("employee_number", "name", "phone", "store", "team", "reports_to", "roles", "is_external", "is_staff")

    def save(self, commit: bool = True) -> User:
        self.instance.must_change_password = True
        return super().save(commit)


class TemporaryPasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)  # who may not sign in is set to not active

    def save(self, commit: bool = True) -> User:
        return password_set(user_id=self.user.pk, password=self.cleaned_data["password1"], is_temporary=True)


_OWN_RIGHTS = ("roles", "scope_override", "is_staff")


@admin.register(User)
class PersonAdmin(SupportAdmin, UserAdmin):
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = TemporaryPasswordForm
    list_display = ("employee_number", "name", "role_names", "store", "team", "reports_to", "is_active")
    list_filter = ("store", "team", "is_active", "is_staff")
    list_select_related = ("store", "team", "reports_to")
    search_fields = ("employee_number", "name")
    ordering = ("employee_number",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "must_change_password", "created_at")
    fieldsets = (
        (None, {"fields": ("employee_number", "name", "gender", "phone", "is_active", "is_external")}),
        (_("Work"), {"fields": ("store", "team", "reports_to", "roles", "scope_override")}),
        (
            _("Signing in"),
            {"fields": ("password", "is_staff", "is_superuser", "must_change_password", "last_login", "created_at")},
        ),
        (_("Display"), {"fields": ("language", "theme")}),
    )
    add_fieldsets = (
        (None, {"fields": ("employee_number", "name", "phone", "password1", "password2")}),
        (_("Work"), {"fields": ("store", "team", "reports_to", "roles", "is_external", "is_staff")}),
    )

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        return ", ".join(person.role_labels)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes another one, and an administrator gives nothing to himself (reliability.md 4.3)."""
        own: Any = request.user
        fixed = super().get_readonly_fields(request, obj)
        if own.is_superuser:
            return fixed
        return (*fixed, "is_superuser", *(_OWN_RIGHTS if obj is not None and obj.pk == own.pk else ()))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Whoever reads customers of a whole team or store gets a new password from a superuser only."""
        own: Any = request.user
        person = self.get_object(request, unquote(id))
        if person is not None and person.is_leader and not own.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        own: Any = request.user
        if obj is not None and obj.is_superuser and not own.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(DealerGroup)
class DealerGroupAdmin(SupportAdmin):
    list_display = ("name",)


@admin.register(Store)
class StoreAdmin(SupportAdmin):
    list_display = ("code", "name", "brand_name", "opens_at", "closes_at")
    list_select_related = ("group",)


@admin.register(Team)
class TeamAdmin(SupportAdmin):
    list_display = ("name", "store", "supervisor")
    list_filter = ("store",)
    list_select_related = ("store", "supervisor")


@admin.register(Leave)
class LeaveAdmin(ReadOnlyAdmin):
    """Leave is recorded on its own page, where the rules are."""

    list_display = ("user", "kind", "starts_at", "ends_at", "stand_in", "recorded_by")
    list_select_related = ("user", "stand_in", "recorded_by")
    date_hierarchy = "starts_at"
