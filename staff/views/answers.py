"""What several pages of the app answer with."""

import segno
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest) -> str:
    """The address that `next` names when it is a page of ours, else ""."""
    target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=hosts, require_https=request.is_secure())
    return target if is_ours and target.startswith("/") and target.isprintable() else ""


def square(text: str) -> dict[str, str | int]:
    """A QR code as one path of unit cells and its size in cells; drawn by staff/_square.html."""
    matrix = segno.make(text, error="m").matrix
    cells = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, cell in enumerate(row) if cell)
    return {"path": "".join(cells), "size": len(matrix)}
