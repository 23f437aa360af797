from django.urls import path

from workbench.views import changes, detail, lists, people, search, today

app_name = "workbench"
urlpatterns = [
    path("", today.home, name="home"),
    path("today/", today.today, name="today"),
    path("today/callbacks/", today.today_callbacks, name="today-callbacks"),
    path("today/news/", today.today_news, name="today-news"),
    path("search/", search.search_view, name="search"),
    path("customers/", lists.opportunity_list, name="opportunity-list"),
    path("customers/assign/", lists.opportunity_assign_many, name="opportunity-assign-many"),
    path("opportunities/<int:pk>/", detail.opportunity_detail, name="opportunity-detail"),
    path("opportunities/<int:pk>/timeline/", detail.opportunity_timeline, name="opportunity-timeline"),
    path("opportunities/<int:pk>/note/", changes.opportunity_note, name="opportunity-note"),
    path("opportunities/<int:pk>/facts/", changes.opportunity_facts, name="opportunity-facts"),
    path("opportunities/<int:pk>/assign/", changes.opportunity_assign_view, name="opportunity-assign"),
    path("opportunities/<int:pk>/level/", changes.opportunity_level, name="opportunity-level"),
    path("opportunities/<int:pk>/level/decide/", changes.opportunity_level_decide, name="opportunity-level-decide"),
    path("opportunities/<int:pk>/close/", changes.opportunity_close, name="opportunity-close"),
    path("opportunities/<int:pk>/close/decide/", changes.opportunity_close_decide, name="opportunity-close-decide"),
    path("opportunities/<int:pk>/phone/", people.opportunity_phone, name="phone-reveal"),
    path("opportunities/<int:pk>/phones/new/", people.opportunity_phone_add, name="phone-add"),
    path("opportunities/<int:pk>/profile/", people.opportunity_profile, name="opportunity-profile"),
    path("opportunities/<int:pk>/contactable/", people.opportunity_contactable, name="opportunity-contactable"),
]
