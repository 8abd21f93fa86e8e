-- What the loaded redemptions count, from the ledger, as reconciliation would find it.
insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
    select tenant_id, promotion_id, subject, owner, measure, window_no, sum(amount - given_back), 1000000000
      from redemption_use where tenant_id = '{tenant}'
     group by tenant_id, promotion_id, subject, owner, measure, window_no
    on conflict (tenant_id, promotion_id, subject, owner, measure, window_no) do update set used = excluded.used;
