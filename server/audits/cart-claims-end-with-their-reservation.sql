-- No cart holds goods for longer than 60 s of wall time after its reservation ran out.
--
-- Invariant: 6 K
-- Cause: the sweep that expires quotes does not run, or fails on this one.
-- Look at: whether a process holds the lease `work` in platform.lease; its log for `expire-quotes`.

select 'claim ' || id as object,
       jsonb_build_object('cartLine', 'cartLine ' || demand_id, 'units', quantity,
                          'reservedUntil', reserved_until) as detail
  from inventory.claim
 where live and demand_kind = 'cart_line'
   and (reserved_until is null
        or reserved_until < (select anchor_business + (clock_timestamp() - interval '60 s' - anchor_database) * rate
                               from platform.clock))
