-- A claim of an order stands at a location that its sourcing decision chose among those eligible: part of the stored
-- plan, not among the refused, a node of the network, and on no supply that is ring-fenced for another channel.
--
-- Invariant: 10 K
-- Cause: a claim was moved without a decision, or a plan was made from other candidates than were stored.
-- Look at: GET /v1/admin/orders/:id/sourcing; inventory.stock_entry of the claim for when it came to this row.

select 'claim ' || claim.id as object,
       jsonb_build_object('decision', 'decision ' || claim.decision_id, 'location', location.code,
                          'supply', 'supply ' || claim.supply_id, 'plan', facts -> 'plan') as detail
  from inventory.claim
  left join inventory.supply on supply.id = claim.supply_id
  left join inventory.location on location.id = supply.location_id
  left join sourcing.node on node.location_id = supply.location_id
  left join sourcing.decision on decision.id = claim.decision_id
 where claim.demand_kind = 'demand_line' and (claim.decision_id is not null or claim.live)
   and (decision.id is null or node.location_id is null
        or not jsonb_path_exists(facts, '$.plan[*][1] ? (@ == $code)', jsonb_build_object('code', location.code))
        or jsonb_path_exists(facts, '$.refused.*[*] ? (@ == $code)', jsonb_build_object('code', location.code))
        or supply.channel_id::text <> facts ->> 'channel')
