-- One redemption by itself, as the service would write it: what a group shares is done for each.
\set customer random(1, :customers)
begin;
set local app.tenant = :'tenant';
select 'T-' || gen_random_uuid() as transaction_id, gen_random_uuid() as redemption_id \gset
insert into redemption_key (tenant_id, transaction_id, redemption_id)
    values (:'tenant', :'transaction_id', :'redemption_id') on conflict do nothing returning transaction_id;
select rules_version, clock_timestamp() from tenant where tenant_id = :'tenant';
select used from limit_counter
 where tenant_id = :'tenant' and promotion_id = :'promotion' and subject = :'subject'
   and owner = case :'subject' when 'customer' then 'C-' || :customer else '' end
   and measure = 'times' and window_no = 0
   for no key update;
insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
    values (:'tenant', :'promotion', :'subject', case :'subject' when 'customer' then 'C-' || :customer else '' end,
            'times', 0, 1, 1000000000)
    on conflict (tenant_id, promotion_id, subject, owner, measure, window_no) do update
       set used = limit_counter.used + 1 where limit_counter.used + 1 <= limit_counter.maximum;
with redeemed as (
    insert into redemption (tenant_id, redemption_id, transaction_id, state, customer_id, evaluated_at, settled_at,
           ruleset_version, body_hash, discount, request, result)
    values (:'tenant', :'redemption_id', :'transaction_id', 'committed', 'C-' || :customer, now(), now(), 1,
            sha256(:'transaction_id'::bytea), 100000, :'request', :'result')),
given as (
    insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times,
           discount, points)
    values (:'tenant', :'redemption_id', :'promotion', 0, now(), 'cart', 1, 100000, 0))
insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no, amount)
    values (:'tenant', :'redemption_id', :'promotion', :'subject',
            case :'subject' when 'customer' then 'C-' || :customer else '' end, 'times', 0, 1);
commit;
