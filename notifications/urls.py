from django.urls import path

from notifications.views import inbox, integrations, outbox, templates

app_name = "notifications"
urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("bell/", inbox.bell, name="bell"),
    path("read-all/", inbox.notice_read_all, name="notice-read-all"),
    path("<int:pk>/read/", inbox.notice_read, name="notice-read"),
    path("<int:pk>/done/", inbox.notice_done, name="notice-done"),
    path("<int:pk>/snooze/", inbox.notice_snooze, name="notice-snooze"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/retry/", outbox.messages_retry, name="outbox-retry-many"),
    path("outbox/<int:pk>/", outbox.message_detail, name="outbox-message"),
    path("outbox/<int:pk>/retry/", outbox.message_retry, name="outbox-retry"),
    path("outbox/<int:pk>/resolve/", outbox.message_resolve, name="outbox-resolve"),
    path("outbox/<int:pk>/cancel/", outbox.message_cancel, name="outbox-cancel"),
    path("integrations/", integrations.integration_list, name="integration-list"),
    path("integrations/new/<slug:provider>/", integrations.integration_new, name="integration-new"),
    path("integrations/<int:pk>/", integrations.integration_edit, name="integration-edit"),
    path("integrations/<int:pk>/test/", integrations.integration_test, name="integration-test"),
    path("integrations/<int:pk>/switch/", integrations.integration_switch, name="integration-switch"),
    path("integrations/<int:pk>/templates/", integrations.template_save, name="integration-template"),
    path(
        "integrations/<int:pk>/templates/<int:template_pk>/remove/",
        integrations.template_remove,
        name="integration-template-remove",
    ),
    path("templates/", templates.template_list, name="template-list"),
    path("templates/save/", templates.template_version_save, name="template-save"),
    path("templates/preview/", templates.template_preview, name="template-preview"),
    path("templates/<slug:code>/end/", templates.template_end, name="template-end"),
    path("channels/stop/", integrations.channel_stop, name="channel-stop"),
    path("channels/<int:pk>/resume/", integrations.channel_resume, name="channel-resume"),
]
