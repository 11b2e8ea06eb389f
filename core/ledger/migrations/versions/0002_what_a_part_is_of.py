"""What beside its cells decided an entitlement, and the program a part of a proposal is of

Revision: 0002, after: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entitlement", sa.Column("side", sa.Text(), nullable=True))
    op.add_column("entitlement", sa.Column("steps", sa.Text(), nullable=True))
    op.add_column("proposal_part", sa.Column("program", sa.String(length=63), nullable=True))
    op.create_index("ix_proposal_part_program", "proposal_part", ["program"])
    op.drop_index("ix_entitlement_key", table_name="entitlement")
    op.create_index("ix_entitlement_key", "entitlement", ["book", "program", "beneficiary", "period", "currency", "id"])


def downgrade() -> None:
    op.drop_index("ix_entitlement_key", table_name="entitlement")
    op.create_index("ix_entitlement_key", "entitlement", ["book", "program", "beneficiary", "period", "id"])
    op.drop_index("ix_proposal_part_program", table_name="proposal_part")
    op.drop_column("proposal_part", "program")
    op.drop_column("entitlement", "steps")
    op.drop_column("entitlement", "side")
