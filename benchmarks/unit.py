"""The unit U: session and login, one row by its key, a small template."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_GET

from customers.models import Customer


@require_GET
@login_required
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "unit.html", {"customer": get_object_or_404(Customer, pk=pk)})


urlpatterns = [path("unit/<int:pk>/", unit)]
