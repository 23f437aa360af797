"""The newest customers of a store come in order, and those whose pinyin begins so."""

from django.db import migrations, models

from core.indexes import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False  # indexes are made beside the work that goes on
    dependencies = [("customers", "0007_channel_history")]

    operations = [
        AddIndexBeside("customer", models.Index(fields=["store", "id"], name="customer_store")),
        AddIndexBeside(
            "customer",
            models.Index(
                fields=["store", "pinyin"], name="customer_pinyin_begin", opclasses=["int8_ops", "varchar_pattern_ops"]
            ),
        ),
    ]
