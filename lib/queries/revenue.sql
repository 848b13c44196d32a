-- Sales by day and currency, and what of them was given back until the last day, in minor units of the currency. A
-- sale that failed after all was repaired: its money went back, too.
-- Parameters: first and last day.
with ends as (
  select
    orderId,
    type,
    min(occurredAt) as ended_at,
    max(currency) as currency,
    max(amount) as amount
  from events
  where day between ? and ?
    and type in ('order.paid', 'order.failed', 'order.cancelled', 'order.refunded')
  group by orderId, type
),
returned as (
  select orderId
  from ends
  where type <> 'order.paid'
  group by orderId
),
sales as (
  select
    substr(paid.ended_at, 1, 10) as sold_on,
    paid.currency,
    paid.amount,
    case when returned.orderId is null then 0 else paid.amount end as given_back
  from ends as paid
  left join returned on returned.orderId = paid.orderId
  where paid.type = 'order.paid'
)
select
  sold_on,
  currency,
  count(*) as orders,
  cast(sum(amount) as bigint) as gross,
  cast(sum(given_back) as bigint) as given_back,
  cast(sum(amount - given_back) as bigint) as net
from sales
group by sold_on, currency
order by sold_on, currency
