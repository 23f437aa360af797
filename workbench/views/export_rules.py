"""Settings: how many customers may leave as a file, and when a second person decides."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock, history
from core.forms import report_errors
from core.policies import ensure_can_configure
from core.requests import Request
from workbench.forms import ExportRuleForm
from workbench.models import ExportRule
from workbench.selectors.exports import export_rule, export_rule_effect, export_rules_shown
from workbench.services import export_rule_change

CHANGES = 5


def _page(
    request: Request, form: ExportRuleForm | None = None, tried: ExportRule | None = None, status: int = 200
) -> HttpResponse:
    """`tried`: numbers that were typed and not saved; the effect is theirs."""
    current = export_rule()
    context = {
        "active": "export-rules",
        "today": clock.today(),
        "rules": export_rules_shown(),
        "form": form or ExportRuleForm(instance=current, initial={"valid_from": clock.today() + timedelta(days=1)}),
        "effect": export_rule_effect(request.user, tried or current),
        "is_tried": tried is not None,
        "changes": history.changes(user=request.user, key="exports", limit=CHANGES),
    }
    return render(request, "workbench/export_rules.html", context, status=status)


@require_GET
@login_required
def export_rules(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    return _page(request)


@require_POST
@login_required
def export_rule_new(request: Request) -> HttpResponse:
    """With `preview` nothing is saved: the page tells what the numbers would have done."""
    ensure_can_configure(request.user)
    form = ExportRuleForm(request.POST)
    if form.is_valid() and "preview" in request.POST:
        return _page(request, form, tried=ExportRule(**form.cleaned_data))
    if form.is_valid():
        with report_errors(form):
            export_rule_change(values=form.cleaned_data, by=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    messages.success(request, _("Saved; it counts from the day on that you chose."))
    return redirect("workbench:export-rules")
