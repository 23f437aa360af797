"""Ways to the outside: set up, try out, switch off."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.forms import report_errors
from core.requests import Request
from notifications import services
from notifications.enums import CHANNEL_OF, MessageChannel, ProviderName
from notifications.forms.integrations import (
    EVENT_CHANNELS,
    IntegrationForm,
    ProviderTemplateForm,
    StopForm,
    SwitchForm,
    TestForm,
)
from notifications.models import Integration
from notifications.policies import can_change_ways_of
from notifications.selectors import (
    integrations_visible_to,
    last_messages_of,
    stops_in_force,
    template_codes,
)
from notifications.views.answers import by_administrator
from staff.policies import configures_all_stores, ensure


@require_safe
@login_required
@by_administrator
def integration_list(request: Request) -> HttpResponse:
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@by_administrator
def integration_new(request: Request, provider: str) -> HttpResponse:
    if provider not in CHANNEL_OF:
        raise Http404
    form = IntegrationForm(
        request.POST if request.method == "POST" else None,
        provider=provider,
        by=request.user,
        initial={"name": ProviderName(provider).label, "store": request.user.store_id},
    )
    if form.is_valid():
        with report_errors(form):
            row = services.integration_create(provider=provider, data=form.input(), by=request.user)
    if form.is_bound and form.is_valid():
        messages.success(request, _("The integration is set up. Send a test to see that it works."))
        return redirect("notifications:integration-edit", pk=row.pk)
    context = {"active": "integrations", "form": form, "title": ProviderName(provider).label, "provider": provider}
    return render(request, "notifications/integration_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@by_administrator
def integration_edit(request: Request, pk: int) -> HttpResponse:
    row = _integration(request, pk)
    if request.method != "POST":
        return _edit(request, row)
    ensure(can_change_ways_of(request.user, row.store_id))
    form = _form(request, row, request.POST)
    if form.is_valid():
        with report_errors(form):
            services.integration_update(integration_id=pk, data=form.input(), by=request.user)
    if not form.is_valid():
        return _edit(request, row, form=form)
    messages.success(request, _("Saved."))
    return redirect("notifications:integration-edit", pk=pk)


def _went_through(request: Request, pk: int, form: Form, service: Callable[..., object]) -> bool:
    """Give the form to the service of one integration; what either refuses stands in the form."""
    if form.is_valid():
        with report_errors(form):
            service(integration_id=pk, by=request.user, **form.cleaned_data)
    return form.is_valid()


@require_POST
@login_required
@by_administrator
def integration_test(request: Request, pk: int) -> HttpResponse:
    row, form = _integration(request, pk), TestForm(request.POST)
    if not _went_through(request, pk, form, services.integration_test):
        return _edit(request, row, test_form=form)
    messages.success(request, _("The test is on its way; its result stands below in a moment."))
    return redirect("notifications:integration-edit", pk=pk)


@require_POST
@login_required
@by_administrator
def integration_switch(request: Request, pk: int) -> HttpResponse:
    row, form = _integration(request, pk), SwitchForm(request.POST)
    if not _went_through(request, pk, form, services.integration_switch):
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return _edit(request, row, status=422)
    return redirect("notifications:integration-edit", pk=pk)


@require_POST
@login_required
@by_administrator
def template_save(request: Request, pk: int) -> HttpResponse:
    row, form = _integration(request, pk), ProviderTemplateForm(request.POST, codes=template_codes())
    if not _went_through(request, pk, form, services.provider_template_save):
        return _edit(request, row, template_form=form)
    return redirect("notifications:integration-edit", pk=pk)


@require_POST
@login_required
@by_administrator
def template_remove(request: Request, pk: int, template_pk: int) -> HttpResponse:
    row = get_object_or_404(_integration(request, pk).templates.all(), pk=template_pk)
    services.provider_template_remove(template_id=row.pk, by=request.user)
    return redirect("notifications:integration-edit", pk=pk)


@require_POST
@login_required
@by_administrator
def channel_stop(request: Request) -> HttpResponse:
    """Of the own store; from above the stores, everywhere."""
    form = StopForm(request.POST)
    if form.is_valid():
        user = request.user
        store_id = None if configures_all_stores(user) else user.store_id
        with report_errors(form):
            services.channel_stop(store_id=store_id, by=user, **form.cleaned_data)
    if not form.is_valid():
        return _list(request, stop_form=form)
    messages.success(request, _("Nothing of this channel leaves until it is let go again."))
    return redirect("notifications:integration-list")


@require_POST
@login_required
@by_administrator
def channel_resume(request: Request, pk: int) -> HttpResponse:
    if pk not in {stop.pk for stop in stops_in_force(request.user)}:
        raise Http404
    count = services.channel_resume(pause_id=pk, by=request.user)
    words = ngettext("Let go: %(count)s message was waiting.", "Let go: %(count)s messages were waiting.", count)
    messages.success(request, words % {"count": count})
    return redirect("notifications:integration-list")


def _integration(request: Request, pk: int) -> Integration:
    return get_object_or_404(integrations_visible_to(request.user), pk=pk)


def _form(request: Request, row: Integration, data: Any = None) -> IntegrationForm:
    return IntegrationForm(
        data, provider=row.provider, by=request.user, row=row, initial=IntegrationForm.initial_of(row)
    )


def _list(request: Request, *, stop_form: StopForm | None = None) -> HttpResponse:
    stops = stops_in_force(request.user)
    rows = list(integrations_visible_to(request.user))
    context = {
        "active": "integrations",
        "channels": [
            {
                "value": channel.value,
                "label": channel.label,
                "rows": [row for row in rows if row.channel == channel],
                "stops": [stop for stop in stops if stop.channel == channel],
                "providers": [ProviderName(name) for name, of in CHANNEL_OF.items() if of == channel],
            }
            for channel in MessageChannel
        ],
        "stop_form": stop_form,
        "may_stop_everywhere": configures_all_stores(request.user),
    }
    return render(request, "notifications/integration_list.html", context, status=422 if stop_form else 200)


def _edit(
    request: Request,
    row: Integration,
    *,
    form: IntegrationForm | None = None,
    test_form: TestForm | None = None,
    template_form: ProviderTemplateForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "active": "integrations",
        "row": row,
        "title": row.name,
        "form": form or _form(request, row),
        "test_form": test_form or TestForm(),
        "template_form": template_form or ProviderTemplateForm(codes=template_codes()),
        "templates": list(row.templates.all()),
        "messages_of": last_messages_of(row),
        "may_change": can_change_ways_of(request.user, row.store_id),
        "has_templates": row.channel == MessageChannel.SMS,
        "has_events": row.channel in EVENT_CHANNELS,
    }
    is_wrong = form is not None or test_form is not None or template_form is not None
    return render(request, "notifications/integration_form.html", context, status=422 if is_wrong else status)
