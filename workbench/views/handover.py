"""Handing the customers of somebody who leaves to chosen colleagues: a leader's page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.forms import report_errors
from core.requests import Request
from staff.policies import can_assign, ensure
from staff.selectors.person import burdens_of
from workbench.forms import HandoverForm
from workbench.selectors.handover import handover_choices, handover_people
from workbench.services import customers_hand_over
from workbench.views.answers import saved, status_of


@login_required
@require_http_methods(["GET", "POST"])
def person_handover(request: Request, pk: int) -> HttpResponse:
    """Who carries what, and who takes it; somebody outside one's reach does not exist."""
    ensure(can_assign(request.user))
    person = get_object_or_404(handover_people(request.user), pk=pk)
    choices = handover_choices(person)
    form = HandoverForm(request.POST if request.method == "POST" else None, choices=choices)
    if form.is_valid():
        with report_errors(form):
            number = customers_hand_over(
                from_id=pk, to_ids=form.cleaned_data["people"], reason=form.cleaned_data["reason"], by=request.user
            )
            title = ngettext("%(number)s customer handed over", "%(number)s customers handed over", number)
            back = resolve_url("workbench:person-handover", pk=pk)
            return saved(request, back=back, title=title % {"number": number})
    context = {"form": form, "person": person, "burdens": burdens_of(person), "choices": choices}
    context |= {"action": resolve_url("workbench:person-handover", pk=pk), "active": "people"}
    return render(request, "workbench/person_handover.html", context, status=status_of(form))
