-- Products that came down to their threshold: how often, and what was there at the latest time.
-- Parameters: first and last day.
with crossings as (
  select
    eventId,
    productId,
    min(occurredAt) as since,
    min(available) as available,
    max(threshold) as threshold
  from events
  where day between ? and ?
    and type = 'stock.low'
  group by eventId, productId
),
ranked as (
  select
    productId,
    since,
    available,
    threshold,
    count(*) over (partition by productId) as crossings,
    row_number() over (partition by productId order by since desc) as latest
  from crossings
)
select
  productId as product_id,
  crossings,
  since as latest_since,
  available,
  threshold
from ranked
where latest = 1
order by crossings desc, product_id
