-- The buckets of a demand line are zero or more and add up to what was ordered.
--
-- Invariant: 11 C
-- Cause: the check of orders.demand_line was dropped; no code can bring this about while it stands.
-- Look at: \d orders.demand_line for its checks, then the order's events since they were gone.

select 'demandLine ' || id as object,
       jsonb_build_object('ordered', ordered, 'pending', pending, 'allocated', allocated, 'inWork', in_work,
                          'shipped', shipped, 'delivered', delivered, 'lost', lost, 'returned', returned,
                          'cancelled', cancelled) as detail
  from orders.demand_line
 where pending + allocated + in_work + shipped + delivered + lost + returned + cancelled <> ordered
    or least(pending, allocated, in_work, shipped, delivered, lost, returned, cancelled) < 0
