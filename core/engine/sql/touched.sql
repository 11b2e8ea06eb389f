-- The groups that batches after a given one have lines in, and every group of the accounts named.
SELECT DISTINCT m.beneficiary, m.period
FROM matched AS m
WHERE m.batch > $since OR {named}
