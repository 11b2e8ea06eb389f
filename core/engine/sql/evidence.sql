-- The lines behind the cells of one group, as they stand now: a superseded version and its negation cancel out.
SELECT
    m.document,
    m.line,
    m.span,
    m.day,
    m.account,
    m.item,
    m.tax,
    {level} AS level,
    {more}
    CAST(SUM({measure}) AS BIGINT) AS measure,
    CAST(SUM(m.net) AS BIGINT) AS net
FROM matched AS m
{joins}
WHERE m.beneficiary = $account AND m.period = $period {known}
GROUP BY ALL
HAVING SUM(m.sign) > 0
ORDER BY ALL
