"""Settings: the versions of the callback rules (design 30), and the page on which they are read and confirmed."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.errors import Conflict, DomainError
from core.forms import report_errors
from core.requests import Request
from followups import services
from followups.forms import PolicyForm, RuleForm, VersionForm
from followups.models import FollowUpRule, FollowUpRuleSet
from followups.policies import can_edit_rules, can_read_rules, is_concerned
from followups.selectors import (
    differences,
    read_at,
    readers_of,
    rule_key,
    rules_of_versions,
    table,
    version_in_force,
    versions,
    versions_published,
)
from followups.views.rule_page import rule_page
from staff.policies import can_configure, ensure

PAGE = "followups/rule_list.html"


@require_GET
@login_required
def rule_list(request: Request) -> HttpResponse:
    ensure(can_read_rules(request.user))
    return render(request, PAGE, rule_page(request))


def _back(rule_set: FollowUpRuleSet, rule: FollowUpRule | None = None, *, card: str = "") -> HttpResponse:
    query = {"v": rule_set.number} | ({"rule": rule_key(rule)} if rule else {}) | ({"rule": card} if card else {})
    return redirect(f"{reverse('followups:rule-list')}?{urlencode(query)}")


@require_POST
@login_required
def version_draft(request: Request) -> HttpResponse:
    """Begin a draft, or open the one there is."""
    ensure(can_configure(request.user))
    return _back(services.rule_set_draft(by=request.user))


@require_POST
@login_required
def rule_change(request: Request, pk: int) -> HttpResponse:
    """Saves by itself: every change of an input arrives here."""
    ensure(can_configure(request.user))
    rule = get_object_or_404(rules_of_versions(), pk=pk)
    form = RuleForm(request.POST)
    if form.is_valid():
        try:
            with report_errors(form):
                services.rule_change(
                    rule_id=pk, revision=form.cleaned_data["revision"], values=form.values(), by=request.user
                )
        except Conflict as error:
            messages.warning(request, error.text)
            return _back(rule.rule_set, rule)
    if form.is_valid():
        return _back(rule.rule_set, rule)
    return render(request, PAGE, rule_page(request, rule=rule, form=form), status=422)


@require_POST
@login_required
def rule_restore(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    rule = get_object_or_404(rules_of_versions(), pk=pk)
    _told(request, lambda: services.rule_restore(rule_id=pk, by=request.user))
    return _back(rule.rule_set, rule)


@require_POST
@login_required
def policy_change(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    rule_set = get_object_or_404(versions(), pk=pk)
    form = PolicyForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            services.policy_change(
                rule_set_id=pk,
                revision=form.cleaned_data.pop("revision"),
                values=form.cleaned_data,
                by=request.user,
            )
    if form.is_valid():
        return _back(rule_set, card="numbers")
    return render(request, PAGE, rule_page(request, rule_set=rule_set, policy_form=form), status=422)


@require_POST
@login_required
def version_change(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    rule_set = get_object_or_404(versions(), pk=pk)
    form = VersionForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            services.rule_set_change(rule_set_id=pk, values=form.cleaned_data, by=request.user)
    if form.is_valid():
        return _back(rule_set, card=request.POST.get("rule", ""))
    return render(request, PAGE, rule_page(request, rule_set=rule_set, version_form=form), status=422)


def _told(request: Request, action: Any) -> bool:
    """Do it, or say why it was refused; a button has no input to stand next to."""
    try:
        action()
    except DomainError as error:
        messages.error(request, error.text)
        return False
    return True


@require_POST
@login_required
def version_submit(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    rule_set = get_object_or_404(versions(), pk=pk)
    if _told(request, lambda: services.rule_set_submit(rule_set_id=pk, by=request.user)):
        messages.success(request, _("Asked the managers for approval."))
    return _back(rule_set)


@require_POST
@login_required
def version_recall(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    rule_set = get_object_or_404(versions(), pk=pk)
    _told(request, lambda: services.rule_set_recall(rule_set_id=pk, by=request.user))
    return _back(rule_set)


@require_POST
@login_required
def version_discard(request: Request, pk: int) -> HttpResponse:
    ensure(can_configure(request.user))
    get_object_or_404(versions(), pk=pk)
    _told(request, lambda: services.rule_set_discard(rule_set_id=pk, by=request.user))
    return redirect("followups:rule-list")


@require_GET
@login_required
def version_compare(request: Request, pk: int) -> HttpResponse:
    """What the version changes against the one it was made from."""
    ensure(can_read_rules(request.user))
    rule_set = get_object_or_404(versions(), pk=pk)
    context = {
        "active": "rules",
        "rule_set": rule_set,
        "differences": differences(rule_set),
        "can_edit": can_edit_rules(request.user, rule_set),
    }
    return render(request, "followups/version_compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def version_read(request: Request, pk: int) -> HttpResponse:
    """Everybody concerned reads a published version and confirms it (R-878)."""
    ensure(is_concerned(request.user) or can_read_rules(request.user))
    rule_set = get_object_or_404(versions_published(), pk=pk)
    if request.method == "POST":
        services.rule_set_confirm(rule_set_id=pk, by=request.user)
        messages.success(request, _("Thank you: it is recorded that you have read it."))
        return redirect("followups:version-read", pk=pk)
    context = {
        "active": "rules",
        "rule_set": rule_set,
        "groups": table(rule_set.rules.order_by("id"), ()),
        "differences": differences(rule_set),
        "read_at": read_at(rule_set, request.user),
        "may_confirm": is_concerned(request.user),
        "is_in_force": version_in_force(on=clock.today()) == rule_set,
        "read_count": rule_set.readings.count(),
        "reader_count": readers_of(rule_set).count(),
    }
    return render(request, "followups/version_read.html", context)
