CREATE TABLE IF NOT EXISTS {table} (
    document BIGINT NOT NULL,
    line INTEGER NOT NULL,
    account INTEGER NOT NULL,
    item INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    day INTEGER NOT NULL,
    net BIGINT NOT NULL,
    tax_amount BIGINT NOT NULL,
    quantity BIGINT,
    sign TINYINT NOT NULL,
    batch BIGINT NOT NULL
)
