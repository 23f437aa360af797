"""Settings: the texts of messages to customers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock, history
from core.forms import report_errors
from core.requests import Request
from core.text import sms_parts
from notifications.forms.templates import TemplateForm
from notifications.selectors import template_example, template_texts
from notifications.services import template_end as end
from notifications.services import template_save
from notifications.services.templates import PLACEHOLDERS, unknown_placeholders
from notifications.views.answers import by_administrator

CHANGES = 5


def _page(request: Request, *, form: TemplateForm | None = None, status: int = 200) -> HttpResponse:
    texts = template_texts(on=clock.today())
    code = form["code"].value() if form else request.GET.get("code", "")
    chosen = next((text for text in texts if text.code == code), None)
    if form is None:
        initial = {"valid_from": clock.today(), "purpose": "service"}
        names = ("code", "name_zh", "name_en", "purpose", "body", "sort_order")
        form = TemplateForm(initial=initial | ({name: getattr(chosen.shown, name) for name in names} if chosen else {}))
    context = {
        "active": "templates",
        "texts": texts,
        "chosen": chosen,
        "form": form,
        "placeholders": PLACEHOLDERS,
        "changes": history.changes(user=request.user, key="templates", limit=CHANGES),
    }
    return render(
        request,
        "notifications/template_list.html",
        context | _example(form["body"].value() or "", request),
        status=status,
    )


def _example(body: str, request: Request) -> dict[str, object]:
    text = template_example(body, by=request.user)
    return {"example": text, "parts": sms_parts(text), "length": len(text), "unknown": unknown_placeholders(body)}


@require_GET
@login_required
@by_administrator
def template_list(request: Request) -> HttpResponse:
    return _page(request)


@require_POST
@login_required
@by_administrator
def template_preview(request: Request) -> HttpResponse:
    """What an invented customer would read, while the text is typed; nothing is saved."""
    body = request.POST.get("body", "")[:2000]
    return render(request, "notifications/_template_example.html", _example(body, request))


@require_POST
@login_required
@by_administrator
def template_version_save(request: Request) -> HttpResponse:
    """A new version from a day on, or a new text."""
    form = TemplateForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            row = template_save(by=request.user, **form.values())
    if not form.is_valid():
        return _page(request, form=form, status=422)
    messages.success(request, _("Saved."))
    response = redirect("notifications:template-list")
    response["Location"] += f"?code={row.code}"
    return response


@require_POST
@login_required
@by_administrator
def template_end(request: Request, code: str) -> HttpResponse:
    end(code=code, by=request.user)
    return redirect("notifications:template-list")
