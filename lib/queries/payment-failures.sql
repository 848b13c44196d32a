-- Orders that failed for their payment, by day and reason, and their share of all checkouts of the day.
-- Parameters: first and last day.
with checkouts as (
  select
    orderId,
    substr(min(occurredAt), 1, 10) as ended_on,
    max(case when type = 'order.failed' then reason end) as reason
  from events
  where day between ? and ?
    and type in ('order.paid', 'order.failed')
  group by orderId
),
totals as (
  select ended_on, count(*) as checkouts
  from checkouts
  group by ended_on
)
select
  checkouts.ended_on,
  checkouts.reason,
  count(*) as orders,
  round(100 * cast(count(*) as double) / totals.checkouts, 1) as percent_of_checkouts
from checkouts
inner join totals on totals.ended_on = checkouts.ended_on
where checkouts.reason in (
  'payment_declined', 'payment_unavailable', 'payment_blocked', 'review_rejected', 'review_timeout'
)
group by checkouts.ended_on, checkouts.reason, totals.checkouts
order by checkouts.ended_on, checkouts.reason
