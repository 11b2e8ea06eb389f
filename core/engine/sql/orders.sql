-- The invoices of each account on each day or in each month, for tiers.
SELECT
    o.beneficiary,
    o.moment,
    CAST(SUM(1) AS BIGINT) AS measure
FROM (
    SELECT m.beneficiary, m.{moment} AS moment, m.document
    FROM matched AS m
    {touched}
    WHERE m.tax IN (SELECT c.tax FROM counted_tax AS c) {known}
    GROUP BY ALL
    HAVING SUM(m.sign) > 0
) AS o
GROUP BY ALL
ORDER BY ALL
