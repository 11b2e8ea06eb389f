"""Which record of another system stands for an account of ours

Revision: 0003, after: 0002
"""

import sqlalchemy as sa
from alembic import op

import core.ledger.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_match",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("counterpart", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("candidates", core.ledger.columns.Content(), nullable=False),
        sa.Column("rivals", core.ledger.columns.Content(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('matched', 'ambiguous', 'stale', 'unmatched')", name=op.f("ck_account_match_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_match_account_id")),
        sa.ForeignKeyConstraint(
            ["batch"], ["batch.seq"], name=op.f("fk_account_match_batch"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_match")),
    )
    op.create_index(op.f("ix_account_match_batch"), "account_match", ["batch"], unique=False)
    op.create_index("ix_account_match_key", "account_match", ["target", "account_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("account_match")
