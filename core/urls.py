from django.urls import path

from core import views

app_name = "core"
urlpatterns = [
    path("healthz/", views.healthz, name="healthz"),
    path("healthz/deep", views.healthz_deep, name="healthz-deep"),
    path("csp-report/", views.csp_report, name="csp-report"),
    path("settings/calendar/", views.calendar, name="calendar"),
    path("settings/calendar/set/", views.business_day_set, name="business-day-set"),
    path("settings/calendar/clear/", views.business_day_clear, name="business-day-clear"),
    path("settings/changes/", views.setting_changes, name="setting-changes"),
]
