from django.urls import path

from leads.views import imports, register

app_name = "leads"
urlpatterns = [
    path("new/", register.lead_register_view, name="lead-register"),
    path("lookup/", register.lead_lookup, name="lead-lookup"),
    path("<int:pk>/", register.lead_registered, name="lead-registered"),
    path("imports/", imports.import_list, name="import-list"),
    path("imports/upload/", imports.import_upload_view, name="import-upload"),
    path("imports/<int:pk>/mapping/", imports.import_mapping, name="import-mapping"),
    path("imports/<int:pk>/check/", imports.import_check, name="import-check"),
    path("imports/<int:pk>/rows/<int:row_no>/", imports.import_row, name="import-row"),
    path("imports/<int:pk>/confirm/", imports.import_confirm_view, name="import-confirm"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import-progress"),
    path("imports/<int:pk>/report/", imports.import_report, name="import-report"),
    path("imports/<int:pk>/undo/", imports.import_undo_view, name="import-undo"),
    path("imports/<int:pk>/discard/", imports.import_discard_view, name="import-discard"),
]
