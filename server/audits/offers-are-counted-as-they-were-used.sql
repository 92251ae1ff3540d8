-- How often a promotion, a code or a customer's share of it says it was used is how many live redemptions stand behind it, and never more than may be.
--
-- Invariant: 35 T
-- Cause: a redemption was written or ended without its counters, or a limit was changed by hand.
-- Look at: the redemptions of the promotion by state, and the orders they are of.

select counter as object, jsonb_build_object('used', used, 'redemptions', redemptions, 'most', uses_max) as detail
  from (select 'promotion ' || uses.promotion_id as counter, uses.used, uses.uses_max,
               (select count(*) from pricing.redemption
                 where redemption.promotion_id = uses.promotion_id and redemption.state <> 'released') as redemptions
          from pricing.promotion_uses as uses
         union all
        select 'code ' || code.id, code.used, code.uses_max,
               (select count(*) from pricing.redemption
                 where redemption.code_id = code.id and redemption.state <> 'released')
          from pricing.promotion_code as code
         where code.uses_max is not null
         union all
        select 'promotion ' || uses.promotion_id || ' of one customer', uses.used, uses.uses_max,
               (select count(*) from pricing.redemption
                 where redemption.promotion_id = uses.promotion_id and redemption.customer_key = uses.customer_key
                   and redemption.state <> 'released')
          from pricing.customer_uses as uses) as counted
 where used <> redemptions or used > uses_max
