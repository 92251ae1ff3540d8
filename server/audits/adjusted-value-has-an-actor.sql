-- Every gift card that was made by hand and every correction of stored value names its actor in the audit log.
--
-- Invariant: 45 T
-- Cause: an entry was written by something that is not a door of the room.
-- Look at: the entry and what wrote it: only cards that orders sold are made without a person or key.

select account.kind || ' ' || account.id as object,
       jsonb_build_object('entry', entry.id, 'reason', entry.reason, 'amount', entry.balance_delta) as detail
  from payments.value_entry as entry
  join payments.value_account as account on account.id = entry.account_id
 where (entry.reason = 'adjusted' or entry.reason = 'issued' and account.sold_unit is null)
   and not exists (select from platform.audit_entry
                    where audit_entry.detail ->> 'command' = entry.command_id::text
                      and audit_entry.action = account.kind || '.' || entry.reason)
