"""Every write to customers: who they are, what they agreed to, and the logged look at what is protected."""

from customers.services.access import (
    access_allow,
    access_refused_log,
    identity_reveal,
    phone_lookup_log,
    phone_reveal,
)
from customers.services.channels import channel_add, channel_change
from customers.services.consents import consent_give, consent_withdraw, consents_give_many
from customers.services.customers import (
    EDITABLE_FIELDS,
    NewCustomer,
    PhoneTaken,
    customer_create,
    customer_try_create,
    customer_update,
    customers_create_many,
    do_not_contact_set,
    phone_add,
    phone_taken,
    phones_release,
)
from customers.services.documents import ShownDocument, document_add, document_show, document_shred
from customers.services.forgetting import customer_forget
from customers.services.identities import (
    IdentityEntry,
    IdentityTaken,
    identities_reindex,
    identity_delete,
    identity_index,
    identity_index_is_current,
    identity_save,
)
from customers.services.protection import access_reason_add, access_reason_end, privacy_policy_change
from customers.services.watch import access_watch

__all__ = [
    "channel_add",
    "channel_change",
    "EDITABLE_FIELDS",
    "IdentityEntry",
    "IdentityTaken",
    "NewCustomer",
    "PhoneTaken",
    "ShownDocument",
    "access_allow",
    "access_reason_add",
    "access_reason_end",
    "access_refused_log",
    "access_watch",
    "consent_give",
    "consent_withdraw",
    "consents_give_many",
    "customer_create",
    "customer_try_create",
    "customer_forget",
    "customer_update",
    "customers_create_many",
    "do_not_contact_set",
    "document_add",
    "document_show",
    "document_shred",
    "identities_reindex",
    "identity_delete",
    "identity_index",
    "identity_index_is_current",
    "identity_reveal",
    "identity_save",
    "phone_add",
    "phone_lookup_log",
    "phone_reveal",
    "privacy_policy_change",
    "phone_taken",
    "phones_release",
]
