"""Finding a customer: the command palette, and the same as a page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.decorators import rate_limited
from core.requests import Request
from staff.policies import can_register_leads
from workbench.selectors.search import PAGE_LIMIT, PALETTE_LIMIT, search, search_text


@login_required
@require_GET
@rate_limited("search")
def search_view(request: Request) -> HttpResponse:
    text = search_text(request.GET.get("q", ""))
    found = search(request.user, text, limit=PALETTE_LIMIT if request.htmx else PAGE_LIMIT) if text else []
    digits = "".join(char for char in text if char.isdecimal())
    context = {
        "text": text,
        "found": found,
        "can_register": can_register_leads(request.user),
        "new_phone": digits if len(digits) >= 7 else "",
        "new_name": "" if digits else text,
        "is_cut": len(found) >= PAGE_LIMIT,
        "active": "customers",
    }
    return render(request, "workbench/_search.html" if request.htmx else "workbench/customer_search.html", context)
