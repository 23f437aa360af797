"""The sheets in which callbacks are worked: record a contact, send the message, move a callback, take back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.answers import refused, saved
from core.errors import DomainError
from core.forms import new_key, report_errors
from core.requests import Request, is_fragment
from core.templatetags.ui import day
from core.text import sms_parts, whole_number
from followups import services
from followups.enums import ContactOutcome
from followups.forms import (
    ContactForm,
    MessageForm,
    RescheduleForm,
    channel_cards,
    level_cards,
    outcome_cards,
    save_words,
)
from followups.models import FollowUp
from followups.selectors import (
    followups_visible_to,
    message_choices,
    message_promise,
    mobile_of,
    own_contacts,
    rule_book,
)
from followups.services.planning import latest_moment
from followups.services.proposals import contact_sheet, quick_picks
from opportunities.models import Opportunity
from opportunities.policies import is_concerned
from opportunities.selectors import opportunities_visible_to
from opportunities.stages import Outcome
from staff.policies import ensure

USER_AGENT_LENGTH = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def contact_log(request: Request, opportunity_pk: int) -> HttpResponse:
    """Channel, outcome, one sentence: three taps, and the next callback is planned in the same step."""
    form = ContactForm(request.POST) if request.method == "POST" else ContactForm(initial={"key": new_key()})
    if form.is_bound and form.is_valid():
        with report_errors(form), _hidden_is_missing(request, opportunity_pk):
            result = services.contact_record(
                opportunity_id=opportunity_pk,
                entry=form.entry(evidence=_evidence(request)),
                by=request.user,
                idempotency_key=form.cleaned_data["key"],
                follow_up_id=_task(request),
            )
            return _recorded(request, result)
    return _contact_sheet(request, _opportunity(request, opportunity_pk), form)


def _contact_sheet(request: Request, opportunity: Opportunity, form: ContactForm) -> HttpResponse:
    try:
        sheet = contact_sheet(opportunity=opportunity, by=request.user, follow_up_id=_task(request))
    except DomainError as error:  # no rules are in force: an administrator has to mend that first
        return _refused(request, opportunity.pk, title=_("Not possible now"), text=error.text)
    outcomes, levels = outcome_cards(sheet), level_cards(sheet)
    chosen = next((card for card in outcomes if card["value"] == form["outcome"].value()), outcomes[0])
    message = sheet.message
    context = {
        "opportunity": opportunity,
        "follow_up": sheet.follow_up,
        "channels": channel_cards(),
        "outcomes": outcomes,
        "levels": levels,
        "proposal": chosen["proposal"],
        "save_label": save_words(str(chosen["save"]), chosen["proposal"].at),
        "today": clock.today(),
        "message_url": _address("followups:message-send", opportunity.pk, message.pk if message else None),
        "action": _address("followups:contact-log", opportunity.pk, _task(request)),
    }
    return _sheet(request, "followups/contact_log.html", context, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_send(request: Request, opportunity_pk: int) -> HttpResponse:
    """The message of the day: sent by the system, or from the own phone and then noted here (R-077)."""
    opportunity = _opportunity(request, opportunity_pk)
    choices = message_choices(opportunity=opportunity, by=request.user)
    chosen = next((row for row in choices if row.template.code == request.GET.get("template")), None)
    first = chosen or (choices[0] if choices and "template" not in request.GET else None)
    text = first.text if first else ""
    initial = {"key": new_key(), "body": text}
    form = MessageForm(request.POST) if request.method == "POST" else MessageForm(initial=initial)
    if form.is_bound and form.is_valid():
        with report_errors(form):
            result = services.message_send(
                opportunity_id=opportunity.pk,
                body=form.cleaned_data["body"],
                is_by_system=form.cleaned_data["how"] == "system",
                by=request.user,
                idempotency_key=form.cleaned_data["key"],
                follow_up_id=message_promise(opportunity_id=opportunity.pk, follow_up_id=_task(request)),
            )
            return _recorded(request, result)
    return _message_sheet(request, opportunity, form, choices=choices, first=first)


def _message_sheet(request: Request, opportunity: Opportunity, form: MessageForm, **context: Any) -> HttpResponse:
    try:
        sheet = contact_sheet(opportunity=opportunity, by=request.user)
    except DomainError as error:
        return _refused(request, opportunity.pk, title=_("Not possible now"), text=error.text)
    body = str(form["body"].value() or "")
    message = sheet.message
    context |= {
        "opportunity": opportunity,
        "follow_up": message or sheet.follow_up,
        "message": message,
        "next_call": sheet.next_call,
        "proposal": sheet.by_outcome[ContactOutcome.SENT],
        "has_mobile": bool(mobile_of(opportunity.customer_id)),
        "length": len(body),
        "parts": sms_parts(body),
        "action": _address("followups:message-send", opportunity.pk, message.pk if message else None),
    }
    return _sheet(request, "followups/message_send.html", context, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def followup_reschedule(request: Request, pk: int) -> HttpResponse:
    """Move a callback, with a reason and within the limits of the policy."""
    follow_up = get_object_or_404(followups_visible_to(request.user), pk=pk)
    ensure(is_concerned(request.user, follow_up.opportunity))
    form = RescheduleForm(request.POST) if request.method == "POST" else RescheduleForm()
    if form.is_bound and form.is_valid():
        with report_errors(form):
            moved = services.followup_reschedule(
                followup_id=follow_up.pk,
                due_at=form.cleaned_data["due_at"],
                reason=form.reason_text,
                by=request.user,
            )
            return _saved(request, moved.opportunity_id, title=_("Callback moved"), text=_next_words(moved))
    return _reschedule_sheet(request, follow_up, form)


def _reschedule_sheet(request: Request, follow_up: FollowUp, form: RescheduleForm) -> HttpResponse:
    try:
        book = rule_book(store_id=follow_up.store_id, on=clock.today())
    except DomainError as error:
        return _refused(request, follow_up.opportunity_id, title=_("Not possible now"), text=error.text)
    latest = latest_moment(follow_up, now=clock.now(), book=book)
    context = {
        "opportunity": follow_up.opportunity,
        "follow_up": follow_up,
        "picks": quick_picks(store=follow_up.store, now=clock.now(), latest=latest),
        "latest": latest,
        "max_times": book.policy.reschedule_max_times,
        "is_used_up": follow_up.moved_times >= book.policy.reschedule_max_times,
        "action": reverse("followups:followup-reschedule", args=[follow_up.pk]),
    }
    return _sheet(request, "followups/followup_reschedule.html", context, form)


@require_POST
@login_required
def contact_undo(request: Request, pk: int) -> HttpResponse:
    """Take back what was recorded by mistake; the answer says why when it is too late."""
    contact = get_object_or_404(own_contacts(request.user), pk=pk)
    try:
        services.contact_take_back(contact_id=contact.pk, by=request.user)
    except DomainError as error:
        return _refused(request, contact.opportunity_id, title=_("Not taken back"), text=error.text)
    text = _("Everything is as it was before")
    return _saved(request, contact.opportunity_id, title=_("Taken back"), text=text)


# ---- what every sheet of this app needs --------------------------------------------------------------------


def _opportunity(request: Request, pk: int) -> Opportunity:
    """What is not visible does not exist (404); somebody who may only look has no sheet (403)."""
    opportunity = get_object_or_404(opportunities_visible_to(request.user).select_related("store"), pk=pk)
    ensure(is_concerned(request.user, opportunity))
    return opportunity


@contextmanager
def _hidden_is_missing(request: Request, opportunity_pk: int) -> Iterator[None]:
    """The service looks the customer up itself, so a save does not do it twice; what is not visible is a 404."""
    try:
        yield
    except PermissionDenied:
        _opportunity(request, opportunity_pk)
        raise


def _task(request: Request) -> int | None:
    """The callback that the sheet was opened from; anything but a number is none."""
    return whole_number(request.GET.get("task"))


def _address(name: str, opportunity_pk: int, task: int | None) -> str:
    url = reverse(name, args=[opportunity_pk])
    return f"{url}?task={task}" if task else url


def _evidence(request: Request) -> dict[str, Any]:
    """From which page and device an entry was made; who and when are columns of their own."""
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path or request.path
    return {"page": page[:USER_AGENT_LENGTH], "device": request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH]}


def _sheet(request: Request, template: str, context: dict[str, Any], form: Form) -> HttpResponse:
    base = "core/_sheet.html" if is_fragment(request) else "core/sheet_page.html"
    context |= {"form": form, "sheet_base": base, "is_page": not is_fragment(request)}
    return render(request, template, context, status=422 if form.errors else 200)


def _page_of(opportunity_id: int) -> str:
    return reverse("workbench:opportunity-detail", args=[opportunity_id])


def _next_words(follow_up: FollowUp | None) -> str:
    """Next Mon 23 Nov 10:00; nothing when nothing comes next."""
    if follow_up is None:
        return ""
    return _("Next %(day)s %(time)s") % {
        "day": day(follow_up.due_at),
        "time": f"{clock.local(follow_up.due_at):%H:%M}",
    }


def _recorded(request: Request, result: services.ContactResult) -> HttpResponse:
    contact = result.contact
    title = _("Message noted") if contact.outcome == ContactOutcome.SENT else _("Contact recorded")
    words = [_next_words(result.next_up)]
    if result.level == "requested":
        words.append(_("The lower level waits for the supervisor"))
    if proposed := contact.evidence.get("proposed_close"):
        words += [_("Proposed as lost") if proposed == Outcome.LOST else _("Proposed as void")]
    # What was sent by the system cannot be called back.
    undo_url = "" if contact.evidence.get("via") == "system" else reverse("followups:contact-undo", args=[contact.pk])
    text = " · ".join(word for word in words if word)
    return _saved(request, contact.opportunity_id, title=title, text=text, undo_url=undo_url)


def _saved(request: Request, opportunity_id: int, *, title: str, text: str, undo_url: str = "") -> HttpResponse:
    return saved(
        request,
        back=_page_of(opportunity_id),
        title=title,
        text=text,
        event="callback:changed",
        detail={"opportunity": opportunity_id},
        undo_url=undo_url,
    )


def _refused(request: Request, opportunity_id: int, *, title: str, text: str) -> HttpResponse:
    return refused(request, back=_page_of(opportunity_id), title=title, text=text)
