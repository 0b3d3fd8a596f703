"""Failed sign-ins, counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="LoginBucket",
            fields=[
                ("key", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("level", models.FloatField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "login_buckets"},
        ),
    ]
