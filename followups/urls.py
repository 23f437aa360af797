from django.urls import path

from followups import views

app_name = "followups"
urlpatterns = [
    path("opportunities/<int:opportunity_pk>/contact/", views.contact_log, name="contact-log"),
    path("opportunities/<int:opportunity_pk>/message/", views.message_send, name="message-send"),
    path("<int:pk>/reschedule/", views.followup_reschedule, name="followup-reschedule"),
    path("contacts/<int:pk>/undo/", views.contact_undo, name="contact-undo"),
    path("rules/", views.rule_list, name="rule-list"),
    path("rules/draft/", views.version_draft, name="version-draft"),
    path("rules/<int:pk>/change/", views.rule_change, name="rule-change"),
    path("rules/<int:pk>/restore/", views.rule_restore, name="rule-restore"),
    path("rules/versions/<int:pk>/", views.version_change, name="version-change"),
    path("rules/versions/<int:pk>/numbers/", views.policy_change, name="policy-change"),
    path("rules/versions/<int:pk>/compare/", views.version_compare, name="version-compare"),
    path("rules/versions/<int:pk>/submit/", views.version_submit, name="version-submit"),
    path("rules/versions/<int:pk>/recall/", views.version_recall, name="version-recall"),
    path("rules/versions/<int:pk>/discard/", views.version_discard, name="version-discard"),
    path("rules/versions/<int:pk>/read/", views.version_read, name="version-read"),
]
