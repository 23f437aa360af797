"""What happened around signing in, for administrators."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.client_ip import masked_ip
from core.requests import Request
from staff.forms.security import EventFilterForm
from staff.policies import can_configure, ensure
from staff.selectors.security import security_page, security_people


@login_required
@require_safe
def security_events(request: Request) -> HttpResponse:
    """Narrowed to a kind or a person; the address shows the net, not the machine."""
    ensure(can_configure(request.user))
    form = EventFilterForm(request.GET, security_people(request.user))
    data = form.cleaned_data if form.is_valid() else {}
    kind, person = data.get("kind", ""), data.get("person")
    cursor = request.GET.get("cursor")
    page = security_page(request.user, kind=kind, person_id=person.pk if person else None, cursor=cursor)
    context = {
        "active": "audit",
        "form": form,
        "page": page,
        "lines": [(event, masked_ip(event.ip)) for event in page.items],
        "is_filtered": bool(kind or person),
    }
    return render(request, "staff/security_events.html", context)
