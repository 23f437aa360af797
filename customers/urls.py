from django.urls import path

from customers.views import channels, protection

app_name = "customers"
urlpatterns = [
    path("channels/", channels.channel_list, name="channel-list"),
    path("channels/new/", channels.channel_new, name="channel-new"),
    path("channels/<int:pk>/", channels.channel_edit, name="channel-edit"),
    path("protection/", protection.protection, name="protection"),
    path("protection/policy/", protection.policy_new, name="policy-new"),
    path("protection/reasons/", protection.reason_new, name="reason-new"),
    path("protection/reasons/<int:pk>/end/", protection.reason_end, name="reason-end"),
]
