from django.urls import path

from customers import views

app_name = "customers"
urlpatterns = [
    path("channels/", views.channel_list, name="channel-list"),
    path("channels/new/", views.channel_new, name="channel-new"),
    path("channels/<int:pk>/", views.channel_edit, name="channel-edit"),
]
