"""Every table that knows a customer is either emptied by an erasure or named here with its reason."""

from django.apps import apps
from django.conf import settings

from customers.models import Customer
from opportunities.models import Opportunity

# Nothing of the person in it, or only what an erasure leaves by intent.
HARMLESS = {
    "customers.Consent": "what was agreed, when and in which words: evidence; the source is emptied",
    "opportunities.JourneyEvent": "words are emptied by the database function",
    "privacy.PrivacyRequest": "how the customer was recognised is emptied",
    "privacy.RetentionItem": "numbers and days",
    "privacy.Erasure": "the evidence itself",
}
EMPTIED = {
    "customers.CustomerPhone", "customers.CustomerIdentity", "opportunities.Opportunity", "opportunities.Ownership",
    "followups.FollowUp",
    "followups.Contact", "leads.Lead",
}  # fmt: skip


def test_every_table_with_a_customer_is_known():
    subjects = {Customer, Opportunity}
    found = set()
    for label in settings.LOCAL_APPS:
        for model in apps.get_app_config(label).get_models():
            is_history = hasattr(model, "pgh_tracked_model")
            if not is_history and any(field.related_model in subjects for field in model._meta.concrete_fields):
                found.add(model._meta.label)

    assert found == EMPTIED | set(HARMLESS)
