-- What each account bought on each day or in each month, for tiers.
SELECT
    m.beneficiary,
    m.{moment} AS moment,
    {more}
    CAST(SUM({measure}) AS BIGINT) AS measure
FROM matched AS m
{joins}
{touched}
WHERE m.tax IN (SELECT c.tax FROM counted_tax AS c) {known}
GROUP BY ALL
ORDER BY ALL
