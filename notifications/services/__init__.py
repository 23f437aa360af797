"""Writing inboxes, and handing messages to the world outside."""

from notifications.services.forgetting import messages_empty, messages_forget
from notifications.services.inbox import notice_create, notice_finish, notice_snooze, notices_done, notices_read
from notifications.services.integrations import (
    IntegrationInput,
    channel_resume,
    channel_stop,
    integration_create,
    integration_switch,
    integration_test,
    integration_update,
    provider_template_remove,
    provider_template_save,
)
from notifications.services.outbox import (
    message_build,
    message_cancel,
    message_queue,
    message_resolve,
    message_retry,
    messages_retry,
)
from notifications.services.publish import event_publish
from notifications.services.sending import outbox_send_next
from notifications.services.templates import template_end, template_save

__all__ = [
    "IntegrationInput",
    "channel_resume",
    "channel_stop",
    "event_publish",
    "integration_create",
    "integration_switch",
    "integration_test",
    "integration_update",
    "message_build",
    "message_cancel",
    "message_queue",
    "message_resolve",
    "message_retry",
    "messages_empty",
    "messages_forget",
    "messages_retry",
    "notice_create",
    "notice_finish",
    "notice_snooze",
    "notices_done",
    "notices_read",
    "outbox_send_next",
    "template_end",
    "template_save",
    "provider_template_remove",
    "provider_template_save",
]
