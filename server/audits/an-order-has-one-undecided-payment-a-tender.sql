-- At most one payment of an order and tender may still turn into money.
--
-- Invariant: 54 C
-- Cause: the index payments.attempt_undecided was dropped.
-- Look at: the attempts at the provider; all but one are to be voided.

select 'order ' || order_id as object,
       jsonb_build_object('tender', tender, 'attempts', jsonb_agg('attempt ' || id order by id)) as detail
  from payments.attempt
 where status in ('pending', 'action_required', 'unknown')
 group by order_id, tender
having count(*) > 1
