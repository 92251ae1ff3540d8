-- A unit of a gift card that was sold is one card: as many cards were made of a demand line as units of it were
-- delivered.
--
-- Invariant: 34 K
-- Cause: cards were made without moving their units, or moved without being made.
-- Look at: payments.value_account with the demand line as sold_demand_id; the order's events.

select 'demand ' || card.sold_demand_id as object,
       jsonb_build_object('cards', card.cards, 'units', card.units, 'delivered', line.delivered) as detail
  from (
    select sold_demand_id, count(*) as cards, count(distinct sold_unit) as units
      from payments.value_account where sold_unit is not null group by sold_demand_id
  ) as card
  left join orders.demand_line as line on line.id = card.sold_demand_id
 where card.cards <> card.units or line.id is null
    or card.cards > line.delivered + line.returned
