-- How many known users came from a product's page over the cart and an order to a payment. Guests are not in it.
-- Parameters: first and last day.
with actions as (
  select
    userId,
    type,
    occurredAt,
    min(case when type = 'ui.product.viewed' then occurredAt end) over (partition by userId) as first_viewed,
    -- A sale that was given back was ordered no later for that.
    min(
      case when type in ('order.paid', 'order.failed', 'order.cancelled') then occurredAt end
    ) over (partition by userId, orderId) as ended_at
  from events
  where day between ? and ?
    and userId is not null
),
visits as (
  select
    userId,
    first_viewed,
    min(case when type = 'ui.cart.added' and occurredAt >= first_viewed then occurredAt end) as first_added,
    max(ended_at) as last_ordered,
    max(case when type = 'order.paid' then ended_at end) as last_paid
  from actions
  group by userId, first_viewed
),
steps as (
  select 1 as step, 'viewed a product' as name, count(*) as users
  from visits
  where first_viewed is not null
  union all
  select 2, 'filled the cart', count(*)
  from visits
  where first_added is not null
  union all
  select 3, 'ordered', count(*)
  from visits
  where last_ordered >= first_added
  union all
  select 4, 'paid', count(*)
  from visits
  where last_paid >= first_added
)
select
  step,
  name,
  users,
  round(100 * cast(users as double) / nullif(first_value(users) over (order by step), 0), 1) as percent_of_all,
  round(100 * cast(users as double) / nullif(lag(users) over (order by step), 0), 1) as percent_of_step_before
from steps
order by step
