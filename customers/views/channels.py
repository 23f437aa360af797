"""Settings: the channels that customers come from."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import history
from core.forms import report_errors
from core.policies import ensure_can_configure
from core.requests import Request
from core.text import whole_number
from customers.forms import ChannelForm
from customers.models import Channel
from customers.selectors import channels_with_use
from customers.services import channel_add, channel_change

CHANGES = 5


def _page(
    request: Request, *, chosen: Channel | None = None, form: ChannelForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "active": "dictionaries",
        "channels": channels_with_use(),
        "chosen": chosen,
        "form": form or (ChannelForm.of(chosen) if chosen else ChannelForm()),
        "changes": history.changes(user=request.user, key="channels", limit=CHANGES),
    }
    return render(request, "customers/channel_list.html", context, status=status)


@require_GET
@login_required
def channel_list(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    number = whole_number(request.GET.get("channel"))
    chosen = get_object_or_404(Channel, pk=number) if number is not None else None
    return _page(request, chosen=chosen)


@require_POST
@login_required
def channel_new(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    form = ChannelForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            channel_add(values=form.values(), by=request.user)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    messages.success(request, _("Saved; it counts from now on."))
    return redirect("customers:channel-list")


@require_POST
@login_required
def channel_edit(request: Request, pk: int) -> HttpResponse:
    """Also switches it off: nobody new comes by it, everybody who came keeps it."""
    ensure_can_configure(request.user)
    channel = get_object_or_404(Channel, pk=pk)
    form = ChannelForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            channel_change(channel_id=pk, values=form.values(), by=request.user)
    if not form.is_valid():
        return _page(request, chosen=channel, form=form, status=422)
    messages.success(request, _("Saved; it counts from now on."))
    return redirect("customers:channel-list")
