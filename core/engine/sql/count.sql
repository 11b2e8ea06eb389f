-- The cells, in the order of their groups.
SELECT
    m.account,
    m.span,
    m.tax,
    {level} AS level,
    {document} AS document,
    {line} AS line,
    CAST(SUM({measure}) AS BIGINT) AS measure,
    CAST(SUM(m.net) AS BIGINT) AS net,
    CAST(SUM({unknown}) AS BIGINT) AS unknown,
    CAST(SUM(m.sign) AS BIGINT) AS lines
FROM matched AS m
{standing}
{touched}
{known}
GROUP BY ALL
ORDER BY ALL
