"""All URLs: each app under its own name; a URL without a row in tests/test_access.py fails the suite."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("workbench.urls")),
    path("", include("core.urls")),
    path("", include("operations.urls")),
    path("staff/", include("staff.urls")),
    path("customers/", include("customers.urls")),
    path("notifications/", include("notifications.urls")),
    path("approvals/", include("approvals.urls")),
    path("followups/", include("followups.urls")),
    path("leads/", include("leads.urls")),
    path("privacy/", include("privacy.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler500 = "core.views.server_error"
