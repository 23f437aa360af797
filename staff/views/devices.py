"""Shared tablets, for administrators; and the tablet's own page where the pairing code is typed."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import rate_limits
from core.client_ip import client_ip
from core.decorators import too_many_requests
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from staff.forms.security import DeviceForm, PairForm
from staff.models import Device
from staff.policies import can_manage_devices, ensure
from staff.selectors.security import devices_visible_to
from staff.services.devices import NewDevice, device_code_renew, device_pair, device_register, device_revoke
from staff.views.answers import square
from staff.views.entry import remember_device


@login_required
@require_safe
def device_list(request: Request) -> HttpResponse:
    ensure(can_manage_devices(request.user))
    context = {"devices": devices_visible_to(request.user), "active": "devices"}
    return render(request, "staff/device_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def device_new(request: Request) -> HttpResponse:
    """The pairing code is the answer to the form, once."""
    ensure(can_manage_devices(request.user))
    form = DeviceForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        with report_errors(form):
            made = device_register(store_id=data["store"].pk, name=data["name"], by=request.user)
            return _code_page(request, made)
    context = {"form": form, "action": resolve_url("staff:device-new"), "active": "devices"}
    return render(request, "staff/device_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def device_code(request: Request, pk: int) -> HttpResponse:
    device = _device(request, pk)
    try:
        return _code_page(request, device_code_renew(device_id=device.pk, by=request.user))
    except DomainError as error:
        messages.error(request, error.text)
        return redirect("staff:device-list")


@login_required
@require_POST
def device_end(request: Request, pk: int) -> HttpResponse:
    device = _device(request, pk)
    try:
        device_revoke(device_id=device.pk, by=request.user)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, _("%(name)s is revoked; who was signed in there is signed out.") % {"name": device})
    return redirect("staff:device-list")


def _device(request: Request, pk: int) -> Device:
    return get_object_or_404(devices_visible_to(request.user), pk=pk)


def _code_page(request: Request, made: NewDevice) -> HttpResponse:
    link = request.build_absolute_uri(resolve_url("staff:device-pair") + "?" + urlencode({"code": made.code}))
    context = {"device": made.device, "code": made.code, "link": link, "square": square(link), "active": "devices"}
    return render(request, "staff/device_code.html", context)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest) -> HttpResponse:
    """On the tablet itself; whoever is signed in there is signed out."""
    if request.method != "POST":
        return _pair_page(request, PairForm(initial={"code": request.GET.get("code", "")[:20]}))
    hit = rate_limits.count("pairing", client_ip(request) or "")
    if not hit.is_allowed:
        return too_many_requests(hit.wait_s)
    form = PairForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            device, token = device_pair(code=form.cleaned_data["code"], ip=client_ip(request))
            logout(request)
            messages.success(request, _("This tablet is %(name)s now.") % {"name": device})
            response = redirect("staff:login")
            remember_device(response, token)
            return response
    return _pair_page(request, form)


def _pair_page(request: HttpRequest, form: PairForm) -> HttpResponse:
    return render(request, "staff/device_pair.html", {"form": form}, status=422 if form.errors else 200)
