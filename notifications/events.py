"""What happened to an outgoing message, for the apps that wrote it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MessageNotSent:
    """It failed for good, or nobody knows whether it was sent. `subject`: what it was about, "followups.Contact:17"."""

    message_id: int
    subject: str
    state: str
