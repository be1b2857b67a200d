"""The bill of rows of system.billing.usage, computed by DuckDB: a second implementation, in SQL and whole numbers.

billing_usage.py PRICES.csv USAGE.csv...  ->  lines `team,sku_name,rows,micro-DBU,cost in 10^-9`, sorted

A row counts as used evenly. It costs sum(quantity x price x seconds at that price) / seconds of the row, rounded once, half to even,
to 10^-9. Rows told twice are one. Quantities have 6 decimals, prices 4.
"""
import sys
import duckdb

db = duckdb.connect()
db.execute("SET threads = 1")
db.execute(
    "CREATE TABLE price AS SELECT sku_name, from_ts::BIGINT AS from_ts, to_ts::BIGINT AS to_ts, price_e4::HUGEINT AS price"
    " FROM read_csv(?, header = true, all_varchar = true)",
    [sys.argv[1]],
)
db.execute(
    "CREATE TABLE usage AS SELECT DISTINCT record_id, sku_name, json_extract_string(custom_tags, '$.team') AS team,"
    " epoch(usage_start_time::TIMESTAMP)::BIGINT AS from_ts, epoch(usage_end_time::TIMESTAMP)::BIGINT AS to_ts,"
    " (usage_quantity::DECIMAL(20, 6) * 1000000)::HUGEINT AS micro"
    " FROM read_csv(?, header = true, all_varchar = true)",
    [sys.argv[2:]],
)
# Numerator: micro-DBU x 10^-4 money x seconds; times 10^9 / (10^6 x 10^4), over the seconds of the row: a tenth.
print(
    "\n".join(
        ",".join(map(str, line))
        for line in db.execute(
            """
            WITH whole AS (
                SELECT u.record_id, u.sku_name, u.team, any_value(u.micro) AS micro,
                       sum(u.micro * p.price * (least(u.to_ts, p.to_ts) - greatest(u.from_ts, p.from_ts)))::HUGEINT AS n,
                       (any_value(u.to_ts - u.from_ts) * 10)::HUGEINT AS d
                FROM usage u JOIN price p ON p.sku_name = u.sku_name AND p.from_ts < u.to_ts AND p.to_ts > u.from_ts
                GROUP BY u.record_id, u.sku_name, u.team
            ), split AS (
                SELECT *, abs(n) // d AS q, abs(n) % d AS r FROM whole
            )
            SELECT team, sku_name, count(*), sum(micro)::HUGEINT,
                   sum(sign(n) * (q + CASE WHEN 2 * r > d OR (2 * r = d AND q % 2 = 1) THEN 1 ELSE 0 END))::HUGEINT
            FROM split GROUP BY team, sku_name ORDER BY team, sku_name
            """
        ).fetchall()
    )
)
