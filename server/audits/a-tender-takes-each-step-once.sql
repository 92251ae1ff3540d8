-- What an order was paid with of stored value was reserved once with its whole amount, and then posted or released once
-- with the same; its refunds are those of the ledger.
--
-- Invariant: 34 C
-- Cause: the index payments.value_entry_step was dropped, or a tender's status was changed without its entry.
-- Look at: payments.value_entry of the tender in the order of id.

select 'tender ' || tender.id as object,
       jsonb_build_object('order', 'order ' || tender.order_id, 'status', tender.status, 'amount', tender.amount_minor,
                          'reserved', step.reserved, 'posted', step.posted, 'released', step.released,
                          'refunded', step.refunded) as detail
  from payments.value_tender as tender
  left join (
    select tender_id,
           coalesce(sum(reserved_delta) filter (where reason = 'reserved'), 0) as reserved,
           coalesce(-sum(balance_delta) filter (where reason = 'posted'), 0) as posted,
           coalesce(-sum(reserved_delta) filter (where reason = 'released'), 0) as released,
           coalesce(sum(balance_delta) filter (where reason = 'refunded'), 0) as refunded
      from payments.value_entry where tender_id is not null group by tender_id
  ) as step on step.tender_id = tender.id
 where step.tender_id is null
    or step.reserved <> tender.amount_minor
    or step.posted <> case tender.status when 'posted' then tender.amount_minor else 0 end
    or step.released <> case tender.status when 'released' then tender.amount_minor else 0 end
    or step.refunded <> tender.refunded_minor
