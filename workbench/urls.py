from django.urls import path

from workbench.views import audit, changes, detail, exports, handover, lists, people, privacy, search, today

app_name = "workbench"
urlpatterns = [
    path("", today.home, name="home"),
    path("today/", today.today, name="today"),
    path("today/callbacks/", today.today_callbacks, name="today-callbacks"),
    path("today/news/", today.today_news, name="today-news"),
    path("search/", search.search_view, name="search"),
    path("customers/", lists.opportunity_list, name="opportunity-list"),
    path("customers/export/", exports.export_new, name="export-new"),
    path("exports/", exports.export_list, name="export-list"),
    path("exports/<int:pk>/", exports.export_detail, name="export-detail"),
    path("exports/<int:pk>/download/", exports.export_download, name="export-download"),
    path("customers/assign/", lists.opportunity_assign_many, name="opportunity-assign-many"),
    path("opportunities/<int:pk>/", detail.opportunity_detail, name="opportunity-detail"),
    path("opportunities/<int:pk>/timeline/", detail.opportunity_timeline, name="opportunity-timeline"),
    path("opportunities/<int:pk>/note/", changes.opportunity_note, name="opportunity-note"),
    path("opportunities/<int:pk>/facts/", changes.opportunity_facts, name="opportunity-facts"),
    path("opportunities/<int:pk>/assign/", changes.opportunity_assign_view, name="opportunity-assign"),
    path("opportunities/<int:pk>/level/", changes.opportunity_level, name="opportunity-level"),
    path("opportunities/<int:pk>/close/", changes.opportunity_close, name="opportunity-close"),
    path("opportunities/<int:pk>/phone/", people.opportunity_phone, name="phone-reveal"),
    path("opportunities/<int:pk>/phones/new/", people.opportunity_phone_add, name="phone-add"),
    path("opportunities/<int:pk>/profile/", people.opportunity_profile, name="opportunity-profile"),
    path("opportunities/<int:pk>/contactable/", people.opportunity_contactable, name="opportunity-contactable"),
    path("opportunities/<int:pk>/identities/<slug:kind>/", privacy.identity_edit, name="identity-edit"),
    path("opportunities/<int:pk>/identities/<slug:kind>/show/", privacy.identity_show, name="identity-show"),
    path("opportunities/<int:pk>/identities/<slug:kind>/delete/", privacy.identity_remove, name="identity-delete"),
    path("opportunities/<int:pk>/access/", audit.customer_access, name="customer-access"),
    path("settings/audit/", audit.audit_log, name="audit-log"),
    path("opportunities/<int:pk>/documents/new/", privacy.document_new, name="document-new"),
    path("opportunities/<int:pk>/documents/<int:file_id>/", privacy.document_view, name="document-view"),
    path("opportunities/<int:pk>/documents/<int:file_id>/delete/", privacy.document_remove, name="document-delete"),
    path("people/<int:pk>/handover/", handover.person_handover, name="person-handover"),
]
