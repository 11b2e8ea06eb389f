-- The groups that batches after a given one have lines in, and every group of the accounts named.
SELECT DISTINCT m.account, m.period
FROM matched AS m
WHERE m.batch > $since OR m.account IN (SELECT n.account FROM named AS n)
