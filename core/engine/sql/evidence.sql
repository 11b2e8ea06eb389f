-- The lines behind the cells of one group, as they stand now: a superseded version and its negation cancel out.
SELECT
    m.document,
    m.line,
    m.span,
    CAST(SUM({measure}) AS BIGINT) AS measure,
    CAST(SUM(m.net) AS BIGINT) AS net,
    m.tax
FROM matched AS m
WHERE m.account = $account AND m.period = $period {known}
GROUP BY ALL
HAVING SUM(m.sign) > 0
ORDER BY ALL
