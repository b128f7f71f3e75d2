"""accounts, couples, shared evenings; what people wrote is sealed from here on"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SEALED = {
    "thread": ("title",),
    "message": ("text", "reply"),
    "suggested_session": ("asked", "suggestion", "citations"),
    "decision": ("note", "card"),
}
WERE: dict[str, Any] = {
    "title": sa.String(length=120),
    "text": sa.Text(),
    "asked": sa.Text(),
    "note": sa.Text(),
    "reply": sa.JSON(),
    "suggestion": sa.JSON(),
    "citations": sa.JSON(),
    "card": sa.JSON(),
}
MANY = 500


def _moment(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=32), nullable=False)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.add_column(_moment("adult_at", optional=True))
        batch.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=400), nullable=False),
        _id("person_id"),
        sa.Column("hash", sa.String(length=200), nullable=True),
        _moment("created_at"),
        _to("account", "person_id", "person"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
    )
    op.create_table(
        "sign_in",
        sa.Column("digest", sa.String(length=64), nullable=False),
        _id("person_id"),
        sa.Column("kind", sa.String(length=8), nullable=False),
        _moment("expires_at"),
        _moment("created_at"),
        _to("sign_in", "person_id", "person"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in")),
    )
    op.create_table("couple", _id(), _moment("created_at"), sa.PrimaryKeyConstraint("id", name=op.f("pk_couple")))
    op.create_table(
        "member",
        _id(),
        _id("couple_id"),
        _id("person_id"),
        sa.Column("part", sa.String(length=8), nullable=False),
        _moment("left_at", optional=True),
        _moment("created_at"),
        _to("member", "couple_id", "couple"),
        _to("member", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_table(
        "invitation",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        _id("couple_id"),
        _id("owner_id"),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        _moment("expires_at"),
        _moment("used_at", optional=True),
        _moment("created_at"),
        _to("invitation", "couple_id", "couple"),
        _to("invitation", "owner_id", "person"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitation")),
    )
    op.create_table(
        "evening",
        _id(),
        _id("owner_id"),
        _id("couple_id"),
        sa.Column("visibility", sa.String(length=8), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("tonight", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _to("evening", "owner_id", "person"),
        _to("evening", "couple_id", "couple"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evening")),
    )
    op.create_table(
        "plan",
        _id(),
        _id("couple_id"),
        sa.Column("visibility", sa.String(length=8), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        _moment("created_at"),
        _to("plan", "couple_id", "couple"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    for table, column in (
        ("account", "person_id"),
        ("sign_in", "person_id"),
        ("member", "couple_id"),
        ("member", "person_id"),
        ("invitation", "couple_id"),
        ("invitation", "owner_id"),
        ("evening", "couple_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index("ux_evening_owner_day", "evening", ["owner_id", "day"], unique=True)
    op.create_index("ux_plan_couple_day", "plan", ["couple_id", "day"], unique=True)
    for table, columns in SEALED.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.alter_column(
                    column,
                    existing_type=WERE[column],
                    type_=sa.Text(),
                    postgresql_using=f'"{column}"::text',
                )
        _each(table, columns, seal=True)


def downgrade() -> None:
    for table, columns in SEALED.items():
        _each(table, columns, seal=False)
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.alter_column(
                    column,
                    existing_type=sa.Text(),
                    type_=WERE[column],
                    postgresql_using=f'"{column}"::{"json" if isinstance(WERE[column], sa.JSON) else "text"}',
                )
    for table in ("plan", "evening", "invitation", "member", "couple", "sign_in", "account"):
        op.drop_table(table)
    with op.batch_alter_table("person") as batch:
        batch.drop_column("adult_at")
        batch.drop_column("keep_days")


def _each(table: str, columns: tuple[str, ...], *, seal: bool) -> None:
    """Seal or open every value of these columns, some rows at a time."""
    connection = op.get_bind()
    vault = connection.dialect.attune_vault  # type: ignore[attr-defined]  # set by open_store
    change = vault.seal if seal else vault.open
    here = sa.table(table, sa.column("id"), *(sa.column(column) for column in columns))
    last = ""
    while rows := connection.execute(sa.select(here).where(here.c.id > last).order_by(here.c.id).limit(MANY)).all():
        for row in rows:
            values = {
                column: change(getattr(row, column)) if getattr(row, column) else getattr(row, column)
                for column in columns
            }
            connection.execute(sa.update(here).where(here.c.id == row.id).values(values))
        last = rows[-1].id
