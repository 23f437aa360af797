"""The locked screen of a shared tablet: who was here, and coming back with a PIN."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.client_ip import client_ip
from core.requests import Request
from staff.forms.security import UnlockForm
from staff.models import Device, DeviceVisit
from staff.selectors import store_heading
from staff.selectors.security import people_of_today
from staff.services.devices import PinAnswer, PinResult, pin_check
from staff.sessions import DEVICE, LAST_SEEN, LOCKED, session_person
from staff.views.answers import safe_next
from staff.views.entry import known_device, start_session

SAME_PERSON = "X-Unlocked"  # the page behind the lock may come back: the same person is there


def _is_script(request: HttpRequest) -> bool:
    """static/js/lock.js asks, not a form."""
    return request.headers.get("X-Lock") == "1"


@login_required
@require_POST
def presence(request: Request) -> HttpResponse:
    """Somebody types or taps on a page without asking the server: the session is in use (staff.middleware)."""
    return HttpResponse(status=204)


@login_not_required
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock this tablet now; anywhere else there is no screen to lock, so the person is signed out."""
    if DEVICE in request.session:
        request.session[LOCKED] = True
    else:
        logout(request)
    return HttpResponse(status=204) if _is_script(request) else redirect("staff:lock-screen")


@never_cache
@login_not_required
@require_safe
def lock_screen(request: HttpRequest) -> HttpResponse:
    device = known_device(request)
    if device is None or request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL if request.user.is_authenticated else "staff:login")
    return _screen(request, device)


def _screen(request: HttpRequest, device: Device, *, error: str = "", chosen: int | None = None) -> HttpResponse:
    locked_id = session_person(request.session)
    visits = people_of_today(device)
    present = [visit.user_id for visit in visits if visit.can_use_pin]  # type: ignore[attr-defined]
    preferred = chosen or locked_id
    context = {
        "device": device,
        "visits": visits,
        "locked": next((visit.user for visit in visits if visit.user_id == locked_id), None),
        "chosen": preferred if preferred in present else next(iter(present), None),
        "error": error,
        "next": safe_next(request),
        "store_name": store_heading(),
    }
    template = "staff/_lock_panel.html" if _is_script(request) else "staff/lock.html"
    return render(request, template, context, status=422 if error else 200)


@sensitive_post_parameters("pin")
@never_cache
@login_not_required
@require_POST
def unlock(request: HttpRequest) -> HttpResponse:
    """The PIN of the locked person goes on with the page; that of somebody else starts a session of that person."""
    device = known_device(request)
    if device is None or request.user.is_authenticated:
        return redirect("staff:login")
    form = UnlockForm(request.POST)
    if not form.is_valid():
        return _screen(request, device, error=_("Type the six digits of your PIN."))
    person_id = form.cleaned_data["person"]
    result = pin_check(device_id=device.pk, user_id=person_id, pin=form.cleaned_data["pin"], ip=client_ip(request))
    if result.visit is not None:
        return _come_in(request, device, result.visit)
    return _screen(request, device, error=_refusal(result), chosen=person_id)


def _refusal(result: PinResult) -> str:
    if result.answer is PinAnswer.PASSWORD:
        return _("The PIN does not open this tablet now. Sign in with the password.")
    text = ngettext("Wrong PIN, %(tries)s more try", "Wrong PIN, %(tries)s more tries", result.tries_left)
    return text % {"tries": result.tries_left}


def _come_in(request: HttpRequest, device: Device, visit: DeviceVisit) -> HttpResponse:
    session = request.session
    if session.get(DEVICE) == device.pk and session_person(session) == visit.user_id:
        # Not login(): it would make the forms of the page behind the lock worthless.
        session.cycle_key()
        session.pop(LOCKED, None)
        session[LAST_SEEN] = clock.now().timestamp()
        if _is_script(request):
            return HttpResponse(status=204, headers={SAME_PERSON: "1"})
        return redirect(safe_next(request) or settings.LOGIN_REDIRECT_URL)
    start_session(request, visit.user, device, started_at=visit.signed_in_at.timestamp())
    session.set_expiry(0)
    target = resolve_url(settings.LOGIN_REDIRECT_URL)
    if _is_script(request):
        return HttpResponse(status=204, headers={"X-Go": target})
    messages.info(request, _("%(name)s is at work on this tablet now.") % {"name": visit.user.name})
    return redirect(target)
