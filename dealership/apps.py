from django.contrib.admin.apps import AdminConfig


class SupportConfig(AdminConfig):
    default_site = "dealership.support.SupportSite"
    default = False
