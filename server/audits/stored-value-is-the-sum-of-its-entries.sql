-- A gift card or store credit is worth what its ledger entries add up to, and has as much reserved; it is never below
-- zero, and never has more reserved than it is worth.
--
-- Invariant: 34 C
-- Cause: a row was changed without an entry, or an entry was written without the row.
-- Look at: payments.value_entry of the account in the order of id; the tender of the first one that does not fit.

select account.kind || ' ' || account.id as object,
       jsonb_build_object('balance', account.balance_minor, 'ofEntries', coalesce(entries.balance, 0),
                          'reserved', account.reserved_minor, 'reservedOfEntries', coalesce(entries.reserved, 0)) as detail
  from payments.value_account as account
  left join (
    select account_id, sum(balance_delta) as balance, sum(reserved_delta) as reserved
      from payments.value_entry group by account_id
  ) as entries on entries.account_id = account.id
 where account.balance_minor <> coalesce(entries.balance, 0)
    or account.reserved_minor <> coalesce(entries.reserved, 0)
    or account.reserved_minor < 0 or account.reserved_minor > account.balance_minor
