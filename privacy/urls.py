from django.urls import path

from privacy import views

app_name = "privacy"
urlpatterns = [
    path("customers/<int:pk>/", views.customer_privacy, name="customer-privacy"),
    path("customers/<int:pk>/consents/new/", views.consent_new, name="consent-new"),
    path("customers/<int:pk>/consents/end/", views.consent_end, name="consent-end"),
    path("customers/<int:pk>/requests/new/", views.request_new, name="request-new"),
    path("requests/<int:pk>/withdraw/", views.request_end, name="request-end"),
    path("requests/<int:pk>/copy/", views.copy_download, name="copy-download"),
    path("retention/", views.retention_list, name="retention-list"),
    path("retention/<slug:data_class>/", views.retention_edit, name="retention-edit"),
    path("runs/<int:pk>/", views.run_detail, name="run-detail"),
]
