"""The index of the foreign key: customer_store begins with it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_search_within_the_store")]

    operations = [
        migrations.AlterField(
            model_name="customer",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="customers",
                to="staff.store",
                verbose_name="store",
            ),
        ),
    ]
