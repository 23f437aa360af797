"""The table of who may open what, and the small world it is tried in. Used by test_access and test_bad_input."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from approvals.models import ApprovalRequest
from core import clock
from core.pinyin import search_keys
from core.private_files import file_store
from core.uploads import CleanFile
from customers.models import AccessReason, Channel
from customers.services import IdentityEntry, identity_save
from followups.services import rule_set_draft
from leads.enums import LeadKind, LeadResult
from leads.models import Lead, LeadImport
from leads.services import import_map, import_upload
from notifications.models import ChannelPause
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import close_request
from privacy.models import PrivacyRequest, RetentionRule, RetentionRun
from privacy.services import request_record
from tests.access_people import PEOPLE_MATRIX, PEOPLE_PARAMETERS
from tests.conftest import NOON, make_people, ship_defaults
from tests.factories import (
    ContactFactory,
    CustomerFactory,
    DeviceFactory,
    IntegrationFactory,
    LeaveFactory,
    NotificationFactory,
    OpportunityFactory,
    OutboundMessageFactory,
    ProviderTemplateFactory,
)
from tests.uploads import picture
from workbench.services import export_build_next, export_request

PEOPLE = [
    "anonymous", "stranger", "receptionist", "finance", "dcc", "colleague", "owner", "supervisor", "manager",
    "general_manager", "administrator",
]  # fmt: skip

# Written by hand from requirements ORG and reliability.md 4.3. `L`: to the sign-in page. 404: not visible, so it does
# not exist. 403: visible, but not for this person. 422: allowed, but the request says nothing useful.
#
# URL                                 method  anon strg rcpt  fin  dcc coll  own  sup  mgr   gm admin
MATRIX = f"""{PEOPLE_MATRIX.rstrip()}
core:healthz                          GET      200  200  200  200  200  200  200  200  200  200  200
                                      POST     405  405  405  405  405  405  405  405  405  405  405
core:healthz-deep                     GET      503  503  503  503  503  503  503  503  503  503  503
                                      POST     405  405  405  405  405  405  405  405  405  405  405
operations:metrics                    GET      404  404  404  404  404  404  404  404  404  404  404
                                      POST     404  404  404  404  404  404  404  404  404  404  404
operations:readyz                     GET      200  200  200  200  200  200  200  200  200  200  200
                                      POST     405  405  405  405  405  405  405  405  405  405  405
staff:login                           GET      200  302  302  302  302  302  302  302  302  302  302
                                      POST     422  302  302  302  302  302  302  302  302  302  302
staff:logout                          GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
staff:login-code                      GET      302  302  302  302  302  302  302  302  302  302  302
                                      POST     302  302  302  302  302  302  302  302  302  302  302
staff:presence                        GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  204  204  204  204  204  204  204  204  204  204
staff:lock                            GET      405  405  405  405  405  405  405  405  405  405  405
                                      POST     302  302  302  302  302  302  302  302  302  302  302
staff:lock-screen                     GET      302  302  302  302  302  302  302  302  302  302  302
                                      POST     405  405  405  405  405  405  405  405  405  405  405
staff:unlock                          GET      405  405  405  405  405  405  405  405  405  405  405
                                      POST     302  302  302  302  302  302  302  302  302  302  302
staff:security                        GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:session-end                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
staff:pin-set                         GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:pin-remove                      GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
staff:second-factor                   GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:second-factor-begin             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
staff:second-factor-off               GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:recovery-codes                  GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:second-factor-reset             GET        L  404  404  404  404  404  404  404  404  404  200
                                      POST       L  404  404  404  404  404  404  404  404  404  422
staff:device-list                     GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:device-new                      GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  403  403  403  403  403  403  403  403  403  422
staff:device-code                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  404  404  404  404  200
staff:device-revoke                   GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  404  404  404  404  302
staff:device-pair                     GET      200  200  200  200  200  200  200  200  200  200  200
                                      POST     422  422  422  422  422  422  422  422  422  422  422
staff:profile                         GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:password-change                 GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:theme                           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:language                        GET      405  405  405  405  405  405  405  405  405  405  405
                                      POST     422  422  422  422  422  422  422  422  422  422  422
staff:leave-list                      GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:leave-new                       GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:leave-cancel                    GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  302  302  302  302
notifications:inbox                   GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:bell                    GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:notice-read-all         GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
notifications:notice-read             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
notifications:notice-done             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
notifications:notice-snooze           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
approvals:inbox                       GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
approvals:request-detail              GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
approvals:request-decide              GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  422  422  422  422  404
approvals:request-withdraw            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  403  403  403  404
notifications:outbox                  GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:outbox-retry-many       GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
notifications:outbox-message          GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:outbox-retry            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
notifications:outbox-resolve          GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:outbox-cancel           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:integration-list        GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:integration-new         GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:integration-edit        GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:integration-test        GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
notifications:integration-switch      GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:integration-template    GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:integration-template-remove GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
notifications:channel-stop            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:channel-resume          GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:contact-log                 GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:message-send                GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:followup-reschedule         GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:contact-undo                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
followups:rule-list                   GET        L  403  403  403  403  403  403  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
followups:rule-change                 GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
followups:rule-restore                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:policy-change               GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
followups:version-draft               GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:version-change              GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
followups:version-compare             GET        L  403  403  403  403  403  403  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
followups:version-submit              GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:version-recall              GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:version-discard             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
followups:version-read                GET        L  200  200  403  200  200  200  200  200  200  200
                                      POST       L  302  302  403  302  302  302  302  302  302  403
customers:channel-list                GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
customers:channel-new                 GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
customers:channel-edit                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:template-list           GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:template-save           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
notifications:template-preview        GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  200
notifications:template-end            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
core:calendar                         GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
core:business-day-set                 GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
core:business-day-clear               GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
core:setting-changes                  GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:home                        GET        L  302  302  302  302  302  302  302  302  302  302
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today                       GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today-callbacks             GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today-news                  GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:search                      GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-list            GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-assign-many     GET        L  403  403  403  403  403  403  200  200  200  403
                                      POST       L  403  403  403  403  403  403  200  200  200  403
workbench:opportunity-detail          GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-timeline        GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-note            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-facts           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-assign          GET        L  404  404  404  404  404  403  200  200  200  404
                                      POST       L  404  404  404  404  404  403  422  422  422  404
workbench:opportunity-level           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-close           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:export-new                  GET        L  200  403  403  200  200  200  200  200  200  403
                                      POST       L  422  403  403  422  422  422  422  422  422  403
workbench:export-list                 GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:export-detail               GET        L  404  404  404  404  404  200  404  404  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:export-download             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  200  404  404  404  404
workbench:phone-reveal                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  200  200  200  200  404
workbench:phone-add                   GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-profile         GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-contactable     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  302  302  302  404
workbench:identity-edit               GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:identity-show               GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:identity-delete             GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:document-new                GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:document-view               GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:document-delete             GET      L  404  404  404  404  404  200  200  200  200  404
                                      POST     L  404  404  404  404  404  422  422  422  422  404
workbench:customer-access             GET      L  404  404  404  404  404  403  403  200  200  404
                                      POST     L  405  405  405  405  405  405  405  405  405  405
workbench:audit-log                   GET      L  403  403  403  403  403  403  403  200  200  200
                                      POST     L  405  405  405  405  405  405  405  405  405  405
leads:lead-register                   GET        L  200  200  403  200  200  200  200  200  403  403
                                      POST       L  422  422  403  422  422  422  422  422  403  403
leads:lead-lookup                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  200  200  403  200  200  200  200  200  403  403
leads:lead-registered                 GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-list                     GET        L  403  403  403  200  403  403  200  200  403  403
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-upload                   GET        L  403  403  403  302  403  403  302  302  403  403
                                      POST       L  403  403  403  422  403  403  422  422  403  403
leads:import-mapping                  GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  404  404  404  422  404  404  404  422  404  404
leads:import-check                    GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-row                      GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
leads:import-confirm                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  422  404  404  404  422  404  404
leads:import-progress                 GET        L  404  404  404  302  404  404  404  302  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-report                   GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-undo                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
leads:import-discard                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
privacy:customer-privacy              GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
privacy:consent-new                   GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  422  422  422  422  404
privacy:consent-end                   GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  422  422  422  422  404
privacy:request-new                   GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
privacy:request-end                   GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  403  403  403  404
privacy:copy-download                 GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  403  403  403  404
privacy:retention-list                GET        L  403  403  403  403  403  403  403  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
privacy:retention-edit                GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  403  403  403  403  403  403  403  403  403  422
privacy:run-detail                    GET        L  403  403  403  403  403  403  403  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
"""

# Numbers of invented people whose check digits are right.
CANARIES = {
    "id_card": "330106198805120015",
    "driving_licence": "330106198805120015",
    "bank_account": "6222021988051200157",
}
LICENCE = {"driving_licence": {"licence_class": "C1", "issued_on": date(2010, 6, 1), "valid_until": date(2030, 6, 1)}}

# What stands in the address of a URL with a number, by the names of its arguments.
PARAMETERS: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "staff:leave-cancel": lambda world: {"pk": world.leave.pk},
    "staff:second-factor-reset": lambda world: {"pk": world.owner.pk},
    "staff:device-code": lambda world: {"pk": world.device.pk},
    "staff:device-revoke": lambda world: {"pk": world.device.pk},
    **PEOPLE_PARAMETERS,
    "notifications:notice-read": lambda world: {"pk": world.notice.pk},
    "notifications:notice-done": lambda world: {"pk": world.notice.pk},
    "notifications:notice-snooze": lambda world: {"pk": world.notice.pk},
    **{
        f"notifications:{name}": lambda world: {"pk": world.message.pk}
        for name in ("outbox-message", "outbox-retry", "outbox-resolve", "outbox-cancel")
    },
    "notifications:integration-new": lambda world: {"provider": "webhook"},
    "notifications:integration-edit": lambda world: {"pk": world.integration.pk},
    "notifications:integration-test": lambda world: {"pk": world.integration.pk},
    "notifications:integration-switch": lambda world: {"pk": world.integration.pk},
    "notifications:integration-template": lambda world: {"pk": world.integration.pk},
    "notifications:integration-template-remove": lambda world: {
        "pk": world.integration.pk,
        "template_pk": world.provider_template.pk,
    },
    "notifications:channel-resume": lambda world: {"pk": world.pause.pk},
    "approvals:request-detail": lambda world: {"pk": world.approval.pk},
    "approvals:request-decide": lambda world: {"pk": world.approval.pk},
    "approvals:request-withdraw": lambda world: {"pk": world.approval.pk},
    "workbench:export-detail": lambda world: {"pk": world.export.pk},
    "workbench:export-download": lambda world: {"pk": world.export.pk},
    "followups:contact-log": lambda world: {"opportunity_pk": world.own.pk},
    "followups:message-send": lambda world: {"opportunity_pk": world.own.pk},
    "followups:followup-reschedule": lambda world: {"pk": world.follow_up.pk},
    "followups:contact-undo": lambda world: {"pk": world.contact.pk},
    "customers:channel-edit": lambda world: {"pk": Channel.objects.order_by("pk")[0].pk},
    "notifications:template-end": lambda world: {"code": "thanks_call"},
    "followups:rule-change": lambda world: {"pk": world.draft.rules.first().pk},
    "followups:rule-restore": lambda world: {"pk": world.draft.rules.first().pk},
    "followups:policy-change": lambda world: {"pk": world.draft.pk},
    "followups:version-change": lambda world: {"pk": world.draft.pk},
    "followups:version-compare": lambda world: {"pk": world.draft.pk},
    "followups:version-submit": lambda world: {"pk": world.draft.pk},
    "followups:version-recall": lambda world: {"pk": world.draft.pk},
    "followups:version-discard": lambda world: {"pk": world.draft.pk},
    "followups:version-read": lambda world: {"pk": world.draft.base_id},
    "workbench:identity-edit": lambda world: {"pk": world.own.pk, "kind": "id_card"},
    "workbench:identity-show": lambda world: {"pk": world.own.pk, "kind": "id_card"},
    "workbench:identity-delete": lambda world: {"pk": world.own.pk, "kind": "id_card"},
    "workbench:document-view": lambda world: {"pk": world.own.pk, "file_id": world.document.pk},
    "workbench:document-delete": lambda world: {"pk": world.own.pk, "file_id": world.document.pk},
    "leads:lead-registered": lambda world: {"pk": world.lead.pk},
    "privacy:customer-privacy": lambda world: {"pk": world.own.customer_id},
    "privacy:consent-new": lambda world: {"pk": world.own.customer_id},
    "privacy:consent-end": lambda world: {"pk": world.own.customer_id},
    "privacy:request-new": lambda world: {"pk": world.own.customer_id},
    "privacy:request-end": lambda world: {"pk": world.privacy_request.pk},
    "privacy:copy-download": lambda world: {"pk": world.privacy_request.pk},
    "customers:reason-end": lambda world: {"pk": AccessReason.objects.exclude(code="contact").order_by("pk")[0].pk},
    "privacy:retention-edit": lambda world: {"data_class": "notices"},
    "privacy:run-detail": lambda world: {"pk": world.retention_run.pk},
    "leads:import-row": lambda world: {"pk": world.lead_import.pk, "row_no": 2},
}


class Row(NamedTuple):
    name: str
    method: str
    expected: dict[str, str]


def rows() -> list[Row]:
    """The table, one row per URL and method; expected: person -> status or "L"."""
    table, name = [], ""
    for line in MATRIX.strip().splitlines():
        words = line.split()
        if ":" in words[0]:
            name = words.pop(0)
        method, *statuses = words
        table.append(Row(name, method, dict(zip(PEOPLE, statuses, strict=True))))
    return table


def url_names() -> set[str]:
    """Every URL of the project but the support pages, whose rule is tried in tests/staff/test_admin.py."""
    return set(_names(get_resolver(), ""))


def _names(resolver: URLResolver, prefix: str) -> list[str]:
    found: list[str] = []
    for part in resolver.url_patterns:
        if isinstance(part, URLPattern):
            found.append(f"{prefix}{part.name}")
        elif part.namespace != "admin":
            found += _names(part, f"{prefix}{part.namespace}:" if part.namespace else prefix)
    return found


def address(name: str, world: SimpleNamespace) -> str:
    if name in PARAMETERS:
        return reverse(name, kwargs=PARAMETERS[name](world))
    try:
        return reverse(name)
    except NoReverseMatch:
        row = world.lead_import if name.startswith("leads:import-") else world.own
        return reverse(name, kwargs={"pk": row.pk})


def make_world() -> SimpleNamespace:
    """Two stores, four customers whose every word is a token nobody else may read, and one thing of each kind."""
    ship_defaults()
    world = make_people()
    world.cases = {}
    for number, (key, owner) in enumerate(
        {"own": world.owner, "rival": world.rival, "free": None, "foreign": world.stranger}.items(), start=1
    ):
        world.cases[key] = _customer_of(world, key, owner, number)
    world.cases["desk"] = _customer_of(world, "desk", world.rival, 5, registered_by=world.dcc)
    world.own = world.cases["own"]
    world.follow_up = world.own.follow_ups.get()
    before = {"last_contact_at": None, "last_note": "", "level": world.own.level}
    world.contact = ContactFactory(
        opportunity=world.own, sentence=token(world, "own", "spoken"), evidence={"before": before}
    )
    world.notice = NotificationFactory(
        recipient=world.owner, data={"customer": token(world, "own", "notice"), "code": "first_callback"}
    )
    _outside(world)
    world.leave = LeaveFactory(user=world.owner, note=token(world, "own", "leave"))
    world.device = DeviceFactory(store=world.store, registered_by=world.administrator)
    world.draft = rule_set_draft(by=world.administrator)
    _papers_of(world)
    world.lead = _lead_of(world, world.own)
    world.lead_import = _import_of(world)
    world.approval = _proposal_of(world)
    world.privacy_request = _wish_of(world)
    world.retention_run = RetentionRun.objects.create(
        rule=RetentionRule.objects.get(data_class="notices"), data_class="notices", local_on=clock.today(), before=NOON
    )
    world.export = export_request(view="all", filters={}, file_format="csv", by=world.owner)
    export_build_next()
    return world


def _wish_of(world: SimpleNamespace) -> PrivacyRequest:
    return request_record(
        customer_id=world.own.customer_id, kind="copy", asked_on=clock.today(), asked_how=token(world, "own", "wish"),
        by=world.owner,
    )  # fmt: skip


def token(world: SimpleNamespace, key: str, what: str) -> str:
    """A word that occurs nowhere else; remembered with whose customer it belongs to."""
    word = f"tk{key}{what}tk"
    world.tokens = getattr(world, "tokens", {})
    world.tokens.setdefault(key, set()).add(word)
    return word


def _customer_of(world: SimpleNamespace, key: str, owner: Any, number: int, **fields: Any) -> Opportunity:
    store = owner.store if owner else world.store
    surname = "金雀"  # found by everybody's search
    name = f"{surname}{token(world, key, 'name')}"
    keys = search_keys(name)
    phone = f"199{number}{number}{number}05550"
    world.tokens[key].add(phone)
    customer = CustomerFactory(
        store=store, name=name, phone=f"+86{phone}", area=token(world, key, "area"),
        pinyin=keys.pinyin[:300], search_terms=list(keys.terms),
    )  # fmt: skip
    opportunity = OpportunityFactory(
        customer=customer, owner=owner, model_text=token(world, key, "model"), last_note=token(world, key, "note"),
        colour=token(world, key, "colour"), **fields,
    )  # fmt: skip
    JourneyEvent.objects.create(
        opportunity=opportunity, customer=customer, store=store, kind=EventKind.NOTE, stage=opportunity.stage,
        actor=owner, owner=owner, occurred_at=NOON, data={"text": token(world, key, "event")},
    )  # fmt: skip
    return opportunity


def _outside(world: SimpleNamespace) -> None:
    """A message to a customer, whose words no administrator reads, and the ways out."""
    world.message = OutboundMessageFactory(
        store=world.store, body=token(world, "own", "message"), addressee=f"customers.Customer:{world.own.customer_id}"
    )
    world.integration = IntegrationFactory(webhook=True, store=world.store, parameters={"url": "https://example.com/"})
    world.provider_template = ProviderTemplateFactory(integration=world.integration)
    world.pause = ChannelPause.objects.create(
        channel="email", store=world.store, reason="test", paused_by=world.administrator
    )


def _papers_of(world: SimpleNamespace) -> None:
    """Numbers and a picture of the own customer; CANARIES never leave unmasked without a logged look."""
    for kind, number in CANARIES.items():
        entry = IdentityEntry(number=number, source="original", **LICENCE.get(kind, {}))
        identity_save(customer_id=world.own.customer_id, kind=kind, entry=entry, by=world.owner)
    clean = CleanFile(picture(320, 200), "image/jpeg", 320, 200)
    world.document = file_store(
        clean=clean, owner_type="customers.Customer", owner_id=world.own.customer_id, kind="id_front",
        purpose="test_drive", by=world.owner,
    )  # fmt: skip


def _lead_of(world: SimpleNamespace, opportunity: Opportunity) -> Lead:
    return Lead.objects.create(
        store=opportunity.store, kind=LeadKind.CALL, result=LeadResult.CREATED, customer=opportunity.customer,
        opportunity=opportunity, phone="+8619911105550", name=opportunity.customer.name, occurred_at=NOON,
        registered_by=world.owner, note=token(world, "own", "lead"),
    )  # fmt: skip


def _proposal_of(world: SimpleNamespace) -> ApprovalRequest:
    """The owner proposes to give up; the explanation is for those who may decide."""
    note = token(world, "own", "reason")
    close_request(opportunity_id=world.own.pk, outcome="lost", reason="price", note=note, by=world.owner)
    world.own.refresh_from_db()
    return ApprovalRequest.objects.get()


def _import_of(world: SimpleNamespace) -> LeadImport:
    """A checked list of one row, by the telesales agent."""
    content = f"姓名,手机\n{token(world, 'list', 'row')},19955505550\n".encode()
    made = import_upload(store_id=world.store.pk, name="list.csv", content=content, by=world.dcc)
    return import_map(import_id=made.pk, mapping={"0": "name", "1": "phone"}, by=world.dcc)


@contextmanager
def open_world() -> Iterator[SimpleNamespace]:
    """The world with its clients, for a fixture of a whole module; at the end nothing of it was ever there."""
    with clock.travel(NOON), transaction.atomic():
        world = make_world()
        world.clients = clients_of(world)
        yield world
        transaction.set_rollback(True)


def ask(
    client: Client, method: str, url: str, data: Any = None, look: Callable[[], None] = lambda: None, **extra: Any
) -> Any:
    """One request whose writes and cookies are forgotten, after a `look` at what it did. Bytes go out as they are."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        if method in ("GET", "POST") and not isinstance(data, bytes):
            response = getattr(client, method.lower())(url, data or {}, **extra)
        else:
            response = client.generic(method, url, data or b"", **extra)
        look()
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def clients_of(world: SimpleNamespace, **options: Any) -> dict[str, Client]:
    """One signed-in client for every column of the table."""
    clients = {}
    for person in PEOPLE:
        clients[person] = Client(raise_request_exception=False, **options)
        if person != "anonymous":
            clients[person].force_login(getattr(world, person))
    return clients
